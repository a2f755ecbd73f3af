"""Replies to requests: ping and the tail of the agent's log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kanade_host.plugin import Decoder
from kanade_host_simulator.agent import Agent
from kanade_host_simulator.dice import dice
from kanade_host_simulator.messages import LogsRequest, lenient

LARGEST = 819_200
_requests = Decoder(LogsRequest)
_LINES = (
    ("INFO", "kanade_agent::heartbeat", "heartbeat published"),
    ("INFO", "kanade_agent::host_perf", "sample published"),
    ("DEBUG", "kanade_agent::outbox", "outbox empty"),
    ("INFO", "kanade_agent::commands", "command received"),
    ("INFO", "kanade_agent::process", "script finished exit_code=0"),
    ("WARN", "kanade_agent::config", "agent_config row ignored: unreadable"),
    ("INFO", "async_nats", "event: connected"),
)


def log_tail(agent: Agent, seed: int, request: bytes) -> bytes:
    """The last lines, each ended, cut from the front to 800 KiB at a character boundary."""
    asked = lenient(_requests, request)
    wanted = asked.tail_lines if asked is not None and asked.tail_lines >= 0 else 500
    now = datetime.fromisoformat(agent.now().stored[:19]).replace(tzinfo=UTC)
    rolls = dice(seed, agent.pc_id, "log")
    lines = []
    for number in range(min(wanted, 5000), 0, -1):
        level, target, text = rolls.choice(_LINES)
        at = now - timedelta(seconds=number * 7, microseconds=rolls.randrange(999_999))
        lines.append(f"{at:%Y-%m-%dT%H:%M:%S.%fZ} {level:>5} {target}: {text} pc_id={agent.pc_id}\n")
    return "".join(lines).encode()[-LARGEST:].decode(errors="ignore").encode()
