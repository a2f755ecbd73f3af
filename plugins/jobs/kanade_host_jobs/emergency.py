"""The emergency stop over HTTP: pause everything, kill what runs, take back what was not delivered."""

from __future__ import annotations

from typing import Annotated

import msgspec
from kanade_host_results.api import SERVICE, Executions, Hold

from kanade_host.plugin import BrokerUnavailable, HttpError, Instant, KanadeError, Request, encode
from kanade_host_jobs.broker_limits import away
from kanade_host_jobs.killing import kill_executions
from kanade_host_jobs.work import work_of

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class WithReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why, for those who find everything standing still."""

    reason: Reason


class EmergencyState(msgspec.Struct, frozen=True, kw_only=True):
    """`paused`: nothing fires, and no command goes out. `open`: executions that have something to kill."""

    paused: bool
    since: Instant | None = None
    by: str | None = None
    reason: str | None = None
    open: int


class Killed(msgspec.Struct, frozen=True):
    """How many executions were sent a kill."""

    executions: int


class Cleared(msgspec.Struct, frozen=True):
    """What was taken back: executions, their targets, and messages that left the stream."""

    executions: int
    targets: int
    messages: int


async def state(request: Request) -> EmergencyState:
    """GET /api/emergency."""
    executions: Executions = request.ctx.service(SERVICE)
    return _state(await executions.held(), len(await executions.all_open()))


async def pause(request: Request) -> EmergencyState:
    """POST /api/emergency/pause: from now on nothing fires; what was promised waits. Needs no broker."""
    executions: Executions = request.ctx.service(SERVICE)
    held = await executions.hold(request.body.reason, request.caller)
    request.ctx.log.warning("everything is paused", by=held.by, reason=held.reason)
    return _state(held, len(await executions.all_open()))


async def resume(request: Request) -> EmergencyState:
    """POST /api/emergency/resume: what was held goes out now, whatever is due."""
    executions: Executions = request.ctx.service(SERVICE)
    ended = await executions.resume(request.caller)
    if ended is None:
        raise HttpError(409, "nothing is paused")
    request.ctx.log.warning("the pause has ended", by=request.caller.sub)
    return _state(None, len(await executions.all_open()))


def _state(held: Hold | None, found: int) -> EmergencyState:
    if held is None:
        return EmergencyState(paused=False, open=found)
    return EmergencyState(paused=True, since=held.since, by=held.by, reason=held.reason, open=found)


# -- killing -----------------------------------------------------------------------------------


async def kill_all(request: Request) -> Killed:
    """POST /api/emergency/kill: every execution that has something to kill."""
    executions: Executions = request.ctx.service(SERVICE)
    found = await executions.all_open()
    await kill_executions(request, found)
    await request.audit("emergency_kill", None, {"executions": len(found), "reason": request.body.reason})
    return Killed(len(found))


async def kill_one(request: Request) -> None:
    """POST /api/executions/{exec_id}/kill; one that has ended is killed all the same: a PC may be late."""
    exec_id = request.path["exec_id"]
    executions: Executions = request.ctx.service(SERVICE)
    if not await executions.exists(exec_id):
        raise HttpError(404, f"no execution has the id '{exec_id}'")
    await kill_executions(request, [exec_id])


async def stop_one(request: Request) -> None:
    """POST /api/executions/{exec_id}/stop: no further wave or batch; who began goes on."""
    exec_id = request.path["exec_id"]
    executions: Executions = request.ctx.service(SERVICE)
    if not await executions.exists(exec_id):
        raise HttpError(404, f"no execution has the id '{exec_id}'")
    if not await executions.stop_batches(exec_id, f"stopped: {request.body.reason}", request.caller):
        raise HttpError(409, "nothing to stop: no wave or batch of that execution waits to go out")
    work_of(request.ctx).undelivered.wake()


# -- clearing ----------------------------------------------------------------------------------


class _StreamState(msgspec.Struct):
    last_seq: int


async def clear(request: Request) -> Cleared:
    """POST /api/emergency/clear: no command that a PC has not received will ever reach it.

    The stream is purged to where it stood before the executions were told: what is fired meanwhile lies
    beyond, or is told too and deleted message by message.
    """
    ctx = request.ctx
    if not ctx.bus.connected:
        raise HttpError(503, "broker unavailable: nothing was taken back; try again when it is back")
    executions: Executions = ctx.service(SERVICE)
    reason = f"cleared: {request.body.reason}"
    try:
        info = await ctx.bus.api("STREAM.INFO.EXEC")
        last = msgspec.convert(info["state"], _StreamState, strict=False).last_seq
        told, targets = await executions.clear(reason, request.caller)
        work_of(ctx).undelivered.wake()
        purged = await ctx.bus.api("STREAM.PURGE.EXEC", encode({"seq": last + 1})) if last else {}
    except BrokerUnavailable as error:
        raise away(error) from None
    except KanadeError as error:
        raise HttpError(
            503, f"the stream EXEC could not be purged: {error}; the executions are told; try again"
        ) from None
    return Cleared(told, targets, int(purged.get("purged", 0)))
