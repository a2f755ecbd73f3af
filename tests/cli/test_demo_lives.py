"""A newcomer's demo is a living system: after a while every GET of the API answers with data."""

from __future__ import annotations

import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote

import pytest
from upstream_interface import unread

from kanade_host.cli.demo_config import kept_login

Installation = Any
SECONDS = 100
"""At twenty times the usual rate this is more than two minutes."""
pytestmark = [
    pytest.mark.timeout(SECONDS + 60),
    pytest.mark.skipif(
        find_spec("kanade_host_simulator") is None or find_spec("kanade_host_auth") is None,
        reason="the plugins of the demo are not installed",
    ),
    pytest.mark.skipif(sys.platform == "win32", reason="stops the host by a signal"),
]

MAY_BE_EMPTY = {
    "/api/dead-letters": "every message of the simulated fleet decodes",
    "/api/dead-letters/{id}": "there is none",
    "/api/live": "it has no end",
    "/api/rebuilds": "nobody rebuilt anything",
    "/api/fleet/doubles": "no two simulated PCs use one id",
    "/api/fleet/retired": "no PC has left yet",
    "/api/fleet/moves": "no PC has left yet",
    "/api/fleet/moves/{id}": "no PC has left yet",
    "/api/approvals": "no second operator is asked for: a setting, off",
    "/api/approvals/{exec_id}": "no second operator is asked for: a setting, off",
    "/api/executions/{exec_id}/batches": "nothing was fired in batches",
    "/api/releases/targets/before": "no target was replaced yet",
    "/api/freezes": "nothing is frozen",
    "/api/agents/{pc_id}/silences": "no PC was silent",
    "/api/targets/unanswered": "everybody answered",
    "/api/targets/unanswered/pcs": "everybody answered",
    "/health/ready": "nothing stands against it",
}
"""What a healthy young system has nothing of."""


class Api:
    """GETs as the first administrator."""

    def __init__(self, url: str, login: Any) -> None:
        self._url, self._token = url.rstrip("/"), ""
        body = json.dumps({"username": login.user, "password": login.password}).encode()
        self._token = json.loads(self._read("/api/auth/login", body))["token"]

    def _read(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self._url + path, body)
        request.add_header("content-type", "application/json")
        request.add_header("authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def get(self, path: str) -> Any:
        """The answer; an error as its text."""
        try:
            body = self._read(path)
        except urllib.error.HTTPError as error:
            return error
        return json.loads(body) if body[:1] in (b"{", b"[") else body


def filled(answer: Any) -> bool:
    """A list with something in it, or an object whose lists are not all empty."""
    if isinstance(answer, urllib.error.HTTPError):
        return False
    if not isinstance(answer, dict):
        return bool(answer)
    held = [value for value in answer.values() if isinstance(value, list | dict)]
    return any(map(bool, held)) if held else any(value not in (None, "") for value in answer.values())


def names(api: Api) -> dict[str, str]:
    """What stands for the parameters of paths."""
    first = api.get("/api/perf/active-investigations")["rows"]
    execution = next(one for one in api.get("/api/executions") if one["job_id"] == "inventory-software")
    return {
        "pc_id": first[0]["pc_id"],
        "name": "canary",
        "exec_id": execution["exec_id"],
        "result_id": api.get("/api/results")[0]["result_id"],
        "job_id": "inventory-software",
        "manifest_id": "inventory-software",
        "field": "apps",
        "plugin": "obs",
        "stream": "stdout",
        "version": "1.0",
        "view_id": str(api.get("/api/views")[0]["view_id"]),
    }


SPECIAL = {
    "/api/jobs/{id}/yaml": "/api/jobs/hello/yaml",
    "/api/schedules/{id}/": "/api/schedules/hello-every-minute/",
    "/api/app-packages/{name}/{version}": "/api/app-packages/7zip/24.08",
    "/api/script-objects/{name}/{version}": "/api/script-objects/cleanup/1.0",
    "/api/agents/releases/{version}": "/api/agents/releases/0.43.26",
    "/api/perf/top": "/api/perf/top?window=1h",
    "/api/fleet/facets": "/api/fleet/facets?by=os",
    "/api/inventory/{manifest_id}/facts/counts": (
        "/api/inventory/inventory-hardware/facts/counts?column=os_name"
    ),
    "/api/inventory/{manifest_id}/tables/{field}/counts": (
        "/api/inventory/inventory-software/tables/apps/counts?column=name"
    ),
    "/api/inventory/{manifest_id}/history/first_seen": (
        "/api/inventory/inventory-software/history/first_seen?field=apps&identity=Git"
    ),
}


def walked(api: Api, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each GET and a path that means something."""
    for template, methods in api.get("/api/openapi.json")["paths"].items():
        if "get" not in methods or template in MAY_BE_EMPTY:
            continue
        path = template
        for start, instead in SPECIAL.items():
            path = path.replace(start, instead, 1) if path.startswith(start) else path
        yield template, re.sub(r"\{(\w+)\}", lambda found: quote(known.get(found[1], found[0])), path)


def test_every_get_answers_with_data(installation: Installation) -> None:
    folder = installation.folder / "demo"
    words = ("demo", "--data", str(folder), "--port", str(installation.port), "--agents", "8", "--rate", "20")
    host = installation.start(*words)
    installation.until(lambda: opened(installation))
    api = Api(installation.url, kept_login(folder, installation.port))
    deadline = time.monotonic() + SECONDS
    empty: dict[str, str] = {}
    while time.monotonic() < deadline:
        try:
            known = names(api)
        except (LookupError, StopIteration, TypeError):
            time.sleep(0.5)  # the first runs are not back yet
            continue
        empty = {
            template: f"{path}: {str(answer)[:300]}"
            for template, path in walked(api, known)
            if not filled(answer := api.get(path))
        }
        if not empty:
            break
        time.sleep(2)
    assert empty == {}
    assert list(unread(api.get, known)) == []
    assert installation.stop(host)[0] == 0


def opened(installation: Installation) -> bool:
    """Whether somebody can log in."""
    try:
        with urllib.request.urlopen(installation.url + "/health", timeout=30):
            return True
    except OSError:
        return False
