"""Reads what a stream delivers, a whole buffer at a time; everything else is left to nats-py's parser.

For each message nats-py's parser looks at its buffer twice, copies it twice and awaits a handler. Whoever
reads a backlog gets two hundred and fifty thousand bytes at once, of hundreds of messages that look alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nats.protocol.parser import AWAITING_CONTROL_LINE, AWAITING_MSG_PAYLOAD, Parser

OnDelivery = Callable[[bytes, bytes, bytes, dict[str, str] | None], None]
"""Takes subject, reply subject, body and headers of a message, as they stand on the wire."""

# As the broker writes it. Another form is no fault: the other parser reads it.
_LINE = re.compile(rb"MSG ([^ \t\r\n]+) ([0-9]+) ([^ \t\r\n]+) ([0-9]+)\r\n").match
_END = b"\r\n"
_KEPT_BYTES = 512 * 1024
"""What is longer comes in many pieces; joining them again for each would take the square of their number."""


class DeliveryParser(Parser):
    """nats-py's parser, with `deliveries` by subscription: they are called while the bytes are read.

    Overrides internals of nats-py 2.16.0, which is pinned exactly; tests/bus/test_deliveries.py fails when
    they change.
    """

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.deliveries: dict[int, OnDelivery] = {}

    async def parse(self, data: bytes = b"") -> None:
        """Read all whole messages; what is cut off waits for the next call."""
        if self.state == AWAITING_MSG_PAYLOAD:
            missing = self.needed + len(_END) - len(self.buf)
            await super().parse(data[:missing])
            data = data[missing:]
        if self.state == AWAITING_CONTROL_LINE and len(self.buf) < _KEPT_BYTES:
            whole = bytes(self.buf) + data if self.buf else data
            rest, cut_off = self._deliver(whole)
            self.buf, data = bytearray(whole[rest:]), b""
            if cut_off:
                return
        await super().parse(data)

    def _deliver(self, data: bytes) -> tuple[int, bool]:
        """Where the bytes that are left begin, and whether they are one delivery that is not whole yet."""
        at, deliveries = 0, self.deliveries
        while (line := _LINE(data, at)) is not None:
            subject, sid, reply, size = line.groups()
            deliver = deliveries.get(int(sid))
            if deliver is None:
                break
            begin = line.end()
            end = begin + int(size)
            if end + len(_END) > len(data):
                return at, True
            deliver(subject, reply, data[begin:end], None)
            at = end + len(_END)
        return at, at == len(data)
