"""Commands: from the message to the result (`contract/clients.md` 4.4)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError

from kanade_host.plugin import BadJson, BadShape, Decoder, decode, encode
from kanade_host_simulator.agent import Agent
from kanade_host_simulator.dice import dice
from kanade_host_simulator.gate import Pins, Skip, check
from kanade_host_simulator.lookups import Lookups
from kanade_host_simulator.messages import Command, Inventory, Manifest, lenient
from kanade_host_simulator.options import FleetOptions
from kanade_host_simulator.outcomes import INLINE_BYTES, outcome_of
from kanade_host_simulator.results import Result, fill, new_result
from kanade_host_simulator.tasks import Tasks
from kanade_host_simulator.wire import Wire

_manifests = Decoder(Manifest)
_Killed = asyncio.Future[bool]


class Runs:
    """Handles commands of all agents. `job` answers the stored document of that id."""

    def __init__(
        self,
        options: FleetOptions,
        js: JetStreamContext,
        wire: Wire,
        job: Callable[[str], bytes | None],
        pins: Lookups,
    ) -> None:
        self._options, self._js, self._wire, self._job, self._pins = options, js, wire, job, pins
        self._killable: defaultdict[str, set[_Killed]] = defaultdict(set)
        self._tasks = Tasks()
        self._scripts: dict[str, str] = {}

    def accept(self, agents: Iterable[Agent], command: Command) -> None:
        """Start the command on those agents that have not seen it."""
        new = [agent for agent in agents if agent.online and agent.is_new(command.request_id)]
        if new:
            self._tasks.spawn(self._gate(new, command))

    def kill(self, exec_id: str) -> None:
        """Kills what runs; what has not started yet misses it, as on real agents."""
        for run in self._killable.get(exec_id, ()):
            _end(run, killed=True)

    async def stop(self) -> None:
        await self._tasks.end()

    async def _gate(self, agents: list[Agent], command: Command) -> None:
        current, status = await asyncio.gather(
            self._pins.get("script_current", command.id), self._pins.get("script_status", command.id)
        )
        pins = Pins(_text(current), _text(status))
        ready = []
        for agent in agents:
            skip = check(command, pins, agent.now())
            if skip is None:
                ready.append(agent)
            else:
                self._skipped(agent, command, skip)
        script = await self._script(command) if ready else None
        if script is None:
            return  # no started event, no result: the execution stays open
        for agent in ready:
            self._tasks.spawn(self._run(agent, command, script))

    async def _script(self, command: Command) -> str | None:
        """The script's text; None when its object is missing or not what the command says it is."""
        if command.script or command.script_object is None:
            return command.script
        digest = command.script_object_sha256
        if digest is None:
            return None
        if digest not in self._scripts:
            try:
                store = await self._js.object_store("scripts")
                data = (await store.get(command.script_object)).data or b""
            except (nats.errors.Error, JetStreamError, TimeoutError):
                return None
            if hashlib.sha256(data).hexdigest() != digest or len(data) > 4 * 1024 * 1024:
                return None
            self._scripts[digest] = data.decode(errors="replace")
        return self._scripts[digest]

    async def _run(self, agent: Agent, command: Command, script: str) -> None:
        agent.running += 1
        try:
            rolls = dice(self._options.seed, agent.pc_id, command.request_id)
            if command.jitter_secs is not None and command.jitter_secs > 1:
                await asyncio.sleep(rolls.randrange(command.jitter_secs))
            result = new_result(agent, command)
            self._started(agent, command, result)
            outcome = outcome_of(self._options, agent, command, script, self._inventory_of(command))
            limit = max(1, command.timeout_secs)
            killed = await self._wait(command, min(outcome.seconds, limit))
            fill(result, command, outcome, killed=killed)
            result.finished_at = max(agent.now(), result.started_at)
            self._forward_events(agent, command, result)
            await self._overflow(agent, command, result)
            self._send(agent, command, result)
        finally:
            agent.running -= 1

    async def _wait(self, command: Command, seconds: float) -> bool:
        """Whether it was killed before its time."""
        loop = asyncio.get_running_loop()
        run: _Killed = loop.create_future()
        timer = loop.call_later(seconds, _end, run)
        exec_id = command.execution
        if exec_id is not None:
            self._killable[exec_id].add(run)
        try:
            return await run
        finally:
            timer.cancel()
            if exec_id is not None:
                self._killable[exec_id].discard(run)
                if not self._killable[exec_id]:
                    del self._killable[exec_id]

    def _forward_events(self, agent: Agent, command: Command, result: Result) -> None:
        if command.emit is None or result.exit_code != 0:
            return
        for line in filter(str.strip, result.stdout.splitlines()):
            try:
                event = decode(dict, line.encode())
            except (BadJson, BadShape):
                continue
            body = encode(event | {"pc_id": agent.pc_id})
            self._wire.send(agent, "events", f"obs.{agent.pc_id}", body, stream=True)
        result.stdout = ""

    async def _overflow(self, agent: Agent, command: Command, result: Result) -> None:
        data = result.stdout.encode()
        while len(data) > INLINE_BYTES:
            with contextlib.suppress(nats.errors.Error, JetStreamError, TimeoutError):
                store = await self._js.object_store("result_output")
                await store.put(f"{command.request_id}/stdout", data)
                result.stdout, result.stdout_object = "", f"{command.request_id}/stdout"
                self._wire.counts["overflowed"] += 1
                return
            await asyncio.sleep(2)

    def _inventory_of(self, command: Command) -> Inventory | None:
        body = self._job(command.id)
        manifest = lenient(_manifests, body) if body is not None else None
        return manifest.inventory if manifest is not None else None

    def _skipped(self, agent: Agent, command: Command, skip: Skip) -> None:
        result = new_result(agent, command)
        result.exit_code, result.stderr = skip.exit_code, skip.stderr
        self._wire.counts["skipped"] += 1
        self._send(agent, command, result)

    def _started(self, agent: Agent, command: Command, result: Result) -> None:
        if command.execution is None:
            return
        body = {
            "result_id": result.result_id,
            "request_id": command.request_id,
            "exec_id": command.execution,
            "pc_id": agent.pc_id,
            "started_at": result.started_at,
            "manifest_id": command.id,
            "version": command.version,
        }
        subject = f"events.started.{command.execution}.{agent.pc_id}"
        self._wire.send(agent, "started", subject, encode(body), stream=True, lane=command.request_id)

    def _send(self, agent: Agent, command: Command, result: Result) -> None:
        subject = f"results.{command.request_id}"
        body, lane = encode(result), command.request_id
        self._wire.send(agent, "results", subject, body, stream=True, lane=lane, last=True)


def _end(run: _Killed, killed: bool = False) -> None:
    if not run.done():
        run.set_result(killed)


def _text(body: bytes | None) -> str | None:
    return body.decode(errors="replace") if body is not None else None
