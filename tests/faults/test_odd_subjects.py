"""Subjects that the broker takes and a careless parser of its lines does not.

The broker's lines are divided by spaces and tabs alone; a subject may hold other white space, and whoever
may publish must not be able to end everybody's connection with one.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.kanade(plugins=["results"])
ODD = {
    "vertical tab": b"a\x0bb",
    "form feed": b"a\x0cb",
    "no-break space": "a\u00a0b".encode(),
    "no UTF-8": b"a\xffb",
}
RESULT = (
    b'{"request_id": "q", "pc_id": "pc-1", "exit_code": 0, "stdout": "", "stderr": "", "result_id": "%s",'
    b' "started_at": "2026-11-23T10:00:00Z", "finished_at": "2026-11-23T10:00:01Z"}'
)


async def publish_raw(host: Any, subject: bytes, body: bytes, headers: bytes | None = None) -> None:
    """What no client library would send, on the wire."""
    address = urlsplit(host.broker.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    token = f',"auth_token":"{host.broker.token}"' if getattr(host.broker, "token", None) else ""
    options = f'{{"verbose":false,"pedantic":false,"headers":true{token}}}'
    writer.write(b"CONNECT %s\r\n" % options.encode())
    if headers is None:
        writer.write(b"PUB %s %d\r\n%s\r\n" % (subject, len(body), body))
    else:
        total = len(headers) + len(body)
        writer.write(b"HPUB %s %d %d\r\n%s%s\r\n" % (subject, len(headers), total, headers, body))
    writer.write(b"PING\r\n")
    await writer.drain()
    async with asyncio.timeout(30):
        while (line := await reader.readline()) != b"PONG\r\n":
            assert line, "the broker hung up"
            assert not line.startswith(b"-ERR"), line
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("name", ODD)
async def test_a_message_with_an_odd_subject_is_projected_like_any_other(host: Any, name: str) -> None:
    await publish_raw(host, b"results." + ODD[name], RESULT % b"odd")
    await host.publish("results.q", (RESULT % b"plain").decode())
    await host.settle()
    rows = await host.rows("SELECT result_id FROM execution_results ORDER BY result_id")
    assert [row[0] for row in rows] == ["odd", "plain"]


HEADERS = {
    "a status": b"NATS/1.0 404 No Messages\r\n\r\n",
    "a status that is no text": b"NATS/1.0 \xff\xfe\xfd\r\n\r\n",
    "an idle heartbeat": b"NATS/1.0 100 Idle Heartbeat\r\n\r\n",
    "lines that are no headers": b"NATS/1.0\r\n\x00\xff: \xff\r\nno colon\r\n\r\n",
    "no version": b"\r\n\r\n",
}


@pytest.mark.parametrize("name", HEADERS)
async def test_a_message_with_odd_headers_is_projected_like_any_other(host: Any, name: str) -> None:
    await publish_raw(host, b"results.q1", RESULT % b"odd", HEADERS[name])
    await host.publish("results.q", (RESULT % b"plain").decode())
    await host.settle()
    rows = await host.rows("SELECT result_id FROM execution_results ORDER BY result_id")
    assert [row[0] for row in rows] == ["odd", "plain"]


async def test_an_empty_message_that_looks_like_a_status_is_set_aside(host: Any) -> None:
    await publish_raw(host, b"results.q1", b"", HEADERS["a status"])
    await host.publish("results.q", (RESULT % b"plain").decode())
    await host.settle()
    assert [row[0] for row in await host.rows("SELECT result_id FROM execution_results")] == ["plain"]
    [letter] = await host.dead_letters()
    assert letter["subject"] == "results.q1"
