"""The plugin's routes, as data."""

from __future__ import annotations

from kanade_host_jobs.api import FireAnswer

from kanade_host.plugin import HttpErrorText, Permission, Role, Route
from kanade_host.plugin.yaml import BODY_LIMIT_TEXT
from kanade_host_scheduler.asking import (
    NextQuery,
    NextTicks,
    Preview,
    State,
    StatesQuery,
    Ticking,
    TicksQuery,
    all_ticks,
    next_ticks,
    preview,
    run_now,
    states,
    ticks_of_schedule,
)
from kanade_host_scheduler.handlers import (
    PREVIEW,
    DisableQuery,
    SavedSchedule,
    delete_schedule,
    disable_schedule,
    enable_schedule,
    list_schedules,
    save_schedule,
    schedule_yaml,
)
from kanade_host_scheduler.ledger import TickRow
from kanade_host_scheduler.schedule import Schedule
from kanade_host_scheduler.schema import schedule_schema

READ = Permission("schedules.read", Role.VIEWER)
WRITE = Permission("schedules.write", Role.OPERATOR)
FIRE = Permission("schedules.fire", Role.OPERATOR)

AWAY = "the broker is away"
NONE = "no such schedule"
TAGS = ("schedules",)

ROUTES = (
    Route(
        "GET",
        "/api/schedules",
        list_schedules,
        READ,
        "All schedules, in the order of their last writes",
        response=list[Schedule],
        fresh=("kv:schedules",),
        errors={503: AWAY},
        tags=TAGS,
    ),
    Route(
        "POST",
        "/api/schedules",
        save_schedule,
        WRITE,
        "Save a schedule, as JSON or YAML",
        response=SavedSchedule,
        body="raw",
        too_large=HttpErrorText(400, BODY_LIMIT_TEXT),
        audits=("schedule_upsert",),
        errors={400: "the schedule is refused, with the reason", 503: AWAY},
        tags=TAGS,
    ),
    Route(
        "GET",
        "/api/schedules/{id}/yaml",
        schedule_yaml,
        READ,
        "A schedule's source as YAML",
        errors={404: NONE, 500: "it does not decode", 503: AWAY},
        tags=TAGS,
    ),
    Route(
        "DELETE",
        "/api/schedules/{id}",
        delete_schedule,
        WRITE,
        "Delete a schedule",
        status=204,
        audits=("schedule_delete",),
        errors={404: "the bucket is missing", 503: AWAY},
        tags=TAGS,
    ),
    Route(
        "DELETE",
        f"/api/schedules/{PREVIEW}",
        delete_schedule,
        WRITE,
        "Delete the schedule of that name",
        status=204,
        audits=("schedule_delete",),
        errors={404: "the bucket is missing", 503: AWAY},
        tags=TAGS,
    ),
    Route(
        "POST",
        "/api/schedules/{id}/disable",
        disable_schedule,
        WRITE,
        "Disable a schedule, and revoke its job where `cascade` says so",
        query=DisableQuery,
        status=204,
        audits=("schedule_disable",),
        errors={404: NONE, 503: AWAY},
        tags=TAGS,
    ),
    Route(
        "POST",
        "/api/schedules/{id}/enable",
        enable_schedule,
        WRITE,
        "Enable a schedule",
        status=204,
        audits=("schedule_enable",),
        errors={404: NONE, 503: AWAY},
        tags=TAGS,
    ),
    Route(
        "POST",
        "/api/schedules/{id}/run",
        run_now,
        FIRE,
        "Fire a schedule's plan once, now",
        response=FireAnswer,
        audits=("exec", "approval_request"),
        errors={
            202: "it waits for somebody's approval",
            400: "the plan or the job is refused, with the reason",
            404: NONE,
            409: "something stands against firing now",
            503: AWAY,
        },
        tags=TAGS,
    ),
    Route(
        "GET",
        "/api/schedules/{id}/next",
        next_ticks,
        READ,
        "When a schedule ticks next",
        query=NextQuery,
        response=NextTicks,
        errors={404: NONE, 503: AWAY},
        tags=TAGS,
    ),
    Route(
        "POST",
        f"/api/schedules/{PREVIEW}",
        preview,
        READ,
        "When any cron expression ticks, and what it means",
        request=Preview,
        response=Ticking,
        tags=TAGS,
    ),
    Route(
        "GET",
        "/api/schedules/{id}/ticks",
        ticks_of_schedule,
        READ,
        "What a schedule's ticks decided and why, newest first",
        query=TicksQuery,
        response=list[TickRow],
        fresh=("schedules",),
        tags=TAGS,
    ),
    Route(
        "GET",
        "/api/schedule-ticks",
        all_ticks,
        READ,
        "What the ticks of all schedules decided and why, newest first",
        query=TicksQuery,
        response=list[TickRow],
        fresh=("schedules",),
        tags=TAGS,
    ),
    Route(
        "GET",
        "/api/schedule-states",
        states,
        READ,
        "How each schedule stands: next tick, last decision, what is wrong with it",
        query=StatesQuery,
        response=list[State],
        fresh=("schedules",),
        tags=TAGS,
    ),
    Route(
        "GET",
        "/api/schemas/schedule.json",
        schedule_schema,
        None,
        "The JSON Schema of a schedule, for editors",
        response=dict[str, object],
        tags=TAGS,
    ),
)
