"""Exec, kill and revocation over HTTP (`contract/http-jobs.md` 2, 6.5; `contract/http-fleet.md` 11)."""

from __future__ import annotations

from typing import Any

from kanade_host_results.api import SERVICE as EXECUTIONS
from kanade_host_results.api import Executions

from kanade_host.plugin import BrokerUnavailable, HttpError, Request, Response, Role, encode
from kanade_host_jobs.api import FanoutPlan, Override, Withheld
from kanade_host_jobs.broker_limits import away
from kanade_host_jobs.killing import kill_executions
from kanade_host_jobs.revocation import ACTIVE, REVOKED
from kanade_host_jobs.work import work_of


class ExecBody(FanoutPlan, frozen=True, kw_only=True):
    """A plan. `override_freeze`: why an admin fires in spite of a freeze window."""

    override_freeze: Override = None


def override_of(request: Request) -> str | None:
    """The reason, where one is given by somebody who may. Raises `HttpError` 403."""
    reason: str | None = request.body.override_freeze
    if reason is not None and request.principal.role < Role.ADMIN:
        raise HttpError(403, "override_freeze: only an admin fires in spite of a freeze window")
    return reason


async def exec_job(request: Request) -> Any:
    """POST /api/exec/{job_id}; 202 where it waits for approval."""
    override = override_of(request)
    try:
        return await work_of(request.ctx).catalog.fire(
            request.path["job_id"], request.body, actor="operator", caller=request.caller, override=override
        )
    except Withheld as error:
        if error.answer is None:
            raise
        return Response.json(encode(error.answer), 202)


async def kill_job(request: Request) -> None:
    """POST /api/jobs/{job_id}/kill: every execution of the job that has something to kill."""
    executions: Executions = request.ctx.service(EXECUTIONS)
    await kill_executions(request, await executions.open_executions(request.path["job_id"]))


async def script_states(request: Request) -> Any:
    """GET /api/scripts/status."""
    try:
        return await work_of(request.ctx).revocation.states()
    except BrokerUnavailable as error:
        raise away(error) from None


async def revoke(request: Request) -> None:
    """POST /api/scripts/{cmd_id}/revoke."""
    await _put(request, "revoke", REVOKED)
    await work_of(request.ctx).revocation.take_back(request.path["cmd_id"])


async def unrevoke(request: Request) -> None:
    """POST /api/scripts/{cmd_id}/unrevoke."""
    await _put(request, "unrevoke", ACTIVE)


async def _put(request: Request, action: str, state: str) -> None:
    id = request.path["cmd_id"]
    try:
        await work_of(request.ctx).revocation.put(id, state)
    except BrokerUnavailable as error:
        raise HttpError(503, f"script_status KV bucket unavailable: {error}") from None
    await request.audit(action, id)
