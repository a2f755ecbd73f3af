"""Each route that changes something is really called, and its record is looked for in the stream AUDIT.

A route that somebody adds fails here until the table says how it is called and which record it leaves.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fuzzing.world import JOBS, SCHEDULE, SILENT, form, make, now
from kanade_host_simulator.binary import agent_binary

INSTALLED = sorted(found.name for found in entry_points(group="kanade_host.plugins"))
PLUGINS = Path(__file__).parents[2] / "plugins"
PASSWORD = "adminadmin"

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.kanade(plugins=INSTALLED, environment={"KANADE_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD}),
]


class Step(NamedTuple):
    """One call. `path`: with `$NAME` of what `make` found or a step before answered; `token` likewise."""

    route: str
    path: str
    body: Any
    actor: str
    action: str
    target: str | None
    status: int = 200
    token: str | None = None


OTHER = {"username": "walter", "password": "long enough", "role": "viewer"}
FIRST = {"username": "admin", "password": PASSWORD}
NEXT = {"username": "admin", "password": "another password"}
SPARE = {**JOBS[0], "id": "spare"}
EVERYBODY = {"target": {"pcs": ["pc-1"]}}
SCOPE = {"heartbeat_interval": "2m"}
RUN = {"pc_id": "pc-1", "script": "echo", "timeout_secs": 5}
ONLINE = {"even_online": True}
BINARY = form(agent_binary("9.9.9"))
FILE = form(b"content")

STEPS = [
    # -- auth
    Step("POST /api/auth/login", "/api/auth/login", FIRST, "admin", "login", "admin"),
    Step("POST /api/auth/tokens", "/api/auth/tokens", {"name": "first"},
         "admin", "api_token.create", "admin", 201, "$token"),
    Step("DELETE /api/auth/tokens/{token_id}", "/api/auth/tokens/$row", None,
         "admin", "api_token.delete", "admin", 204, "$token"),
    Step("POST /api/auth/tokens", "/api/auth/tokens", {"name": "second"},
         "admin", "api_token.create", "admin", 201, "$token"),
    Step("DELETE /api/tokens/{token_id}", "/api/tokens/$row", None,
         "admin", "api_token.delete", "admin", 204),
    Step("POST /api/auth/change-password", "/api/auth/change-password",
         {"old_password": PASSWORD, "new_password": NEXT["password"]},
         "admin", "account.change_password", "admin", 204, "$token"),
    Step("POST /api/auth/login", "/api/auth/login", NEXT, "admin", "login", "admin"),
    Step("POST /api/auth/revoke", "/api/auth/revoke", None, "admin", "logout", "admin", 204, "$token"),
    Step("POST /api/auth/login", "/api/auth/login", FIRST, "admin", "login_failed", "admin", 401),
    Step("POST /api/accounts", "/api/accounts", OTHER, "admin", "account.create", "walter", 201),
    Step("PATCH /api/accounts/{username}", "/api/accounts/walter", {"role": "operator"},
         "admin", "account.update", "walter", 204),
    Step("POST /api/accounts/{username}/revoke", "/api/accounts/walter/revoke", None,
         "admin", "account.revoke", "walter", 204),
    Step("DELETE /api/accounts/{username}", "/api/accounts/walter", None,
         "admin", "account.delete", "walter", 204),
    # -- heartbeat
    Step("PUT /api/fleet/pcs/{pc_id}/attributes/{name}", "/api/fleet/pcs/pc-1/attributes/site",
         {"value": "Tokyo"}, "operator", "attribute_set", "pc-1"),
    Step("DELETE /api/fleet/pcs/{pc_id}/attributes/{name}", "/api/fleet/pcs/pc-1/attributes/site", None,
         "operator", "attribute_delete", "pc-1", 204),
    Step("POST /api/fleet/attributes", "/api/fleet/attributes",
         {"names": ["pc-1"], "set": {"site": {"value": "Tokyo"}}}, "operator", "attributes_set", None),
    # -- fleet
    Step("PUT /api/agents/{pc_id}/groups", "/api/agents/pc-1/groups", {"groups": ["x"]},
         "operator", "groups_set", "pc-1"),
    Step("POST /api/agents/{pc_id}/groups", "/api/agents/pc-1/groups", {"group": "y"},
         "operator", "group_add", "pc-1"),
    Step("DELETE /api/agents/{pc_id}/groups/{group}", "/api/agents/pc-1/groups/y", None,
         "operator", "group_remove", "pc-1"),
    Step("POST /api/agents/{pc_id}/ping", "/api/agents/pc-1/ping", None, "operator", "ping", "pc-1"),
    Step("PUT /api/config", "/api/config", SCOPE, "operator", "config_set", "global"),
    Step("PUT /api/groups/{name}/config", "/api/groups/x/config", SCOPE,
         "operator", "config_set", "groups.x"),
    Step("DELETE /api/groups/{name}/config", "/api/groups/x/config", None,
         "operator", "config_clear", "groups.x", 204),
    Step("PUT /api/pcs/{pc_id}/config", "/api/pcs/pc-1/config", SCOPE, "operator", "config_set", "pcs.pc-1"),
    Step("DELETE /api/pcs/{pc_id}/config", "/api/pcs/pc-1/config", None,
         "operator", "config_clear", "pcs.pc-1", 204),
    # -- jobs
    Step("POST /api/jobs", "/api/jobs", SPARE, "operator", "job_upsert", "spare"),
    Step("POST /api/exec/{job_id}", "/api/exec/spare", EVERYBODY, "operator", "exec", "spare"),
    Step("POST /api/exec/{job_id}", "/api/exec/fuzz-plain", {"target": {"pcs": [SILENT]}},
         "operator", "exec", "fuzz-plain"),
    Step("POST /api/jobs/{job_id}/kill", "/api/jobs/fuzz-plain/kill", None,
         "operator", "kill", "$exec_id", 204),
    Step("POST /api/run", "/api/run", RUN, "operator", "run", "pc-1"),
    Step("POST /api/scripts/{cmd_id}/revoke", "/api/scripts/spare/revoke", None,
         "operator", "revoke", "spare", 204),
    Step("POST /api/scripts/{cmd_id}/unrevoke", "/api/scripts/spare/unrevoke", None,
         "operator", "unrevoke", "spare", 204),
    Step("DELETE /api/jobs/{id}", "/api/jobs/spare", None, "operator", "job_delete", "spare", 204),
    Step("POST /api/exec/{job_id}", "/api/exec/fuzz-plain", {"target": {"pcs": [SILENT]}},
         "operator", "exec", "fuzz-plain"),
    Step("POST /api/executions/{exec_id}/kill", "/api/executions/$exec_id/kill", None,
         "operator", "kill", "$exec_id", 204),
    Step("POST /api/executions/{exec_id}/rerun", "/api/executions/$exec_id/rerun", {},
         "operator", "exec", "fuzz-plain"),
    # -- scheduler
    Step("POST /api/schedules", "/api/schedules", {**SCHEDULE, "id": "preview"},
         "operator", "schedule_upsert", "preview"),
    Step("POST /api/schedules/{id}/disable", "/api/schedules/preview/disable", None,
         "operator", "schedule_disable", "preview", 204),
    Step("POST /api/schedules/{id}/enable", "/api/schedules/preview/enable", None,
         "operator", "schedule_enable", "preview", 204),
    Step("POST /api/schedules/{id}/run", "/api/schedules/fuzz-schedule/run", None,
         "operator", "exec", "fuzz-plain"),
    Step("DELETE /api/schedules/preview", "/api/schedules/preview", None,
         "operator", "schedule_delete", "preview", 204),
    Step("DELETE /api/schedules/{id}", "/api/schedules/fuzz-schedule", None,
         "operator", "schedule_delete", "fuzz-schedule", 204),
    # -- releases
    Step("POST /api/agents/publish", "/api/agents/publish", BINARY, "operator", "agent_publish", "9.9.9"),
    Step("POST /api/agents/rollout", "/api/agents/rollout",
         {"version": "9.9.9", "scope": {"type": "pc", "value": "pc-1"}},
         "operator", "agent_rollout", "pcs.pc-1"),
    Step("POST /api/agents/rollout/stop", "/api/agents/rollout/stop",
         {"version": "9.9.9", "scope": {"type": "pc", "value": "pc-1"}},
         "operator", "agent_rollout", "pcs.pc-1"),
    Step("DELETE /api/agents/releases/{version}", "/api/agents/releases/9.9.9", None,
         "operator", "agent_release_delete", "9.9.9", 204),
    Step("POST /api/app-packages/{name}/{version}", "/api/app-packages/app/1.0", FILE,
         "operator", "app_package_publish", "app/1.0"),
    Step("DELETE /api/app-packages/{name}/{version}", "/api/app-packages/app/1.0", None,
         "operator", "app_package_delete", "app/1.0", 204),
    Step("POST /api/script-objects/{name}/{version}", "/api/script-objects/app/1.0", FILE,
         "operator", "script_object_publish", "app/1.0"),
    Step("DELETE /api/script-objects/{name}/{version}", "/api/script-objects/app/1.0", None,
         "operator", "script_object_delete", "app/1.0", 204),
    # -- PCs that leave
    Step("POST /api/fleet/pcs/{pc_id}/rename", "/api/fleet/pcs/pc-2/rename", {"to": "pc-two", **ONLINE},
         "operator", "agent_rename", "pc-2"),
    Step("POST /api/fleet/moves/{id}/repeat", "/api/fleet/moves/1/repeat", None,
         "operator", "agent_move_repeat", "pc-2"),
    Step("POST /api/fleet/pcs/{pc_id}/merge", "/api/fleet/pcs/pc-two/merge", {"into": "pc-1", **ONLINE},
         "operator", "agent_merge", "pc-two"),
    Step("POST /api/fleet/pcs/{pc_id}/retire", "/api/fleet/pcs/pc-1/retire", {**ONLINE},
         "operator", "agent_retire", "pc-1"),
    Step("DELETE /api/fleet/retired/{pc_id}", "/api/fleet/retired/pc-1", None,
         "operator", "agent_retired_clear", "pc-1", 204),
    Step("POST /api/fleet/retire", "/api/fleet/retire", {"names": ["pc-3"], "expected": 1, **ONLINE},
         "operator", "agent_retire", "pc-3"),
    # -- the host
    Step("POST /api/dead-letters/{id}/replay", "/api/dead-letters/$letter_id/replay", None,
         "operator", "dead_letter_replay", "$letter_id"),
    Step("POST /api/dead-letters/{id}/discard", "/api/dead-letters/$letter_id/discard", None,
         "operator", "dead_letter_discard", "$letter_id", 204),
    Step("POST /api/rebuilds/{plugin}", "/api/rebuilds/obs", {},
         "operator", "projection_rebuild", "obs", 202),
]  # fmt: skip
"""In an order that works."""

LEAVES_NONE = {
    "POST /api/schedules/preview": "a question with a body",
    "POST /api/exec/{job_id}/preview": "a question with a body",
    "POST /api/fleet/groups/preview": "a question with a body",
    "POST /api/fleet/agents": "a question with a body",
    "POST /api/fleet/select": "a question with a body",
    "PUT /api/preferences/{key}": "how somebody likes a page",
    "DELETE /api/preferences/{key}": "how somebody likes a page",
}
ELSEWHERE = {
    "job_delete_failed_post_revoke": "jobs/tests/test_jobs_catalog.py",
    "projection_rebuild_cancel": "../tests/faults/test_rebuild.py",
    "view.create": "preferences/tests/test_preferences.py",
    "view.update": "preferences/tests/test_preferences.py",
    "view.delete": "preferences/tests/test_preferences.py",
    "agent_doubled_clear": "heartbeat/tests/test_heartbeat_leaving.py",
    "dynamic_group_set": "fleet/tests/test_fleet_dynamic.py",
    "dynamic_group_delete": "fleet/tests/test_fleet_dynamic.py",
    "dynamic_group_members": "fleet/tests/test_fleet_dynamic.py",
    "dynamic_group_reconciled": "fleet/tests/test_fleet_dynamic.py",
    "approval_approve": "jobs/tests/test_jobs_approvals.py",
    "approval_reject": "jobs/tests/test_jobs_approvals.py",
    "approval_request": "jobs/tests/test_jobs_approvals.py",
    "execution_stop": "jobs/tests/test_jobs_batches.py",
    "freeze_delete": "jobs/tests/test_jobs_freezes.py",
    "freeze_upsert": "jobs/tests/test_jobs_freezes.py",
    "emergency_clear": "jobs/tests/test_jobs_emergency.py",
    "emergency_kill": "jobs/tests/test_jobs_emergency.py",
    "emergency_pause": "jobs/tests/test_jobs_emergency.py",
    "emergency_resume": "jobs/tests/test_jobs_emergency.py",
}
"""Records that need a fault or a stop of everything, and the tests that look at them."""


def test_what_is_looked_at_elsewhere_is_named_there() -> None:
    unnamed = [
        action for action, where in ELSEWHERE.items() if action not in (PLUGINS / where).read_text("utf-8")
    ]
    assert unnamed == []


async def test_each_change_leaves_its_record(host: Any) -> None:
    known = {f"${name}": ids[0] for name, ids in (await make(host)).items()}
    await host.publish("heartbeat.pc-3", {"pc_id": "pc-3", "at": now(), "agent_version": "1.0"})
    document = (await host.get("/api/openapi.json")).json()
    for step in STEPS:
        before = len(await host.stream_messages("AUDIT"))
        answer = await called(host, step, known)
        assert answer.status == step.status, f"{step.route}: {answer.status} {answer.text}"
        remember(answer, known)
        await host.settle()
        target = known.get(step.target or "", step.target)
        records = [json.loads(body) for _, body in (await host.stream_messages("AUDIT"))[before:]]
        assert [(one["actor"], one["action"], one["target"]) for one in records] == [
            (step.actor, step.action, target)
        ], step.route
        if step.action != "login_failed":
            assert records[0]["payload"].get("sub"), f"{step.route}: nobody did it"
    await host.until(lambda: rebuilt(host), what="the rebuild")
    lost = missing(document)
    assert lost == [], "\n".join(lost)


async def rebuilt(host: Any) -> bool:
    return bool((await host.get("/api/rebuilds")).json()["rebuilds"][-1]["state"] == "done")


async def called(host: Any, step: Step, known: Mapping[str, str]) -> Any:
    method, path = step.route.partition(" ")[0], step.path
    for name, value in known.items():
        path = path.replace(name, value)
    how: dict[str, Any] = {"token": known[step.token]} if step.token else {}
    if isinstance(step.body, tuple):
        how |= {"data": step.body[0], "headers": {"content-type": step.body[1]}}
    else:
        how["json"] = step.body
    async with asyncio.timeout(20):
        return await host.request(method, path, **how)


def remember(answer: Any, known: dict[str, str]) -> None:
    """A token and an execution are answered; later steps use them."""
    if answer.body.startswith(b"{"):
        found = answer.json()
        known |= {f"${name}": found[name] for name in ("token", "exec_id") if found.get(name)}
        if "row" in found:
            known |= {"$token": known["$login"], "$row": found["row"]["token_id"]}
        elif "token" in found:
            known["$login"] = found["token"]


def missing(document: Any) -> list[str]:
    """Changing routes without a step, and actions that a route names and nobody looks at."""
    wanted, named = set(), set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            route = f"{method.upper()} {path}"
            if method == "get" or route in LEAVES_NONE:
                continue
            actions = operation.get("x-audits", ["none is named"])
            named |= {f"{route}: {action}" for action in actions}
            if not any(action in ELSEWHERE for action in actions):
                wanted.add(route)
    done = {f"{step.route}: {step.action}" for step in STEPS}
    seen = {step.action for step in STEPS} | set(ELSEWHERE)
    unseen = {one for one in named - done if one.rpartition(": ")[2] not in seen}
    return sorted((wanted - {step.route for step in STEPS}) | unseen | (done - named))
