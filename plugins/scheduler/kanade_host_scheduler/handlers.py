"""Schedules over HTTP, as kanade-backend has them (`contract/http-jobs.md` 7, `contract/scheduler.md` 10)."""

from __future__ import annotations

import asyncio

import msgspec
from kanade_host_jobs.api import Catalog

from kanade_host.plugin import (
    BrokerUnavailable,
    HttpError,
    KanadeError,
    Request,
    ResourceMissing,
    Response,
)
from kanade_host_scheduler.schedule import check_saved, decode_body, warnings
from kanade_host_scheduler.store import away
from kanade_host_scheduler.ticks import JOBS
from kanade_host_scheduler.work import work_of

REVOKED = b"REVOKED"
SMALL = 16_384
PREVIEW = "preview"
"""A schedule may be called that, although a route is."""


async def list_schedules(request: Request) -> Response:
    """GET /api/schedules."""
    try:
        listed = await work_of(request.ctx).store.listed()
    except BrokerUnavailable as error:
        raise away(error) from None
    return Response.json(b"[" + b",".join(listed) + b"]")


class SavedSchedule(msgspec.Struct):
    """What a client is told that saved a schedule; `warnings` only where there are some."""

    id: str
    cron: str
    enabled: bool
    job_id: str
    warnings: list[str] | msgspec.UnsetType = msgspec.UNSET


async def save_schedule(request: Request) -> SavedSchedule:
    """POST /api/schedules: an upsert."""
    content_type = request.headers.get("content-type")
    if len(request.body) <= SMALL:
        document = decode_body(content_type, request.body)
    else:
        document = await asyncio.to_thread(decode_body, content_type, request.body)
    schedule = document.value
    rhythm = check_saved(schedule)
    catalog: Catalog = request.ctx.service(JOBS)
    catalog.check_batches(schedule.plan)
    work = work_of(request.ctx)
    await work.store.check_there(schedule.id)
    await work.authors.save(schedule.id, request.caller, lambda: work.store.put(schedule))
    await work.store.mirror(document)
    payload = {"cron": schedule.cron, "enabled": schedule.enabled, "job_id": schedule.job_id}
    await request.audit("schedule_upsert", schedule.id, payload)
    said = warnings(document, rhythm, request.ctx.clock.now())
    said += await _job_warning(request, schedule.job_id)
    return SavedSchedule(
        schedule.id, schedule.cron, schedule.enabled, schedule.job_id, warnings=said or msgspec.UNSET
    )


async def _job_warning(request: Request, job_id: str) -> list[str]:
    catalog: Catalog = request.ctx.service(JOBS)
    try:
        known = await catalog.get(job_id) is not None
    except KanadeError as error:
        return [f"job_id: job '{job_id}' cannot be read: {error}"]
    return [] if known else [f"job_id: job '{job_id}' is not in the catalog; nothing is fired until it is"]


async def schedule_yaml(request: Request) -> Response:
    """GET /api/schedules/{id}/yaml."""
    id = request.path["id"]
    text = await work_of(request.ctx).store.source(id)
    if text is None:
        raise HttpError(404, f"schedule '{id}' not found")
    return Response(text.encode(), content_type="application/yaml")


async def delete_schedule(request: Request) -> None:
    """DELETE /api/schedules/{id}; an unknown id is as good as deleted."""
    id = request.path.get("id", PREVIEW)
    await work_of(request.ctx).store.remove(id)
    await request.audit("schedule_delete", id, {})


class DisableQuery(msgspec.Struct, frozen=True):
    """`cascade`: revoke the schedule's job too, for everybody."""

    cascade: bool = False


async def disable_schedule(request: Request) -> None:
    """POST /api/schedules/{id}/disable."""
    id, cascade = request.path["id"], request.query.cascade
    schedule = await work_of(request.ctx).store.switch(id, False)
    if cascade:
        await _revoke(request, schedule.job_id)
    await request.audit("schedule_disable", id, {"cascade": cascade, "job_id": schedule.job_id})


async def _revoke(request: Request, job_id: str) -> None:
    """Block the job; the schedule is disabled by now and stays so."""
    try:
        await request.ctx.bus.kv("script_status").put(job_id, REVOKED)
    except BrokerUnavailable as error:
        raise away(error) from None
    except ResourceMissing as error:
        raise HttpError(503, f"script_status bucket missing: {error}") from None
    except KanadeError as error:
        raise HttpError(500, f"script_status put: {error}") from None
    request.ctx.changed("kv:script_status", job_id)
    catalog: Catalog = request.ctx.service(JOBS)
    await catalog.take_back(job_id)


async def enable_schedule(request: Request) -> None:
    """POST /api/schedules/{id}/enable."""
    id = request.path["id"]
    schedule = await work_of(request.ctx).store.switch(id, True)
    await request.audit("schedule_enable", id, {"job_id": schedule.job_id})
