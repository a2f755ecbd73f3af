"""Events of the timeline (`contract/wire.md` 7.7), in an order that a day on a PC could have."""

from __future__ import annotations

from typing import Any

from kanade_host_simulator.agent import Agent
from kanade_host_simulator.dice import dice

_DAY = (
    ("boot", "winlog:System"),
    ("agent_started", "agent:lifecycle"),
    ("logon", "winlog:Security"),
    ("sleep", "winlog:System"),
    ("resume", "winlog:System"),
    ("logoff", "winlog:Security"),
    ("shutdown", "winlog:System"),
)


def next_event(agent: Agent, seed: int, first_record: int) -> dict[str, Any]:
    """The agent's next event. Record numbers begin at `first_record`: they are keys for ever."""
    number = agent.events
    agent.events += 1
    rolls = dice(seed, agent.pc_id, "event", number)
    kind, source = _DAY[number % len(_DAY)]
    if rolls.random() < 0.03:
        kind, source = "unexpected_shutdown", "winlog:System"
    elif rolls.random() < 0.05:
        kind, source = "diagnostic", "agent:diagnostic"
    return {
        "pc_id": agent.pc_id,
        "at": agent.now().wire,
        "kind": kind,
        "source": source,
        "event_record_id": str(first_record + number),
        "payload": _payload(agent, kind),
    }


def _payload(agent: Agent, kind: str) -> dict[str, Any] | None:
    match kind:
        case "logon" | "logoff":
            return {"user": agent.machine.user, "logon_type": 2, "domain": "WORKGROUP"}
        case "unexpected_shutdown":
            return {"bugcheck": "0x0000009f"}
        case "agent_started":
            return {"version": agent.machine.agent_version}
        case "diagnostic":
            return {"message": "certificate store checked", "ok": True}
        case _:
            return None
