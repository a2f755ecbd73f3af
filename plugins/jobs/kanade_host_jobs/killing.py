"""Killing executions: what HTTP asks for, in the order that lets nobody slip through."""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host_results.api import SERVICE, Executions

from kanade_host.plugin import HttpError, Request
from kanade_host_jobs.work import work_of


async def kill_executions(request: Request, exec_ids: Sequence[str]) -> None:
    """Remember them first, so that a start in between is answered. Raises `HttpError` 503; audits `kill`."""
    ctx = request.ctx
    if not exec_ids:
        return
    if not ctx.bus.connected:
        raise HttpError(503, "broker unavailable: nothing was killed; try again when it is back")
    work = work_of(ctx)
    await work.killed.remember(exec_ids)
    executions: Executions = ctx.service(SERVICE)
    await executions.kill(exec_ids, request.caller)
    work.undelivered.wake()
