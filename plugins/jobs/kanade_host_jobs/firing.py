"""Firing a job: the pipeline of `contract/http-jobs.md` 2.2, with what is decided differently.

Everything that can refuse a fire does so before anything is written. Then the version pin is put (it
has to be readable before the first command arrives), and then one transaction holds the execution,
its targets, its commands and its audit record: what was answered with 200 goes out, whatever dies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from kanade_host_results.api import SERVICE, Batch, Command, Executions, Fire, StopAt

from kanade_host.plugin import (
    BadDuration,
    BadJson,
    BadShape,
    BrokerUnavailable,
    Caller,
    Context,
    HttpError,
    Instant,
    InvalidKey,
    KanadeError,
    ResourceMissing,
    whole_seconds,
)
from kanade_host_jobs.addressing import (
    Addressing,
    Fleet,
    address,
    check_names,
    check_specified,
    delays,
    waves_of,
)
from kanade_host_jobs.api import FanoutPlan, FireAnswer, Manifest, NothingToSend
from kanade_host_jobs.approvals import Approvals, Asked, Released
from kanade_host_jobs.authors import JobAuthors
from kanade_host_jobs.batching import Batching, batching
from kanade_host_jobs.broker_limits import away, check_payload
from kanade_host_jobs.command import CommandForm, request_id
from kanade_host_jobs.gate import Gate
from kanade_host_jobs.manifest import check_sources
from kanade_host_jobs.revocation import revoked_warning
from kanade_host_jobs.script_source import Script, resolve_script

if TYPE_CHECKING:
    from kanade_host_jobs.catalog import JobCatalog

MIB = 1024 * 1024
MAX_FIRE_BYTES = 256 * MIB
"""All commands of one fire, since they pass the database."""
AUDITED_SUBJECTS = 2_000
"""An audit record is one message too: more subjects are counted instead of listed."""


@dataclass(frozen=True, slots=True)
class Order:
    """A fire that nothing stands against any more."""

    manifest: Manifest
    script: Script
    exec_id: str
    addressing: Addressing
    form: CommandForm
    fired_at: Instant
    deadline_at: Instant | None
    wave_mode: bool
    batching: Batching | None = None
    revoked: str | None = None
    """What to say where agents will skip it."""

    @property
    def answer(self) -> FireAnswer:
        """What the client is told."""
        found = self.addressing.subjects
        return FireAnswer(
            exec_id=self.exec_id,
            job_id=self.manifest.id,
            version=self.manifest.version,
            target_count=len(found),
            subjects=found,
            expected=len(self.addressing.expected),
            warnings=self.warnings or msgspec.UNSET,
        )

    @property
    def reached(self) -> tuple[str, ...] | None:
        """The PCs that it reaches; None: it goes to subjects, and nobody knows whom they reach."""
        return self.addressing.expected if self.addressing.expected or not self.addressing.messages else None

    @property
    def warnings(self) -> list[str]:
        """What may not be meant."""
        empty = [f"group '{name}' has no members" for name in self.addressing.empty]
        return empty if self.revoked is None else [self.revoked, *empty]

    def commands(self) -> tuple[Command, ...]:
        """The messages, in order."""
        repeats: Counter[str] = Counter()
        found = []
        for message in self.addressing.messages:
            id = request_id(self.exec_id, message.subject, repeats[message.subject])
            repeats[message.subject] += 1
            found.append(Command(message.subject, self.form.body(id), id, message.pc_ids))
        return tuple(found)

    def batches(self) -> tuple[Batch, ...]:
        """What goes out together; none: all at once."""
        if self.batching is not None:
            return tuple(Batch(size) for size in self.batching.sizes(len(self.addressing.messages)))
        at = self.fired_at.ns
        return tuple(
            Batch(messages, Instant.from_ns(at + delay) if delay else None)
            for messages, delay in self.addressing.waves
        )

    def audit(self) -> dict[str, Any]:
        """The payload of the audit record `exec`."""
        found = self.addressing.subjects
        payload: dict[str, Any] = {
            "exec_id": self.exec_id,
            "version": self.manifest.version,
            "target_count": len(found),
            "subjects": found[:AUDITED_SUBJECTS],
            "wave_mode": self.wave_mode,
        }
        if self.batching is not None:
            payload["batches"] = len(self.batches())
        if len(found) > AUDITED_SUBJECTS:
            payload["subjects_omitted"] = len(found) - AUDITED_SUBJECTS
        return payload


class Firing:
    """Steps 1 to 12."""

    def __init__(self, ctx: Context, catalog: JobCatalog, gate: Gate) -> None:
        self._ctx, self._catalog, self.gate = ctx, catalog, gate
        self.authors = JobAuthors(ctx)
        self.approvals = Approvals(ctx, self, self.authors)

    async def fire(
        self,
        job_id: str,
        plan: FanoutPlan,
        *,
        actor: str,
        caller: Caller | None,
        supersedes: str | None,
        allow_empty: bool,
        exec_id: str,
        noted: Mapping[str, Any],
        rerun_of: str | None = None,
        override: str | None = None,
        approved: Released | None = None,
        authors: Collection[str] = (),
    ) -> FireAnswer:
        """See `Catalog.fire`. `approved`: what somebody released."""
        try:
            order = await self.prepare(job_id, plan, exec_id)
            await self.gate.check(order.reached, override)
            if approved is not None:
                await self.approvals.check(order, approved)
            if not order.addressing.messages and not allow_empty:
                raise NothingToSend(f"job '{job_id}': the target names no PC")
            if approved is None and self.approvals.needed(order.manifest):
                asked = Asked(actor, caller, supersedes, noted, rerun_of, override, authors)
                raise await self.approvals.ask(order, plan, asked)
            if override is not None:
                noted = {**noted, "override_freeze": override}
                await self.gate.remember_override(exec_id, override)
            await self._pin(order.manifest)
        except BrokerUnavailable as error:
            raise away(error) from None
        executions: Executions = self._ctx.service(SERVICE)
        await executions.fire(
            Fire(
                exec_id=order.exec_id,
                job_id=order.manifest.id,
                version=order.manifest.version,
                initiated_by=actor,
                target_count=len(order.addressing.messages),
                commands=order.commands(),
                expected=order.addressing.expected,
                deadline_at=order.deadline_at,
                supersedes=supersedes,
                audit={**noted, **order.audit()},
                caller=caller,
                batches=order.batches(),
                pause_secs=None if order.batching is None else order.batching.pause_secs,
                stop_at=StopAt() if order.batching is None else order.batching.stop_at,
                rerun_of=rerun_of,
            )
        )
        self._ctx.log.info(
            "job fired",
            job_id=job_id,
            exec_id=order.exec_id,
            commands=len(order.addressing.messages),
            expected=len(order.addressing.expected),
        )
        return order.answer

    async def prepare(self, job_id: str, plan: FanoutPlan, exec_id: str) -> Order:
        """Steps 1 to 7, and everything that could fail later; writes nothing.

        Raises `HttpError` and `BrokerUnavailable`.
        """
        manifest = await self._manifest(job_id)
        check_specified(plan)
        check_sources(manifest)
        script = await resolve_script(self._ctx, manifest)
        timeout = _seconds("timeout", manifest.execute.timeout)
        jitter = None if plan.jitter is None else _seconds("jitter", plan.jitter)
        delays(plan)
        divided = batching(plan)
        check_names(plan)
        addressing = await address(plan, self.fleet(), upstream=self._ctx.settings.upstream_subjects)
        form = CommandForm(
            manifest,
            script,
            exec_id=exec_id,
            timeout_secs=timeout,
            jitter_secs=jitter,
            deadline_at=plan.deadline_at,
        )
        self._check_size(form, len(addressing.messages))
        if divided is not None:
            divided.sizes(len(addressing.messages))
        return Order(
            manifest,
            script,
            exec_id,
            addressing,
            form,
            self._ctx.clock.now(),
            plan.deadline_at,
            wave_mode=bool(waves_of(plan)),
            batching=divided,
            revoked=await revoked_warning(self._ctx, manifest.id),
        )

    async def _manifest(self, job_id: str) -> Manifest:
        try:
            manifest = await self._catalog.get(job_id)
        except ResourceMissing:
            manifest = None
        except InvalidKey as error:
            raise HttpError(400, f"job catalog lookup: {error}") from None
        except (BadJson, BadShape) as error:
            raise HttpError(500, f"job catalog lookup: {error}") from None
        if manifest is None:
            raise HttpError(
                404,
                f"job '{job_id}' not found in catalog — "
                "register it first with `kanade job create <manifest.yaml>`",
            )
        return manifest

    def fleet(self) -> Fleet:
        """Who there is, as the other plugins know it."""
        agents = self._ctx.find("heartbeat.agents")
        groups = self._ctx.find("fleet.groups")

        async def known() -> list[str]:
            everyone: list[str] = [] if agents is None else await agents.known()
            return everyone

        return Fleet(known, None if groups is None else groups.members)

    def _check_size(self, form: CommandForm, messages: int) -> None:
        check_payload(self._ctx.bus, form.size, advice="; upload the script and name it in `script_object`")
        if form.size * messages > MAX_FIRE_BYTES:
            raise HttpError(
                413,
                f"{messages} commands of {form.size} bytes are more than {MAX_FIRE_BYTES // MIB} MiB; "
                "upload the script and name it in `script_object`, or target `all`",
            )

    async def _pin(self, manifest: Manifest) -> None:
        """Put `script_current`, which agents compare with each command.

        Only a broker that is away stands against the fire.
        """
        if not self._ctx.bus.connected:
            raise BrokerUnavailable("the broker is not connected")
        try:
            await self._ctx.bus.kv("script_current").put(manifest.id, manifest.version.encode())
        except BrokerUnavailable:
            raise
        except KanadeError as error:
            self._ctx.log.warning("the version pin was not written", job_id=manifest.id, reason=str(error))


def _seconds(name: str, text: str) -> int:
    try:
        return whole_seconds(text)
    except BadDuration as error:
        raise HttpError(400, f"invalid {name}: {error}") from None
