"""The catalogue over HTTP (`contract/http-jobs.md` 6, `contract/manifest.md` 13)."""

from __future__ import annotations

import msgspec
from kanade_host_results.api import SERVICE as EXECUTIONS
from kanade_host_results.api import Executions

from kanade_host.plugin import (
    BadJson,
    BadShape,
    BrokerUnavailable,
    Context,
    HttpError,
    InvalidKey,
    KanadeError,
    Request,
    ResourceMissing,
    Response,
    decode,
)
from kanade_host_jobs.api import Manifest
from kanade_host_jobs.aside import aside
from kanade_host_jobs.broker_limits import away
from kanade_host_jobs.explode import check_tables
from kanade_host_jobs.manifest import check_saved, decode_body, warnings
from kanade_host_jobs.pinning import pin_saved
from kanade_host_jobs.revocation import BUCKET as STATUS
from kanade_host_jobs.revocation import REVOKED, revoked_warning
from kanade_host_jobs.work import work_of


class Live(msgspec.Struct):
    """How many executions of a job are under way."""

    running: int
    pending: int


class ListedJob(Manifest, frozen=True, kw_only=True):
    """A job as the list has it."""

    live: Live


async def list_jobs(request: Request) -> Response:
    """GET /api/jobs."""
    try:
        listed = await work_of(request.ctx).catalog.listed()
    except BrokerUnavailable as error:
        raise away(error) from None
    counts = await _live_counts(request.ctx)
    jobs = []
    for id, stored in listed:
        running, pending = counts.get(id, (0, 0))
        jobs.append(b'%s,"live":{"running":%d,"pending":%d}}' % (stored[:-1], running, pending))
    return Response.json(b"[" + b",".join(jobs) + b"]")


async def _live_counts(ctx: Context) -> dict[str, tuple[int, int]]:
    executions: Executions = ctx.service(EXECUTIONS)
    try:
        return await executions.live_counts()
    except KanadeError as error:
        ctx.log.warning("the live counts of jobs are missing", reason=str(error))
        return {}


class SavedJob(msgspec.Struct):
    """What a client is told that saved a job; `warnings` only where there are some."""

    id: str
    version: str
    description: str | None
    inventory: bool
    warnings: list[str] | msgspec.UnsetType = msgspec.UNSET


async def save_job(request: Request) -> SavedJob:
    """POST /api/jobs."""
    body = await aside(decode_body, request.headers.get("content-type"), request.body)
    manifest = body.manifest
    check_saved(manifest)
    if manifest.inventory is not None and manifest.inventory.explode:
        await check_tables(request.ctx, manifest.inventory.explode)
    try:
        await work_of(request.ctx).catalog.save(body, request.caller)
    except BrokerUnavailable as error:
        raise away(error) from None
    if request.ctx.settings.pin_on_save:
        await pin_saved(request.ctx, manifest)
    hinted = manifest.inventory is not None
    await request.audit("job_upsert", manifest.id, {"version": manifest.version, "inventory": hinted})
    revoked = await revoked_warning(request.ctx, manifest.id)
    said = [*warnings(body), *([revoked] if revoked else [])]
    return SavedJob(
        manifest.id, manifest.version, manifest.description, hinted, warnings=said or msgspec.UNSET
    )


async def job_yaml(request: Request) -> Response:
    """GET /api/jobs/{id}/yaml."""
    id = request.path["id"]
    try:
        text = await work_of(request.ctx).catalog.source(id)
    except BrokerUnavailable as error:
        raise away(error) from None
    if text is None:
        raise HttpError(404, f"job '{id}' not found")
    return Response(text.encode(), content_type="application/yaml")


async def delete_job(request: Request) -> None:
    """DELETE /api/jobs/{id}: refused while a schedule names it, then revoked, then deleted."""
    id = request.path["id"]
    try:
        await _delete(request, id)
    except BrokerUnavailable as error:
        raise away(error) from None


async def _delete(request: Request, id: str) -> None:
    await _refuse_scheduled(request.ctx, id)
    revoke = await _has_existed(request.ctx, id)
    work = work_of(request.ctx)
    if revoke:
        try:
            await work.revocation.put(id, REVOKED)
        except HttpError as error:
            raise HttpError(500, f"script_status put: {error.text}") from None
        try:
            await work.catalog.remove(id)
        except KanadeError as error:
            await _half_done(request, id, error)
        await work.revocation.take_back(id)
        await work.authors.forget(id)
    await request.audit("job_delete", id, {"cascade_revoke": revoke})
    late = await _scheduled(request.ctx, id)
    if late is not None:
        request.ctx.log.warning(
            "a schedule was made for a job while it was deleted", job_id=id, schedule=late
        )


async def _half_done(request: Request, id: str, error: KanadeError) -> None:
    """The job is revoked, and still there. Raises `HttpError`."""
    await request.audit("job_delete_failed_post_revoke", id, {"cascade_revoke": True, "error": str(error)})
    raise HttpError(
        500, f"kv delete: {error}; script_status.{id} is already REVOKED — `kanade unrevoke {id}` to recover"
    )


async def _refuse_scheduled(ctx: Context, id: str) -> None:
    schedule = await _scheduled(ctx, id)
    if schedule is not None:
        raise HttpError(409, f"job '{id}' is referenced by schedule '{schedule}'; remove the schedule first")


class _Schedule(msgspec.Struct):
    """As little as says whether an entry of the bucket names a job."""

    job_id: str


async def _scheduled(ctx: Context, id: str) -> str | None:
    """The first schedule that names the job, in the order of their last writes. `BrokerUnavailable`."""
    try:
        entries = await ctx.bus.kv("schedules").entries()
    except ResourceMissing:
        return None
    for entry in entries:
        try:
            if decode(_Schedule, entry.value or b"").job_id == id:
                return entry.key
        except (BadJson, BadShape):
            continue
    return None


async def _has_existed(ctx: Context, id: str) -> bool:
    """Whether the job is there, or was: an id that never existed leaves no REVOKED behind."""
    try:
        status = await ctx.bus.kv(STATUS).get(id)
    except ResourceMissing as error:
        raise HttpError(503, f"script_status bucket missing: {error}") from None
    except InvalidKey as error:
        raise HttpError(400, f"script_status put: {error}") from None
    try:
        entry = await ctx.bus.kv("jobs").get(id)
    except ResourceMissing:
        raise HttpError(404, "jobs bucket missing") from None
    return entry is not None or status is not None
