from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.js.api import AckPolicy
from structlog.testing import capture_logs

from kanade_host.bus.broker import BrokerFailed, EmbeddedBroker
from kanade_host.bus.broker_files import server_program

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and signals are POSIX")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture
async def stopped(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path / "nats")
    yield broker
    await broker.kill()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def command_lines() -> list[bytes]:
    """Of all processes of this computer."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            lines.append((process / "cmdline").read_bytes())
    return lines


async def test_it_needs_its_token(broker: EmbeddedBroker) -> None:
    assert await greeting(broker, {"auth_token": broker.token}) == b"PONG"
    for other in ({}, {"auth_token": "guessed"}, {"auth_token": ""}):
        assert await greeting(broker, other) == b"-ERR 'Authorization Violation'"


async def greeting(broker: EmbeddedBroker, connect: dict[str, str]) -> bytes:
    """What the broker answers to a client's first ping."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(broker.url.rsplit(":", 1)[1]))
    await reader.readline()
    writer.write(b"CONNECT " + json.dumps({"verbose": False} | connect).encode() + b"\r\nPING\r\n")
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer.strip()


@linux
async def test_the_token_is_on_no_command_line_and_in_private_files_only(broker: EmbeddedBroker) -> None:
    assert len(broker.token) >= 32
    assert not [line for line in command_lines() if broker.token.encode() in line]
    assert mode(broker.files.folder) == 0o700
    holders = [
        path
        for path in broker.files.folder.rglob("*")
        if path.is_file() and broker.token.encode() in path.read_bytes()
    ]
    assert {path.name for path in holders} == {"token", "nats-server.conf"}
    assert {mode(path) for path in holders} == {0o600}


async def test_token_and_port_stay_across_restarts(tmp_path: Path) -> None:
    seen = []
    for _ in range(3):
        broker = EmbeddedBroker(tmp_path)
        await broker.start()
        seen.append((broker.url, broker.token))
        await broker.stop()
    assert len(set(seen)) == 1


async def test_a_fixed_port_and_a_given_token(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    broker = EmbeddedBroker(tmp_path, port=port, token='a "quoted" $token')
    await broker.start()
    try:
        assert broker.url == f"nats://127.0.0.1:{port}"
        client = await nats.connect(broker.url, token='a "quoted" $token')
        await client.close()
    finally:
        await broker.stop()


async def test_a_fixed_port_that_is_taken(stopped: EmbeddedBroker) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        broker = EmbeddedBroker(stopped.files.folder, port=port)
        with pytest.raises(
            BrokerFailed, match=f"(?s)address already in use.*Port {port} is taken by another"
        ):
            await broker.start()
    await stopped.start()  # the failed one left no lock behind


async def test_a_remembered_port_that_is_taken_is_given_up(stopped: EmbeddedBroker) -> None:
    await stopped.start()
    port = int(stopped.url.rsplit(":", 1)[1])
    await stopped.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        again = EmbeddedBroker(stopped.files.folder)
        await again.start()
        try:
            assert again.url != f"nats://127.0.0.1:{port}"
        finally:
            await again.stop()


@pytest.mark.parametrize("expose, host", [(False, "127.0.0.1"), (True, "0.0.0.0")])
async def test_it_listens_beyond_loopback_only_when_told(tmp_path: Path, expose: bool, host: str) -> None:
    broker = EmbeddedBroker(tmp_path, expose=expose)
    with capture_logs() as logs:
        await broker.start()
    try:
        assert json.loads(broker.files.config.read_text())["host"] == host
        assert broker.url.startswith("nats://127.0.0.1:")
        warned = [line["event"] for line in logs if line["log_level"] == "warning"]
        assert any("whoever holds its token commands the fleet" in event for event in warned) is expose
    finally:
        await broker.stop()


async def test_messages_survive_a_kill(broker: EmbeddedBroker, bus) -> None:
    for number in range(20):
        await bus.publish(f"results.{number}", b"x")
    await broker.kill()
    await broker.start()
    while not bus.connected:
        await asyncio.sleep(0.005)
    await bus.ready()
    assert (await bus.api("STREAM.INFO.RESULTS"))["state"]["messages"] == 20


@posix
async def test_it_is_started_again_when_it_dies(broker: EmbeddedBroker, eventually) -> None:
    url, first = broker.url, broker.pid
    with capture_logs() as logs:
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: broker.running and broker.pid != first and broker.files.ports_of(broker.pid))
        client = await nats.connect(url, token=broker.token)
        await client.close()
    assert any("died and is started again" in line["event"] for line in logs)
    assert broker.url == url


async def test_starting_and_stopping_twice(stopped: EmbeddedBroker) -> None:
    await stopped.stop()
    await stopped.start()
    pid = stopped.pid
    await stopped.start()
    assert stopped.pid == pid
    await stopped.stop()
    await stopped.stop()
    assert not stopped.running
    with pytest.raises(BrokerFailed, match="does not run"):
        _ = stopped.pid
    assert not stopped.files.pid_file.exists()


