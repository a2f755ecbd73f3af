"""Firing a job again at the PCs of an execution that ended in some way, or at some of them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from kanade_host_results.api import SERVICE, Executions, Past

from kanade_host.plugin import HttpError, Instant, Request, Response, encode
from kanade_host_jobs.api import Batches, FanoutPlan, FireAnswer, Override, Target, Withheld
from kanade_host_jobs.firing_routes import override_of
from kanade_host_jobs.work import work_of

On = Literal["done", "failed", "skipped", "timed_out", "expired", "killed", "superseded", "not_started"]
DEFAULT: tuple[On, ...] = ("failed", "timed_out", "not_started")
NAMED = 20
"""Names in a refusal; more are counted."""


class RerunBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which PCs of the execution. Both empty: those that failed, timed out, or did not start.

    `on`: how they ended; `not_started` are those that ended without a result. `pcs`: by name; with both,
    those named that ended so.
    """

    on: list[On] = []
    pcs: list[str] = []
    jitter: str | None = None
    deadline_at: Instant | None = None
    batches: Batches | None = None
    override_freeze: Override = None


class RerunAnswer(FireAnswer, frozen=True, kw_only=True):
    """As an exec answers; `rerun_of` is the execution that is repeated."""

    rerun_of: str


async def rerun(request: Request) -> Any:
    """POST /api/executions/{exec_id}/rerun: the job as it is in the catalogue now."""
    body: RerunBody = request.body
    exec_id = request.path["exec_id"]
    executions: Executions = request.ctx.service(SERVICE)
    past = await executions.past(exec_id)
    if past is None:
        raise HttpError(404, f"no execution has the id '{exec_id}'")
    if not past.ended:
        raise HttpError(
            409, "the execution has not ended: some of its PCs wait or run; kill it, or wait for its end"
        )
    pcs = chosen(past, body)
    plan = FanoutPlan(
        target=Target(pcs=pcs), jitter=body.jitter, deadline_at=body.deadline_at, batches=body.batches
    )
    status = 200
    try:
        answer = await _fired(request, past, body, plan)
    except Withheld as error:
        if error.answer is None:
            raise
        answer, status = error.answer, 202
    found: dict[str, Any] = msgspec.structs.asdict(answer) | {"rerun_of": exec_id}
    if answer.version != past.version:
        said = f"the job is version {answer.version} now; the execution ran {past.version}"
        found["warnings"] = [*(answer.warnings or []), said]
    return Response.json(encode(RerunAnswer(**found)), status)


async def _fired(request: Request, past: Past, body: RerunBody, plan: FanoutPlan) -> FireAnswer:
    return await work_of(request.ctx).catalog.fire(
        past.job_id,
        plan,
        actor="operator",
        caller=request.caller,
        noted={"rerun_of": past.exec_id, "rerun_on": list(_states(body)) or ["listed"]},
        rerun_of=past.exec_id,
        override=override_of(request),
    )


def _states(body: RerunBody) -> tuple[On, ...]:
    return tuple(body.on) or (() if body.pcs else DEFAULT)


def chosen(past: Past, body: RerunBody) -> list[str]:
    """The PCs, in byte order, each once. Raises `HttpError` 400 for strangers, 409 for nobody."""
    states = _states(body)
    everyone = {pc_id for pcs in past.pcs.values() for pc_id in pcs}
    strangers = [pc_id for pc_id in dict.fromkeys(body.pcs) if pc_id not in everyone]
    if strangers:
        more = f" and {len(strangers) - NAMED} more" if len(strangers) > NAMED else ""
        raise HttpError(
            400, f"pcs: not among the PCs of that execution: {', '.join(strangers[:NAMED])}{more}"
        )
    found = {pc_id for state in states for pc_id in past.pcs.get(state, ())} if states else everyone
    if body.pcs:
        found &= set(body.pcs)
    if not found:
        raise HttpError(409, f"nobody to run it on again: no PC of that execution is {' or '.join(states)}")
    return sorted(found)
