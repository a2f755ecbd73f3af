from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from structlog.testing import capture_logs

from kanade_host.bus.broker import EmbeddedBroker
from kanade_host.bus.broker_files import server_program
from kanade_host.bus.bus import NatsBus
from kanade_host.bus.child import spawn
from kanade_host.bus.connection import Connection, wait_before
from kanade_host.bus.ensure import ensure
from kanade_host.bus.reader import Reader, consumer_info, remake_consumer
from kanade_host.plugin.errors import BrokerUnavailable, InvalidKey, MessageTooLarge, NoResponders
from kanade_host.plugin.origin import by_host


def test_waits_double_up_to_four_seconds() -> None:
    waits = [wait_before(attempt) for attempt in range(16)]
    assert waits[:4] == [0, 0.002, 0.004, 0.008]
    assert waits[-1] == 4.0
    assert waits == sorted(waits)


async def test_it_comes_up_before_the_broker_does(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path)
    await broker.start()
    await broker.stop()
    connection = Connection(broker.url, broker.token, name="test")
    try:
        await connection.start()
        assert not connection.connected
        with pytest.raises(BrokerUnavailable, match=r"not connected|cannot connect"):
            _ = connection.session
        await broker.start()
        await connection.ready()
        assert connection.connected
    finally:
        await connection.close()
        await broker.stop()


async def test_a_wrong_token_is_logged_and_tried_on(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path, token="right")
    await broker.start()
    connection = Connection(broker.url, "wrong", name="test")
    with capture_logs() as logs:
        await connection.start()
        while not logs:
            await asyncio.sleep(0.005)
    assert not connection.connected
    assert "Authorization Violation" in connection.failure
    assert "the broker refuses this token; KANADE_NATS_TOKEN has to hold" in connection.failure
    assert "wrong" not in str(logs)
    await broker.stop()
    corrected = EmbeddedBroker(tmp_path, token="wrong")
    await corrected.start()
    try:
        await connection.ready()
    finally:
        await connection.close()
        await corrected.stop()


async def test_callbacks_follow_each_connect_and_each_loss(broker: EmbeddedBroker, eventually) -> None:
    connection = Connection(broker.url, broker.token, name="test")
    seen: list[str] = []

    async def up() -> None:
        seen.append("up")
        raise RuntimeError("a callback that fails hurts nobody")

    async def down() -> None:
        seen.append("down")

    connection.on_connected(up)
    connection.on_disconnected(down)
    await connection.start()
    await eventually(lambda: seen == ["up"])
    await broker.kill()
    await eventually(lambda: seen == ["up", "down"])
    await broker.start()
    await eventually(lambda: seen == ["up", "down", "up"])
    await connection.close()
    assert seen == ["up", "down", "up"]


async def test_what_waits_fails_at_once_when_the_broker_dies(
    bus: NatsBus, broker: EmbeddedBroker, foreign: NatsClient, told
) -> None:
    await foreign.subscribe("slow", cb=_never)
    await told(foreign)
    waiting = asyncio.create_task(bus.request("slow", b"", 50.0))
    async with bus.replies("never") as replies:
        await asyncio.sleep(0.02)
        await broker.kill()
        with pytest.raises(BrokerUnavailable, match="lost"):
            await waiting
        for call in (
            bus.publish("results.x", b""),
            bus.publish("x", b"", stream=False),
            bus.request("x", b"", 50.0),
            bus.kv("jobs").get("x"),
            bus.kv("jobs").put("x", b""),
            bus.objects("scripts").get("x"),
            bus.api("INFO"),
        ):
            with pytest.raises(BrokerUnavailable):
                await call
        with pytest.raises(TimeoutError):
            await replies.next(0.01)


async def _never(message: object) -> None:
    pass


async def test_a_frozen_broker_is_noticed_and_found_again(bus: NatsBus, frozen, eventually) -> None:
    with frozen():
        waiting = asyncio.create_task(bus.api("INFO"))
        await eventually(lambda: not bus.connected)
        with pytest.raises(BrokerUnavailable):
            await waiting
    await bus.ready()
    assert "memory" in await bus.api("INFO")


async def test_closing_is_bounded_when_the_broker_is_frozen(broker: EmbeddedBroker, frozen) -> None:
    connection = Connection(broker.url, broker.token, name="test")
    await connection.start()
    session = await connection.ready()
    with frozen():
        session.write(b"PUB x 1000000\r\n" + b"x" * 1_000_000 + b"\r\n")
        async with asyncio.timeout(30):  # without a bound it waits for ever
            await connection.close()
    assert not connection.connected


