"""The plugin's routes, as data."""

from __future__ import annotations

from kanade_host.plugin import HttpErrorText, Permission, Role, Route
from kanade_host.plugin.yaml import BODY_LIMIT_TEXT
from kanade_host_jobs import emergency
from kanade_host_jobs.api import FireAnswer
from kanade_host_jobs.approval_routes import approval_routes
from kanade_host_jobs.catalog_routes import ListedJob, SavedJob, delete_job, job_yaml, list_jobs, save_job
from kanade_host_jobs.firing_routes import ExecBody, exec_job, kill_job, revoke, script_states, unrevoke
from kanade_host_jobs.freeze_routes import freeze_routes
from kanade_host_jobs.preview import Preview, PreviewQuery, preview
from kanade_host_jobs.rerun import RerunAnswer, RerunBody, rerun
from kanade_host_jobs.run import RunBody, RunResult, run
from kanade_host_jobs.schema import manifest_schema

READ = Permission("jobs.read", Role.VIEWER)
WRITE = Permission("jobs.write", Role.OPERATOR)
FIRE = Permission("jobs.fire", Role.OPERATOR)

EMERGENCY = Permission("jobs.emergency", Role.OPERATOR)

AWAY = "the broker is away"
WAITS = "it waits for somebody's approval; nothing was fired yet"
ADMINS = "only an admin fires in spite of a freeze window"
HELD = "something stands against firing now, with the reason"
REFUSED = {
    400: "the plan or the job is refused, with the reason",
    404: "no such job, or no such script object",
    413: "the command is larger than the broker takes",
    503: AWAY,
}

