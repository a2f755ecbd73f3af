"""What a stream delivers is read a buffer at a time; nothing depends on where the buffers end."""

from __future__ import annotations

import random
from typing import Any

import pytest
from nats.protocol import parser as theirs

from kanade_host.bus.deliveries import DeliveryParser
from kanade_host.bus.lines import divide_by_spaces_and_tabs

REPLY = "$JS.ACK.RESULTS.d.1.7.7.1700000000000000000.3"


class Client:
    """Keeps what the other parser hands out."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: Any) -> None:
        self.heard.append((sid, bytes(subject), bytes(reply), bytes(data), headers))

    async def _process_ping(self) -> None:
        self.heard.append(("ping",))

    async def _process_pong(self) -> None:
        self.heard.append(("pong",))


def message(sid: int, body: bytes, subject: str = "results.r1", reply: str = REPLY) -> bytes:
    return b"MSG %s %d %s %d\r\n%s\r\n" % (subject.encode(), sid, reply.encode(), len(body), body)


WIRE = b"".join(
    [
        b"PING\r\n",
        message(1, b"first"),
        message(1, b""),
        message(2, b"for another"),
        message(1, b"MSG results.x 1 $JS.ACK 3\r\nabc\r\n"),
        b"HMSG results.h 1 %s 12 14\r\nNATS/1.0\r\n\r\nhi\r\n" % REPLY.encode(),
        b"PONG\r\n",
        message(1, b"y" * 3_000),
        message(2, b"no reply").replace(REPLY.encode() + b" ", b""),
        message(1, b"last"),
    ]
)
DELIVERED = [b"first", b"", b"MSG results.x 1 $JS.ACK 3\r\nabc\r\n", b"y" * 3_000, b"last"]
HEARD = [
    ("ping",),
    (2, b"results.r1", REPLY.encode(), b"for another", None),
    (1, b"results.h", REPLY.encode(), b"hi", b"NATS/1.0\r\n\r\n"),
    ("pong",),
    (2, b"results.r1", b"", b"no reply", None),
]


async def read(pieces: list[bytes]) -> tuple[list[bytes], list[tuple[Any, ...]]]:
    divide_by_spaces_and_tabs()
    client = Client()
    parser = DeliveryParser(client)
    bodies: list[bytes] = []

    def deliver(subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None) -> None:
        assert (subject, reply, headers) == (b"results.r1", REPLY.encode(), None)
        bodies.append(data)

    parser.deliveries[1] = deliver

    async def as_session_does(sid: int, subject: bytes, reply: bytes, data: bytes, headers: Any) -> None:
        if sid == 1 and headers is None:
            deliver(bytes(subject), bytes(reply), data, None)
        else:
            await Client._process_msg(client, sid, subject, reply, data, headers)

    client._process_msg = as_session_does  # type: ignore[method-assign]
    for piece in pieces:
        await parser.parse(piece)
    return bodies, client.heard


@pytest.mark.parametrize("size", [1, 2, 3, 7, 61, 500, 10_000])
async def test_pieces_of_any_size_give_the_same(size: int) -> None:
    pieces = [WIRE[first : first + size] for first in range(0, len(WIRE), size)]
    assert await read(pieces) == (DELIVERED, HEARD)


async def test_pieces_of_mixed_sizes_give_the_same() -> None:
    dice = random.Random(7)
    for _ in range(200):
        cuts = sorted(dice.sample(range(1, len(WIRE)), 9))
        pieces = [WIRE[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(WIRE)])]
        assert await read(pieces) == (DELIVERED, HEARD), cuts


async def test_a_message_of_megabytes_in_small_pieces() -> None:
    body = bytes(range(256)) * 8_192
    wire = message(1, b"before") + message(1, body) + message(1, b"behind")
    pieces = [wire[first : first + 65_536] for first in range(0, len(wire), 65_536)]
    assert await read(pieces) == ([b"before", body, b"behind"], [])


async def test_deliveries_are_read_here_again_after_a_message_of_another() -> None:
    """The other parser leaves a message cut off at the end of a buffer: only that one is still its own."""
    slow = 0

    class Counting(DeliveryParser):
        def _deliver(self, data: bytes) -> tuple[int, bool]:
            nonlocal slow
            slow += data.startswith(b"MSG results.r1 1")
            return super()._deliver(data)

    parser = Counting(Client())
    parser.deliveries[1] = lambda *_: None
    wire = message(2, b"other") + message(1, b"x" * 100) * 50
    for first in range(0, len(wire), 1_000):
        await parser.parse(wire[first : first + 1_000])
    assert slow >= len(wire) // 1_000 - 1


def test_it_stands_on_what_nats_py_has() -> None:
    fresh = theirs.Parser()
    assert (fresh.state, fresh.buf, fresh.needed) == (theirs.AWAITING_CONTROL_LINE, bytearray(), 0)
    assert theirs.AWAITING_MSG_PAYLOAD != theirs.AWAITING_CONTROL_LINE
