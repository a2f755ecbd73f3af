"""What agents send by themselves: heartbeats, samples, events; and when they are away."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from nats.js import JetStreamContext

from kanade_host.plugin import encode
from kanade_host_simulator.agent import Agent
from kanade_host_simulator.dice import dice
from kanade_host_simulator.layers import Effective, effective
from kanade_host_simulator.observed import next_event
from kanade_host_simulator.options import FleetOptions
from kanade_host_simulator.replay import catch_up, last_sequence
from kanade_host_simulator.tasks import Tasks
from kanade_host_simulator.telemetry import heartbeat, host_perf, process_perf
from kanade_host_simulator.ticker import Ticker
from kanade_host_simulator.wire import Wire

AWAY_SECONDS = (20.0, 100.0)
SHORTEST = 0.2
_Deliver = Callable[[Agent, str, bytes], None]


class Reporting:
    """Cadences of all agents, in one ticker."""

    def __init__(
        self, options: FleetOptions, js: JetStreamContext, wire: Wire, ticker: Ticker, deliver: _Deliver
    ) -> None:
        self._options, self._js, self._wire, self._ticker, self._deliver = options, js, wire, ticker, deliver
        self._configured: dict[str, Effective] = {}
        self._first_record = int(time.time())
        self._tasks = Tasks()

    def begin(self, agents: list[Agent]) -> None:
        """Heartbeats at once; samples and events spread over their first interval."""
        for agent in agents:
            rolls = dice(self._options.seed, agent.pc_id, "begin")
            if rolls.random() < self._options.odds.offline:
                self._leave(agent, rolls.uniform(*AWAY_SECONDS))
            self._ticker.add(0.0, partial(self._beat, agent, agent.beat_turn))
            self._ticker.add(rolls.uniform(0.0, 2.0), partial(self._sample, agent, agent.sample_turn))
            if self._options.events_per_hour > 0:
                self._ticker.add(rolls.uniform(0.0, 30.0), partial(self._event, agent))

    def configure(self, agent: Agent, stored: Mapping[str, bytes], groups: list[str]) -> None:
        """Take over what the layers say now; a changed cadence fires at once (`contract/clients.md` 4.3)."""
        found = effective(stored, agent.pc_id, groups)
        if found == self._configured.get(agent.pc_id, Effective()):
            return
        self._configured[agent.pc_id] = found
        if found.heartbeat != agent.heartbeat_every:
            agent.heartbeat_every = found.heartbeat
            agent.beat_turn += 1
            if found.heartbeat > 0:  # "0s" ends the heartbeats, as on real agents
                self._ticker.add(0.0, partial(self._beat, agent, agent.beat_turn))
        if found.sample != agent.sample_every:
            agent.sample_every = found.sample
            agent.sample_turn += 1
            agent.samples = 0
            if found.sample > 0:
                self._ticker.add(0.0, partial(self._sample, agent, agent.sample_turn))

    async def stop(self) -> None:
        await self._tasks.end()

    # -- ticks -------------------------------------------------------------------------------

    def _beat(self, agent: Agent, turn: int) -> float | None:
        if turn != agent.beat_turn:
            return None
        interval = max(SHORTEST, agent.heartbeat_every / self._options.rate)
        self._presence(agent, interval)
        if agent.online:
            body = encode(heartbeat(agent, self._options.seed))
            self._wire.send(agent, "heartbeats", f"heartbeat.{agent.pc_id}", body, stream=False)
            return interval
        return min(interval, max(SHORTEST, agent.back_at - time.monotonic()))

    def _sample(self, agent: Agent, turn: int) -> float | None:
        if turn != agent.sample_turn:
            return None
        if agent.online:
            body = encode(host_perf(agent, self._options.seed))
            self._wire.send(agent, "samples", f"host_perf.{agent.pc_id}", body, stream=False)
            configured = self._configured.get(agent.pc_id, Effective())
            if configured.processes_at(agent.now()):
                rows = encode(process_perf(agent, self._options.seed, configured.top))
                self._wire.send(agent, "processes", f"process_perf.{agent.pc_id}", rows, stream=False)
        return max(SHORTEST, agent.sample_every / self._options.rate)

    def _event(self, agent: Agent) -> float | None:
        if agent.online:
            self._send_event(agent)
        rolls = dice(self._options.seed, agent.pc_id, "next event", agent.events)
        return max(1.0, rolls.expovariate(self._options.events_per_hour / 3600))

    def _send_event(self, agent: Agent) -> None:
        body = encode(next_event(agent, self._options.seed, self._first_record * 1000))
        self._wire.send(agent, "events", f"obs.{agent.pc_id}", body, stream=True)

    # -- away and back -----------------------------------------------------------------------

    def _presence(self, agent: Agent, interval: float) -> None:
        share = self._options.odds.offline
        if not agent.online and time.monotonic() >= agent.back_at:
            self._return(agent)
        elif agent.online and share > 0 and agent.beats and not agent.running:
            rolls = dice(self._options.seed, agent.pc_id, "leave", agent.beats)
            mean = sum(AWAY_SECONDS) / 2
            if share >= 1 or rolls.random() < share / (1 - share) * interval / mean:
                self._leave(agent, rolls.uniform(*AWAY_SECONDS))

    def _leave(self, agent: Agent, seconds: float) -> None:
        self._wire.counts["left"] += 1
        agent.online = False
        agent.back_at = time.monotonic() + seconds
        if not agent.replays:
            self._tasks.spawn(self._remember_place(agent))

    async def _remember_place(self, agent: Agent) -> None:
        agent.away_at = await last_sequence(self._js)

    def _return(self, agent: Agent) -> None:
        agent.online = True
        if agent.away_at is not None:
            subjects = ["commands.all", f"commands.pc.{agent.pc_id}"]
            self._tasks.spawn(catch_up(self._js, agent, subjects, self._deliver))
