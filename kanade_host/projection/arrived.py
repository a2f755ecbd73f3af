"""Which messages of the outbox have arrived, although nobody told us: after a crash, or a lost answer.

The broker recognises a message that is sent again for two minutes only (wire.md 3.1). Whoever comes back
later asks the stream itself, which holds the message with its id.
"""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.jetstream import stream_info
from kanade_host.plugin.errors import ApiError

LOOKED_BACK = 5_000
"""Messages at the end of a stream that are looked through: ten times what can be on the wire at once."""
AT_ONCE = 16
_ID = "Nats-Msg-Id: "


async def arrived(bus: NatsBus, rows: Sequence[Any]) -> set[str]:
    """The ids of those messages that a stream has. Raises `BrokerUnavailable`."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        wanted[row["subject"]].add(row["message_id"])
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(subject: str, ids: set[str]) -> set[str]:
        async with gate:
            return await _of_subject(bus, subject, ids)

    found = await asyncio.gather(*(look(*one) for one in wanted.items()))
    return set().union(*found)


async def _of_subject(bus: NatsBus, subject: str, ids: set[str]) -> set[str]:
    found: set[str] = set()
    try:
        names = (await bus.api("STREAM.NAMES", msgspec.json.encode({"subject": subject}))).get("streams")
        for name in names or ():
            info = await stream_info(bus, name)
            sequence = max(info.last_seq - LOOKED_BACK, 1) if info is not None else 1
            while found < ids:
                which = msgspec.json.encode({"seq": sequence, "next_by_subj": subject})
                message = (await bus.api(f"STREAM.MSG.GET.{name}", which))["message"]
                sequence = message["seq"] + 1
                found |= ids & {_id_of(message)}
    except ApiError:
        pass  # nothing more of that subject, or no such stream any more
    return found


def _id_of(message: dict[str, Any]) -> str:
    headers = base64.b64decode(message.get("hdrs", "")).decode(errors="replace")
    for line in headers.split("\r\n"):
        if line.startswith(_ID):
            return line.removeprefix(_ID)
    return ""
