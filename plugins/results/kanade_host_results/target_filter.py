"""Which targets are meant: the filter of lists, exports and re-runs, as SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kanade_host.plugin import HttpError
from kanade_host_results.outcome import STATES

OFFLINE = "offline"
"""Waiting, and the PC is not heard: no state of its own, since it comes and goes with the heartbeats."""

_DIGEST = re.compile(r"[0-9a-f]{32}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions over `execution_targets AS t`, joined by AND, and their values."""

    conditions: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, condition: str, *values: object) -> None:
        self.conditions.append(condition)
        self.values.extend(values)

    @property
    def sql(self) -> str:
        """To be put behind other conditions."""
        return "".join(f" AND {condition}" for condition in self.conditions)


def states_in(text: str | None) -> tuple[str, ...]:
    """`failed,timed_out`, each once; nothing is none. Raises `HttpError` 400 for a word that is no state."""
    found = tuple(dict.fromkeys(word for word in (text or "").split(",") if word))
    for word in found:
        if word != OFFLINE and word not in STATES:
            raise HttpError(
                400, f'state: unknown "{word}", expected some of {", ".join((*STATES, OFFLINE))}, by commas'
            )
    return found


def by_state(where: Where, states: Iterable[str], online: Iterable[str] | None) -> None:
    """One of these states. `online`: those PCs; None where nobody knows: then none is offline."""
    plain = [state for state in states if state != OFFLINE]
    either = [f"t.state IN ({','.join('?' * len(plain))})"] if plain else []
    values: list[object] = list(plain)
    if OFFLINE in states:
        heard = "t.pc_id NOT IN (SELECT value FROM json_each(?))" if online is not None else "0"
        either.append(f"(t.state = 'waiting' AND {heard})")
        values += [json.dumps(list(online))] if online is not None else []
    if either:
        where.add(f"({' OR '.join(either)})", *values)


def by_output(where: Where, output: str | None) -> None:
    """One group of equal outputs. Raises `HttpError` 400."""
    if not output:
        return
    if not _DIGEST(output):
        raise HttpError(400, "output: expected the 32 hexadecimal digits that `outputs` shows")
    where.add("t.output = ?", bytes.fromhex(output))
