"""What a fleet has that has been looked after for a while: jobs, schedules, releases, people, notes.

Data only; `furnish.py` saves it through the host's own HTTP API, in this order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from kanade_host_simulator.binary import agent_binary

MARK = "inventory-software"
"""The job that says that all of it is there."""
APPS = {
    "field": "apps",
    "table": "inv_software",
    "primary_key": ["name"],
    "track_history": True,
    "columns": [{"field": "name", "index": True}, {"field": "version"}, {"field": "publisher"}],
}
SHOWN = [
    {"field": "hostname", "label": "Host"},
    {"field": "os_name", "label": "System"},
    {"field": "cpu", "label": "Processor"},
    {"field": "ram_bytes", "label": "Memory", "type": "bytes"},
    {"field": "disk_free", "label": "Free", "type": "bytes"},
]


class Call(NamedTuple):
    """One request; `body` is JSON, or the bytes of a file with further fields beside it."""

    method: str
    path: str
    body: Any = None
    file: bytes | None = None


def job(id: str, description: str, script: str, **more: Any) -> Call:
    """A job with a short script."""
    execute = {"shell": "powershell", "script": script, "timeout": "2m"}
    return Call("POST", "/api/jobs", {"id": id, "version": "1.0.0", "description": description,
                                      "execute": execute, **more})  # fmt: skip


def schedule(id: str, cron: str, job_id: str, **more: Any) -> Call:
    """A schedule of the host."""
    return Call("POST", "/api/schedules", {"id": id, "cron": cron, "job_id": job_id, **more})


def calls(pcs: list[str], password: str, now: datetime | None = None) -> list[Call]:
    """Everything, for a fleet with those PCs."""
    some, expires = pcs[:3], ((now or datetime.now(UTC)) + timedelta(days=1)).isoformat()
    everybody = {"target": {"all": True}}
    watched = {"process_perf_enabled": True, "process_perf_expires_at": expires}
    return [
        Call("PUT", "/api/config", {"heartbeat_interval": "30s", "host_perf_interval": "60s"}),
        *(Call("PUT", f"/api/pcs/{pc_id}/config", watched) for pc_id in some),
        *(Call("PUT", f"/api/fleet/pcs/{pc_id}/attributes/room", {"value": "2.14"}) for pc_id in some),
        Call("POST", "/api/accounts", {"username": "vera", "role": "viewer", "password": password}),
        Call("POST", "/api/accounts", {"username": "oscar", "role": "operator", "password": password}),
        Call("POST", "/api/auth/tokens", {"name": "reports", "role": "viewer"}),
        Call("POST", "/api/script-objects/cleanup/1.0", file=b"Remove-Item $env:TEMP\\* -Recurse\n"),
        Call("POST", "/api/app-packages/7zip/24.08", file=b"MSI" * 20_000),
        Call("POST", "/api/agents/publish", file=agent_binary("0.43.26")),
        Call("POST", "/api/agents/rollout",
             {"version": "0.43.26", "scope": {"type": "group", "value": "canary"}, "jitter": "5m"}),
        job("hello", "Says hello", "Write-Output hello"),
        Call("POST", "/api/jobs", {
            "id": "cleanup", "version": "1.0.0", "description": "Empties the folder for temporary files",
            "execute": {"shell": "powershell", "script_object": "cleanup/1.0", "timeout": "5m"}}),
        job("inventory-hardware", "What a PC is made of", "Get-ComputerInfo | ConvertTo-Json",
            inventory={"display": SHOWN, "summary": SHOWN[:2]}),
        job("old-cleanup", "Replaced by cleanup", "Remove-Item $env:TEMP -Recurse"),
        Call("POST", "/api/scripts/old-cleanup/revoke"),
        Call("POST", "/api/views", {"page": "/agents", "name": "Canaries", "state": "group=canary",
                                    "shared": True}),
        Call("PUT", "/api/preferences/theme", {"value": "system"}),
        job(MARK, "What is installed on a PC", "Get-Package | ConvertTo-Json", inventory={
            "display": SHOWN[:1], "explode": [APPS], "history_scalars": ["os_version"]}),
        schedule("hello-every-minute", "0 * * * * *", "hello", target={"pcs": some[:1]}),
        schedule("software-every-hour", "0 0 * * * *", MARK, **everybody),
        schedule("cleanup-at-night", "0 0 3 * * MON-FRI", "cleanup", target={"groups": ["canary"]},
                 mode="once_per_pc", cooldown="1d"),
        *(Call("POST", f"/api/exec/{id}", everybody) for id in ("hello", "inventory-hardware", MARK)),
        *(Call("POST", f"/api/agents/{pc_id}/ping") for pc_id in some[:1]),
    ]  # fmt: skip
