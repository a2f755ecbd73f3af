"""A simulated fleet in one process, on one connection: ten thousand agents are rows, not tasks.

async with Fleet("nats://127.0.0.1:4222", token="…", options=FleetOptions(agents=20)) as fleet:
    await fleet.up()
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from kanade_host.plugin import encode
from kanade_host_simulator.agent import Agent, make_agent
from kanade_host_simulator.answers import log_tail
from kanade_host_simulator.layers import groups_of
from kanade_host_simulator.lookups import Lookups
from kanade_host_simulator.machine import machine
from kanade_host_simulator.membership import assign_groups
from kanade_host_simulator.messages import command_of
from kanade_host_simulator.mirrors import Mirror
from kanade_host_simulator.options import FleetOptions
from kanade_host_simulator.replay import read_durable
from kanade_host_simulator.reporting import Reporting
from kanade_host_simulator.runs import Runs
from kanade_host_simulator.tasks import Tasks
from kanade_host_simulator.telemetry import heartbeat
from kanade_host_simulator.ticker import Ticker
from kanade_host_simulator.wire import Wire


class Fleet:
    """Agents by `pc_id` in `agents`; what was sent in `counts`. An async context manager."""

    def __init__(self, url: str, *, token: str | None = None, options: FleetOptions | None = None) -> None:
        self.options = options or FleetOptions()
        self.url = url
        self.agents: dict[str, Agent] = {}
        for number in range(1, self.options.agents + 1):
            made = machine(self.options.seed, number, self.options.prefix)
            self.agents[made.pc_id] = make_agent(self.options, made, number)
        self.nc = Client()
        self.js = self.nc.jetstream(timeout=10)
        self.wire = Wire(self.nc, self.js, self.options)
        self.lost_at: float | None = time.monotonic()
        """When the broker went away (monotonic); None while it is there."""
        self.trouble = ""
        """What the connection last complained about."""
        self._token = token
        self._config = Mirror(self.js, "agent_config", self._config_changed)
        self._groups = Mirror(self.js, "agent_groups", self._groups_changed)
        self._jobs = Mirror(self.js, "jobs", lambda _: None)
        self._ticker = Ticker()
        self._runs = Runs(self.options, self.js, self.wire, self._job, Lookups(self._read_key))
        self._reporting = Reporting(self.options, self.js, self.wire, self._ticker, self._deliver)
        self._tasks = Tasks()
        self._stopped = False

    @property
    def counts(self) -> Counter[str]:
        """Messages sent, by kind."""
        return self.wire.counts

    async def __aenter__(self) -> Fleet:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self, timeout: float = 10.0) -> None:
        """Connect and begin. Raises what nats-py raises, TimeoutError for an absent or refusing broker."""
        options: dict[str, Any] = {
            "servers": [self.url],
            "token": self._token,
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": 0.5,
            "ping_interval": 10,
            "connect_timeout": 5,
            "pending_size": 16 * 1024 * 1024,
            "allow_reconnect": True,
            "name": "kanade-host simulate",
            "error_cb": self._failed,
            "disconnected_cb": self._disconnected,
            "reconnected_cb": self._reconnected,
        }
        await asyncio.wait_for(self.nc.connect(**options), timeout)
        self.lost_at = None
        await self.nc.subscribe("commands.>", cb=self._on_command)
        await self.nc.subscribe("kill.>", cb=self._on_kill)
        await self.nc.subscribe("agents.>", cb=self._on_ping)
        await self.nc.subscribe("logs.fetch.>", cb=self._on_logs)
        self.wire.start()
        for mirror in (self._config, self._groups, self._jobs):
            self._tasks.spawn(mirror.run())
        self._reporting.begin(list(self.agents.values()))
        for agent in self.agents.values():
            if agent.replays:
                self._tasks.spawn(read_durable(self.js, agent, self._deliver))
        if self.options.groups:
            self._tasks.spawn(assign_groups(self.js, self._groups, list(self.agents.values())))
        self._tasks.spawn(self._ticker.run())

    async def up(self) -> None:
        """Wait until each agent that is not away has been heard once."""
        while any(agent.online and not agent.beats for agent in self.agents.values()):
            await asyncio.sleep(0.02)
        await self.nc.flush()

    async def stop(self) -> None:
        """End runs, send what is ready for a second or two, disconnect."""
        if self._stopped:
            return
        self._stopped = True
        await self._tasks.end()
        await self._runs.stop()
        await self._reporting.stop()
        await self.wire.stop(2.0 if self.nc.is_connected else 0.0)
        with contextlib.suppress(TimeoutError, nats.errors.Error, OSError):
            await asyncio.wait_for(self.nc.close(), 3)

    # -- what arrives ------------------------------------------------------------------------

    async def _on_command(self, message: Msg) -> None:
        command = command_of(message.data)
        if command is None:
            self.counts["dropped"] += 1
            return
        kind, _, name = message.subject.removeprefix("commands.").partition(".")
        if kind == "all" and not name:
            self._runs.accept(self.agents.values(), command)
        elif kind == "pc" and name in self.agents:
            self._runs.accept([self.agents[name]], command)
        elif kind == "group":
            members = [one for one in self.agents.values() if name in self._groups_of(one)]
            self._runs.accept(members, command)

    def _deliver(self, agent: Agent, subject: str, body: bytes) -> None:
        """What a replay brings: real agents take commands of every group, and so do these."""
        kind, _, name = subject.removeprefix("commands.").partition(".")
        command = command_of(body)
        if command is not None and (kind in ("all", "group") or (kind == "pc" and name == agent.pc_id)):
            self._runs.accept([agent], command)

    async def _on_kill(self, message: Msg) -> None:
        self._runs.kill(message.subject.removeprefix("kill."))

    async def _on_ping(self, message: Msg) -> None:
        name, _, what = message.subject.removeprefix("agents.").rpartition(".")
        agent = self.agents.get(name)
        if what == "ping" and agent is not None and agent.online and message.reply:
            await message.respond(encode(heartbeat(agent, self.options.seed, ping=True)))

    async def _on_logs(self, message: Msg) -> None:
        agent = self.agents.get(message.subject.removeprefix("logs.fetch."))
        if agent is not None and agent.online and message.reply:
            await message.respond(log_tail(agent, self.options.seed, message.data))

    # -- what the buckets say ----------------------------------------------------------------

    def _groups_of(self, agent: Agent) -> list[str]:
        return groups_of(self._groups.values, agent.pc_id)

    def _config_changed(self, key: str | None) -> None:
        for agent in self._concerned(key):
            self._reporting.configure(agent, self._config.values, self._groups_of(agent))

    def _groups_changed(self, key: str | None) -> None:
        self._config_changed(None if key is None else f"pcs.{key}")

    def _concerned(self, key: str | None) -> list[Agent]:
        """Whose configuration a changed key may change."""
        scope, _, name = (key or "global").partition(".")
        if scope == "pcs":
            return [self.agents[name]] if name in self.agents else []
        if scope == "groups":
            return [one for one in self.agents.values() if name in self._groups_of(one)]
        return list(self.agents.values())

    def _job(self, job_id: str) -> bytes | None:
        return self._jobs.values.get(job_id)

    async def _read_key(self, bucket: str, key: str) -> bytes | None:
        """The value now; absent, deleted and unreadable are all None, as agents have it."""
        try:
            message = await self.js.get_msg(f"KV_{bucket}", subject=f"$KV.{bucket}.{key}", direct=True)
        except NotFoundError:
            return None
        except (nats.errors.Error, JetStreamError, TimeoutError, ValueError):
            return None
        if (message.headers or {}).get("KV-Operation") in ("DEL", "PURGE"):
            return None
        return message.data or b""

    # -- the connection ----------------------------------------------------------------------

    async def _failed(self, error: Exception) -> None:
        """nats-py goes on trying; this is for whoever has to say why it does not work."""
        self.trouble = str(error) or type(error).__name__

    async def _disconnected(self) -> None:
        if self.lost_at is None:
            self.lost_at = time.monotonic()

    async def _reconnected(self) -> None:
        self.lost_at = None
        for mirror in (self._config, self._groups, self._jobs):
            mirror.renew()