ROUTES = (
    Route(
        "GET",
        "/api/jobs",
        list_jobs,
        READ,
        "All jobs of the catalogue, by id, with what is running of them",
        response=list[ListedJob],
        fresh=("jobs", "kv:jobs", "executions"),
        errors={503: AWAY},
        tags=("jobs",),
    ),
    Route(
        "POST",
        "/api/jobs",
        save_job,
        WRITE,
        "Save a job, as JSON or YAML",
        response=SavedJob,
        body="raw",
        too_large=HttpErrorText(400, BODY_LIMIT_TEXT),
        audits=("job_upsert",),
        errors={400: "the manifest is refused, with the reason", 413: "too large", 503: AWAY},
        tags=("jobs",),
    ),
    Route(
        "GET",
        "/api/jobs/{id}/yaml",
        job_yaml,
        READ,
        "A job's source as YAML",
        errors={404: "no such job", 500: "it does not decode", 503: AWAY},
        tags=("jobs",),
    ),
    Route(
        "DELETE",
        "/api/jobs/{id}",
        delete_job,
        WRITE,
        "Revoke and delete a job",
        status=204,
        audits=("job_delete", "job_delete_failed_post_revoke"),
        errors={409: "a schedule names it", 503: AWAY},
        tags=("jobs",),
    ),
    Route(
        "POST",
        "/api/jobs/{job_id}/kill",
        kill_job,
        FIRE,
        "Kill every execution of a job",
        status=204,
        audits=("kill",),
        errors={503: AWAY},
        tags=("jobs",),
    ),
    Route(
        "GET",
        "/api/schemas/manifest.json",
        manifest_schema,
        None,
        "The JSON Schema of a job, for editors",
        response=dict[str, object],
        tags=("jobs",),
    ),
    Route(
        "POST",
        "/api/exec/{job_id}",
        exec_job,
        FIRE,
        "Fire a job at PCs, groups or all",
        request=ExecBody,
        response=FireAnswer,
        audits=("exec", "approval_request"),
        errors=REFUSED | {202: WAITS, 403: ADMINS, 409: HELD},
        tags=("jobs",),
    ),
    Route(
        "POST",
        "/api/exec/{job_id}/preview",
        preview,
        FIRE,
        "What a fire would do now: which PCs, and what stands against it; nothing is fired",
        request=ExecBody,
        query=PreviewQuery,
        response=Preview,
        errors=REFUSED,
        tags=("jobs",),
    ),
    Route(
        "POST",
        "/api/executions/{exec_id}/rerun",
        rerun,
        FIRE,
        "Fire the job again at PCs of an execution that has ended",
        request=RerunBody,
        response=RerunAnswer,
        audits=("exec", "approval_request"),
        errors=REFUSED
        | {202: WAITS, 403: ADMINS}
        | {404: "no such execution, or its job is gone", 409: f"it has not ended, or {HELD}"},
        tags=("executions",),
    ),
    Route(
        "POST",
        "/api/executions/{exec_id}/kill",
        emergency.kill_one,
        FIRE,
        "Kill one execution",
        status=204,
        audits=("kill",),
        errors={404: "no such execution", 503: AWAY},
        tags=("executions",),
    ),
    Route(
        "POST",
        "/api/executions/{exec_id}/stop",
        emergency.stop_one,
        FIRE,
        "Stop an execution's waves or batches: what nobody has received is taken back, who began goes on",
        request=emergency.WithReason,
        status=204,
        audits=("execution_stop",),
        errors={404: "no such execution", 409: "nothing to stop"},
        tags=("executions",),
    ),
    Route(
        "GET",
        "/api/emergency",
        emergency.state,
        READ,
        "Whether everything is paused, and how much runs",
        response=emergency.EmergencyState,
        fresh=("emergency", "executions", "results"),
        tags=("emergency",),
    ),
    Route(
        "POST",
        "/api/emergency/pause",
        emergency.pause,
        EMERGENCY,
        "Pause everything: nothing fires and no command goes out until resumed",
        request=emergency.WithReason,
        response=emergency.EmergencyState,
        audits=("emergency_pause",),
        tags=("emergency",),
    ),
    Route(
        "POST",
        "/api/emergency/resume",
        emergency.resume,
        EMERGENCY,
        "End the pause: what was held goes out",
        response=emergency.EmergencyState,
        audits=("emergency_resume",),
        errors={409: "nothing is paused"},
        tags=("emergency",),
    ),
    Route(
        "POST",
        "/api/emergency/kill",
        emergency.kill_all,
        EMERGENCY,
        "Kill everything that runs or waits",
        request=emergency.WithReason,
        response=emergency.Killed,
        audits=("kill", "emergency_kill"),
        errors={503: AWAY},
        tags=("emergency",),
    ),
    Route(
        "POST",
        "/api/emergency/clear",
        emergency.clear,
        EMERGENCY,
        "Take back every command that was not delivered",
        request=emergency.WithReason,
        response=emergency.Cleared,
        audits=("emergency_clear",),
        errors={503: AWAY},
        tags=("emergency",),
    ),
    Route(
        "POST",
        "/api/run",
        run,
        FIRE,
        "Run one script on one PC and wait for its result",
        request=RunBody,
        response=RunResult,
        time_limit=None,
        audits=("run",),
        errors={
            400: "unknown shell, or a name that can be no subject",
            408: "no result in time",
            409: HELD,
            413: "the script is larger than the broker takes",
            503: AWAY,
        },
        tags=("jobs",),
    ),
    Route(
        "GET",
        "/api/scripts/status",
        script_states,
        READ,
        "Which jobs are revoked",
        response=dict[str, str],
        fresh=("kv:script_status",),
        errors={503: AWAY},
        tags=("scripts",),
    ),
    Route(
        "POST",
        "/api/scripts/{cmd_id}/revoke",
        revoke,
        WRITE,
        "Revoke a job: agents skip its commands",
        status=204,
        audits=("revoke",),
        errors={503: AWAY},
        tags=("scripts",),
    ),
    Route(
        "POST",
        "/api/scripts/{cmd_id}/unrevoke",
        unrevoke,
        WRITE,
        "Let agents run a revoked job again",
        status=204,
        audits=("unrevoke",),
        errors={503: AWAY},
        tags=("scripts",),
    ),
    *freeze_routes(READ, WRITE),
    *approval_routes(READ, FIRE),
)
