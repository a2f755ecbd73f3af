"""The newest results of a PC, remembered and brought up to date instead of searched for again.

A list of one PC among a thousand walks fifty thousand entries of an index, and while results arrive no kept
answer lasts. But what was found stays true below the oldest moment at which a row has come since: from there
on the index is read again, and nothing else. Whoever writes rows says how old they are (`grown`); what
changes rows in another way makes all of it void (`void`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from kanade_host.plugin import Context, Tx

WORDS = 2_000
"""Lists that are remembered, each with its row numbers and moments: about a kilobyte."""
MOST = 200
_STEPS = 10_000
_EVERYTHING = ""


class Growth:
    """At which moments rows have come, in the order of their commits. On the event loop.

    Kept so that the oldest moment since any step is found at once: a moment that a later one is not older
    than is of no use any more. It is the process's own, so several hosts in one only read too much.
    """

    def __init__(self) -> None:
        self.step = 0
        self._steps: list[int] = []
        self._lows: list[str] = []

    def note(self, low: str) -> None:
        """Rows have come, the oldest of them at `low`."""
        self.step += 1
        while self._lows and self._lows[-1] >= low:
            self._lows.pop()
            self._steps.pop()
        self._lows.append(low)
        self._steps.append(self.step)
        if len(self._lows) > _STEPS:
            # The two oldest become one: who has not asked since then looks from an older moment than needed.
            del self._lows[1], self._steps[0]

    def since(self, step: int) -> str | None:
        """The oldest moment at which a row has come after that step; None: none has."""
        place = bisect_right(self._steps, step)
        return self._lows[place] if place < len(self._lows) else None


GROWTH = Growth()


def grown(tx: Tx, low: str) -> None:
    """This transaction writes rows, the oldest recorded at `low` (as stored)."""
    tx.after_commit(lambda: GROWTH.note(low))


def void(tx: Tx) -> None:
    """This transaction deletes or moves rows that lists may show."""
    grown(tx, _EVERYTHING)


@dataclass(slots=True)
class Held:
    """What a search found: row numbers and when they were recorded, newest first, as of `step`."""

    step: int
    numbers: array[int]
    moments: list[str]


class Recent:
    """The lists of one host, the least recently used of which goes."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, int], Held] = OrderedDict()
        self._texts: dict[str, str] = {}

    def begin(self, word: str, limit: int) -> tuple[str | None, Held | None, int]:
        """From which moment on the index has to be read (None: not at all), what is held, and the step."""
        step, held = GROWTH.step, self._held.get((word, limit))
        if held is None:
            return _EVERYTHING, None, step
        self._held.move_to_end((word, limit))
        return GROWTH.since(held.step), held, step

    def complete(
        self,
        word: str,
        limit: int,
        low: str | None,
        held: Held | None,
        step: int,
        found: list[tuple[int, str]],
    ) -> list[int]:
        """The whole list: what was found from `low` on, and what is older of what was held."""
        if held is not None:
            older = zip(held.numbers, held.moments)
            found = [*found, *(one for one in older if low is None or one[1] < low)][:limit]
        if limit <= MOST:
            self._keep((word, limit), Held(step, array("q", (n for n, _ in found)), self._shared(found)))
        return [number for number, _ in found]

    def _keep(self, key: tuple[str, int], held: Held) -> None:
        self._held[key] = held
        self._held.move_to_end(key)
        while len(self._held) > WORDS:
            self._held.popitem(last=False)

    def _shared(self, found: list[tuple[int, str]]) -> list[str]:
        """Many rows are of one second: its text is there once."""
        if len(self._texts) > 100_000:
            self._texts.clear()
        return [self._texts.setdefault(text, text) for _, text in found]


_OF_HOST: WeakKeyDictionary[Context, Recent] = WeakKeyDictionary()


def recent_of(ctx: Context) -> Recent:
    """Those of the host that this context belongs to."""
    found = _OF_HOST.get(ctx)
    if found is None:
        found = _OF_HOST[ctx] = Recent()
    return found
