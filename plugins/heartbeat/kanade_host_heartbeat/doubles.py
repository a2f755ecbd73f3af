"""Two PCs under one id: an image that was cloned with its pc_id, or a name that was given twice.

Their heartbeats alternate. Either what they say of themselves does (host name, operating system, agent
version): A, B, A, B. Or, where clones say the same, the counters do, which only grow while an agent runs:
1000, 50, 1010, 55. A renamed PC or a restarted agent changes once and does not come back.

What is remembered of each PC is in memory: after a restart of the host the signs appear again within a few
beats. Everything is counted in beats, so that it holds for any interval.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kanade_host.plugin import Instant, Message, Tx, encode
from kanade_host_heartbeat.messages import Heartbeat

SHOWN_SECONDS = 3_600
"""How long after the last sign a PC counts as doubled."""
NEAR = 6
"""Beats within which a sender has to come back to count as alternating."""
FORGOTTEN = 40
"""Beats after which earlier signs count no more."""
NAMES, COUNTERS = 2, 3
"""Returns that make a finding. Counters also fall when an agent restarts, so they need one more."""
SOURCES_AT_MOST = 5

CURRENT = "SELECT pc_id FROM heartbeat_doubles WHERE last_at >= ?"

_FOUND = """
INSERT INTO heartbeat_doubles (pc_id, reason, sources, times, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (pc_id) DO UPDATE SET
    reason = excluded.reason, sources = excluded.sources,
    times = times + 1, last_at = excluded.last_at
"""

Source = tuple[str | None, str | None, str]


def current_since(now: Instant) -> str:
    """The parameter of `CURRENT`."""
    since: Instant = now - SHOWN_SECONDS
    return since.stored


@dataclass(slots=True)
class _Seen:
    """What is remembered of one PC. `senders`: beat at which each was last heard, when there are several."""

    source: Source
    counter: int | None
    beat: int = 0
    senders: dict[Source, int] = field(default_factory=dict)
    fell_from: int | None = None
    fell_at: int = 0
    names: int = 0
    counters: int = 0
    last_return: int = 0


class Doubles:
    """Watches the heartbeats of all PCs for senders that alternate."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def watch(self, tx: Tx, message: Message[Heartbeat]) -> None:
        """Look at one beat; write down what it proves."""
        beat = message.body
        source = (beat.hostname, beat.os_family, beat.agent_version)
        seen = self._seen.get(beat.pc_id)
        if seen is None:
            self._seen[beat.pc_id] = _Seen(source, beat.agent_disk_read_bytes)
            return
        reason = _returned(seen, source, beat.agent_disk_read_bytes)
        if reason is not None:
            at = message.meta.time.stored
            sources = encode([_told(one) for one in [*seen.senders] or [source]]).decode()
            tx.execute(_FOUND, (beat.pc_id, reason, sources, seen.names + seen.counters, at, at))
            tx.changed("agents", beat.pc_id)

    def forget(self, pc_id: str) -> None:
        """Begin anew with this PC."""
        self._seen.pop(pc_id, None)


def _returned(seen: _Seen, source: Source, counter: int | None) -> str | None:
    """Take the beat in; the finding, if the sender that came before the last one has come back."""
    seen.beat += 1
    if seen.beat - seen.last_return > FORGOTTEN:
        seen.names = seen.counters = 0
    if source != seen.source:
        if _near(seen, seen.senders.get(source)):
            seen.names += 1
            seen.last_return = seen.beat
        seen.senders[seen.source] = seen.beat - 1
        seen.senders[source] = seen.beat
        if len(seen.senders) > SOURCES_AT_MOST:
            del seen.senders[min(seen.senders, key=lambda one: seen.senders[one])]
        seen.source = source
        if seen.last_return == seen.beat and seen.names >= NAMES:
            return "names"
    if counter is not None and _counter_returned(seen, counter) and seen.counters >= COUNTERS:
        return "counters"
    return None


def _counter_returned(seen: _Seen, counter: int) -> bool:
    """Whether the counter went on where it was before it fell."""
    before, seen.counter = seen.counter, counter
    if before is None:
        return False
    if counter < before:
        seen.fell_from, seen.fell_at = before, seen.beat
        return False
    if seen.fell_from is None or counter < seen.fell_from:
        return False
    near = _near(seen, seen.fell_at)
    seen.fell_from = None
    if near:
        seen.counters += 1
        seen.last_return = seen.beat
    return near


def _near(seen: _Seen, beat: int | None) -> bool:
    return beat is not None and seen.beat - beat <= NEAR


def _told(source: Source) -> dict[str, str | None]:
    return dict(zip(("hostname", "os_family", "agent_version"), source, strict=True))
