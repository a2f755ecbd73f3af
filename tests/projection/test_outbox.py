"""What transactions promised goes out once, whatever else cannot be sent, and never once withdrawn."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import counting
import pytest

FILE = Path(counting.__file__)
pytestmark = [pytest.mark.kanade(files=[FILE]), pytest.mark.timeout(90)]


async def send(host: Any, subject: str, *ids: str) -> None:
    """Promise messages in a transaction, and do not wait until they are out."""

    def work(tx: Any) -> None:
        for one in ids:
            tx.send(subject, one.encode(), id=one)

    await host.running.app.store.writer.run("counting", work)


async def arrived(host: Any, stream: str, subject: str) -> Counter[str]:
    return Counter(body.decode() for to, body in await host.stream_messages(stream) if to == subject)


async def test_what_no_stream_takes_holds_up_nothing_else(host: Any) -> None:
    await send(host, "nowhere.at.all", *(f"n{number}" for number in range(1_200)))
    await send(host, "audit.test.sent", "behind them")

    async def behind() -> bool:
        return bool((await arrived(host, "AUDIT", "audit.test.sent"))["behind them"])

    await host.until(behind, what="a message behind 1,200 that no stream takes")

    async def told() -> bool:
        return "no stream takes nowhere.at.all" in host.running.app.outbox.failure

    await host.until(told, what="the outbox to say what is refused")
    [left] = await host.rows("SELECT count(*) AS n FROM host_outbox")
    assert left["n"] == 1_200
    await host.broker.api(
        "STREAM.CREATE.NOWHERE", json.dumps({"name": "NOWHERE", "subjects": ["nowhere.>"]}).encode()
    )
    await host.settle()
    assert set((await arrived(host, "NOWHERE", "nowhere.at.all")).values()) == {1}
    assert host.running.app.outbox.failure == ""


async def test_what_was_withdrawn_while_it_could_not_be_sent_is_never_sent(host: Any) -> None:
    """The commands of a killed fire are looked for in EXEC: those that come later would be run."""
    await send(host, "nowhere.at.all", "killed-1", "killed-2", "kept")

    async def claimed() -> bool:
        rows = await host.rows("SELECT claimed FROM host_outbox")
        return [row["claimed"] for row in rows] == [1, 1, 1]

    await host.until(claimed, what="the messages to be tried")
    writer = host.running.app.store.writer
    assert await writer.run("counting", lambda tx: tx.withdraw("killed-")) == 0
    await host.broker.api(
        "STREAM.CREATE.NOWHERE", json.dumps({"name": "NOWHERE", "subjects": ["nowhere.>"]}).encode()
    )
    await host.settle()
    assert await arrived(host, "NOWHERE", "nowhere.at.all") == {"kept": 1}
    assert not await host.rows("SELECT * FROM host_outbox")


async def test_a_tidy_stop_leaves_nothing_promised_that_was_sent(host: Any) -> None:
    """The broker recognises a message for two minutes; the next start may come tomorrow."""
    ids = [f"s{number}" for number in range(3_000)]
    await send(host, "audit.test.sent", *ids)

    async def begun() -> bool:
        return bool(host.running.app.outbox.waiting)

    await host.until(begun, what="the sending to begin")
    await host.stop()
    left = {row["message_id"] for row in await host.rows("SELECT message_id FROM host_outbox")}
    sent = set(await arrived(host, "AUDIT", "audit.test.sent"))
    assert left
    assert not left & sent
    assert left | sent == set(ids)
    await host.start()


async def test_what_arrived_is_not_sent_again_when_the_broker_has_forgotten_its_id(host: Any) -> None:
    """As after a crash in the middle of sending, and a start more than two minutes later."""
    config = {"name": "NOWHERE", "subjects": ["nowhere.>"], "duplicate_window": 100_000_000}
    await host.broker.api("STREAM.CREATE.NOWHERE", json.dumps(config).encode())
    for one in ("a", "b"):
        await host.publish("nowhere.at.all", one.encode(), headers={"Nats-Msg-Id": one})
    await asyncio.sleep(0.5)

    def work(tx: Any) -> None:
        for one in ("a", "b", "c"):
            tx.send("nowhere.at.all", one.encode(), id=one)
        tx.acting_as("host").execute("UPDATE host_outbox SET claimed = 1")

    await host.running.app.store.writer.run("counting", work)
    await host.settle()
    assert await arrived(host, "NOWHERE", "nowhere.at.all") == {"a": 1, "b": 1, "c": 1}


async def test_what_is_held_back_waits_through_a_restart_and_holds_up_nothing_else(host: Any) -> None:
    writer = host.running.app.store.writer
    await writer.run("counting", lambda tx: tx.hold("held-"))
    await send(host, "audit.test.sent", *(f"held-{number}" for number in range(600)), "free")
    await host.settle()
    assert set(await arrived(host, "AUDIT", "audit.test.sent")) == {"free"}
    await host.restart()
    await host.settle()
    assert set(await arrived(host, "AUDIT", "audit.test.sent")) == {"free"}
    await host.running.app.store.writer.run("counting", lambda tx: tx.unhold("held-"))
    await host.settle()
    assert len(await arrived(host, "AUDIT", "audit.test.sent")) == 601