async def test_closing_while_there_is_no_broker(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        connection = Connection(f"nats://127.0.0.1:{taken.getsockname()[1]}", None, name="test")
        await connection.start()
        await asyncio.sleep(0.02)
        await connection.close()
        await connection.close()
    assert not connection.connected


async def test_an_error_of_the_broker_does_not_end_it_for_good(bus: NatsBus, eventually) -> None:
    first = bus.session
    first.write(b"PUB x 9999999\r\n")  # nats-server: 'Maximum Payload Violation', and it hangs up
    await eventually(lambda: not first.alive)
    assert "maximum payload" in first.lost.result() or "closed" in first.lost.result()
    await bus.ready()
    assert bus.session is not first


async def test_a_lasting_subscription_lives_through_restarts(
    bus: NatsBus, broker: EmbeddedBroker, foreign: NatsClient, eventually
) -> None:
    seen: list[tuple[str, bytes]] = []

    async def receive(message: Msg) -> None:
        seen.append((message.subject, message.data))

    async with bus.subscription("heartbeat.>", receive):
        await foreign.publish("heartbeat.a", b"1")
        await eventually(lambda: seen == [("heartbeat.a", b"1")])
        old = bus.session
        await broker.stop()
        await broker.start()
        await eventually(lambda: not old.alive)
        await bus.ready()
        await bus.publish("heartbeat.b", b"2", stream=False)
        await eventually(lambda: seen[1:] == [("heartbeat.b", b"2")])
    await bus.publish("heartbeat.c", b"3", stream=False)
    assert len(seen) == 2


async def test_a_subscription_that_is_held_up_counts_what_it_drops(
    bus: NatsBus, foreign: NatsClient, told, eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kanade_host.bus.connection.QUEUE_MESSAGES", 10)
    hold = asyncio.Event()
    seen: list[bytes] = []

    async def receive(message: Msg) -> None:
        await hold.wait()
        seen.append(message.data)

    async with bus.subscription("many", receive) as subscription:
        for number in range(100):
            await foreign.publish("many", b"%d" % number)
        await told(foreign)
        await bus.session.flush()
        await eventually(lambda: subscription.dropped > 80)
        hold.set()
        await eventually(lambda: len(seen) + subscription.dropped == 100)
    assert bus.connected


async def test_tls_in_the_address_never_falls_back_to_clear_text(broker: EmbeddedBroker, eventually) -> None:
    connection = Connection(broker.url.replace("nats://", "tls://"), "secret", name="test")
    await connection.start()
    await eventually(lambda: "no TLS" in connection.failure)
    assert not connection.connected
    await connection.close()


async def test_a_websocket_carries_everything_too(tmp_path: Path, eventually) -> None:
    config = {
        "listen": "127.0.0.1:-1",
        "authorization": {"token": "t"},
        "jetstream": {"store_dir": str(tmp_path)},
        "websocket": {"listen": "127.0.0.1:-1", "no_tls": True},
        "ports_file_dir": str(tmp_path),
    }
    (tmp_path / "server.conf").write_text(json.dumps(config))
    with (tmp_path / "output").open("wb") as output:
        server = spawn([str(server_program()), "-c", str(tmp_path / "server.conf")], output)
    connection = None
    try:
        ports = tmp_path / f"nats-server_{server.pid}.ports"
        await eventually(lambda: ports.exists() and "websocket" in ports.read_text())
        connection = Connection(json.loads(ports.read_text())["websocket"][0], "t", name="test")
        await connection.start()
        bus = NatsBus(connection)
        await bus.ready()
        await ensure(bus)
        await bus.publish("results.a", b"1")
        await remake_consumer(bus, "RESULTS", "d", filter=None)
        reader = Reader(bus, "RESULTS", "d")
        await reader.start()
        reader.ack(batch := await reader.take())
        assert [one.data for one in batch] == [b"1"]
        await bus.session.flush()
        info = await consumer_info(bus, "RESULTS", "d")
        assert info is not None
        assert info.ack_floor == 1
        await reader.stop()
    finally:
        server.kill()
        await asyncio.to_thread(server.wait)
        if connection is not None:
            await eventually(lambda: not connection.connected)
            await connection.close()


async def test_texts_of_what_cannot_be_sent(bus: NatsBus) -> None:
    with pytest.raises(InvalidKey, match=r"^invalid subject: invalid subject format$"):
        await bus.publish("commands.group.my grp", b"")
    with pytest.raises(InvalidKey, match=r"^invalid subject: invalid subject format$"):
        await bus.request("agents..ping", b"", 1)
    limit = r"^max payload size exceeded: Payload size limit of 1048576 exceeded by message size of 1048577$"
    with pytest.raises(MessageTooLarge, match=limit):
        await bus.publish("results.x", b"x" * 1048577)
    with pytest.raises(NoResponders):
        await bus.request("agents.nobody.ping", b"", 5)


async def test_a_question_that_nobody_answers_in_time(bus: NatsBus, foreign: NatsClient, told) -> None:
    await foreign.subscribe("slow", cb=_never)
    await told(foreign)
    with pytest.raises(TimeoutError):
        await bus.request("slow", b"", 0.01)
    assert bus.connected


async def test_what_this_program_sends_is_marked(bus: NatsBus, foreign: NatsClient, eventually) -> None:
    """Where there is room: the largest message that the broker takes goes all the same, without the mark."""
    seen: list[Msg] = []

    async def receive(message: Msg) -> None:
        seen.append(message)

    async with bus.subscription("kill.>", receive):
        await bus.publish("kill.e-1", b"", stream=False)
        await bus.publish("kill.e-1", b"x" * bus.max_payload, stream=False)
        await foreign.publish("kill.e-1", b"")
        await eventually(lambda: len(seen) == 3)
    assert [by_host(message.headers) for message in seen] == [True, False, False]