async def test_two_hosts_on_one_folder(broker: EmbeddedBroker) -> None:
    second = EmbeddedBroker(broker.files.folder)
    with pytest.raises(
        BrokerFailed, match=r"another kanade-host runs the embedded broker in .*stop that one"
    ):
        await second.start()
    assert broker.running


@posix
async def test_a_broker_that_cannot_start_says_why(stopped: EmbeddedBroker) -> None:
    stopped.files.make()
    (stopped.files.folder / "jetstream").write_text("in the way")
    with pytest.raises(BrokerFailed, match=r"does not start in .*(?i:jetstream)"):
        await stopped.start()


@posix
async def test_a_frozen_broker_is_stopped_too(stopped: EmbeddedBroker) -> None:
    await stopped.start()
    pid = stopped.pid
    os.kill(pid, signal.SIGSTOP)
    await stopped.stop()
    assert not alive(pid)


async def test_a_broker_that_stops_slowly_is_ended_and_keeps_everything(
    stopped: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sleeps for 10 ms at each consumer, one after another: longer than it is waited for."""
    monkeypatch.setattr("kanade_host.bus.broker.STOP_SECONDS", 0.3)
    consumers, messages = 200, 50
    await stopped.start()
    async with await nats.connect(stopped.url, token=stopped.token) as nc:
        js = nc.jetstream()
        await js.add_stream(name="EXEC", subjects=["commands.>"])
        for number in range(consumers):
            await js.add_consumer("EXEC", durable_name=f"agent_{number}", ack_policy=AckPolicy.EXPLICIT)
        for number in range(messages):
            await js.publish(f"commands.{number}", b"x" * 600)
    with capture_logs() as logs:
        await stopped.stop()
    [said] = [one for one in logs if one["log_level"] == "warning"]
    assert "is killed" in said["event"]
    assert "Initiating JetStream Shutdown" in said["last"]
    await stopped.start()
    async with await nats.connect(stopped.url, token=stopped.token) as nc:
        state = (await nc.jetstream().stream_info("EXEC")).state
    assert (state.messages, state.consumer_count) == (messages, consumers)


HOST = """
import asyncio, sys
from pathlib import Path
from kanade_host.bus.broker import EmbeddedBroker

async def main():
    broker = EmbeddedBroker(Path(sys.argv[1]))
    await broker.start()
    print(broker.pid, broker.url, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def host(folder: Path) -> tuple[subprocess.Popen[str], int, str]:
    """A process that runs an embedded broker, as the host does."""
    process = subprocess.Popen([sys.executable, "-c", HOST, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        words = line.split()
        if words and words[0].isdigit() and len(words) == 2:
            return process, int(words[0]), words[1]
    raise AssertionError("the host did not start its broker")


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@linux
async def test_it_dies_with_its_host(tmp_path: Path, eventually) -> None:
    process, pid, _ = host(tmp_path)
    assert alive(pid)
    end(process)
    await eventually(lambda: not alive(pid))


@linux
async def test_a_survivor_is_stopped_at_the_next_start(tmp_path: Path, eventually) -> None:
    """As where there is no parent-death signal: the broker runs on, the host is gone."""
    first = EmbeddedBroker(tmp_path)
    await first.start()
    pid, url = first.pid, first.url
    assert first._process is not None
    lone = first._process
    first._process = None  # the host dies here: nothing stops the broker, only the lock is freed
    await first.stop()
    first.files.write_pid(pid)
    assert alive(pid)
    reaping = asyncio.create_task(asyncio.to_thread(lone.wait))
    second = EmbeddedBroker(tmp_path)
    with capture_logs() as logs:
        await second.start()
    try:
        assert second.url == url
        assert second.pid != pid
        assert any("earlier host still runs" in line["event"] for line in logs)
        await reaping
        assert not alive(pid)
    finally:
        await second.stop()


@linux
async def test_a_foreign_process_with_the_recorded_pid_is_left_alone(stopped: EmbeddedBroker) -> None:
    foreign = sleeper()
    try:
        stopped.files.make()
        stopped.files.pid_file.write_text(json.dumps({"pid": foreign.pid, "start": "another boot:1"}))
        await stopped.start()
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


@pytest.mark.parametrize("content", [b"", b"123", b"{}", b'{"pid":-1,"start":""}', b'{"pid":1,"start":""}'])
async def test_a_damaged_pid_file_is_no_obstacle(stopped: EmbeddedBroker, content: bytes) -> None:
    stopped.files.make()
    stopped.files.pid_file.write_bytes(content)
    await stopped.start()
    assert stopped.running


async def test_the_server_is_the_one_of_the_wheel() -> None:
    program = server_program()
    done = await asyncio.to_thread(
        subprocess.run, [str(program), "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("nats-server: v2.15")
