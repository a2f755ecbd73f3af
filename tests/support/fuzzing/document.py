"""The host's OpenAPI document, with the names that exist in the world of `world.py`.

A generator that knows only types asks for PCs and jobs that nobody has, and is answered 404 for ever. Half of
what it tries is taken from what exists, the other half stays any text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

TEXT = {"type": "string"}
DURATIONS = ("1s", "5m", "1h 30m", "0s", "")
NAMES: dict[str, tuple[str, ...]] = {
    "pc_id": ("pc-1", "pc-2", "pc-9"),
    "job_id": ("fuzz-plain", "fuzz-inventory"),
    "manifest_id": ("fuzz-inventory",),
    "cmd_id": ("fuzz-plain", "adhoc-run"),
    "field": ("apps", "name", "size"),
    "group": ("canary", "finance"),
    "groups": ("canary", "finance"),
    "pcs": ("pc-1", "pc-2", "pc-silent"),
    "username": ("vera", "walter"),
    "name": ("canary", "tool"),
    "version": ("1.0", "9.9.9"),
    "cron": ("0 0 9 * * MON-FRI", "*/10 * * * * *", "@hourly", "0 0 0 30 2 *"),
    "time_zone": ("Europe/Berlin", "Asia/Tokyo"),
    "role": ("viewer", "operator", "admin"),
    "password": ("long enough for a password",),
    "table": ("inv_fuzz_apps", "execution_results"),
    "metric": ("cpu_pct", "mem", "rss_bytes"),
    "agg": ("avg", "max", "p95"),
    "status": ("running", "success", "failure", "completed", "pending"),
}
"""By the name of a parameter or a property."""
LASTING = ("jitter", "timeout", "cooldown", "starting_deadline", "delay", "max_cache_age", "step", "window")


def told(document: dict[str, Any], manifest: Any, schedule: Any, found: Mapping[str, Sequence[str]]) -> Any:
    """The document with those names, ids in `found` (such as `exec_id`) and what raw bodies hold."""
    names = {**NAMES, **dict.fromkeys(LASTING, DURATIONS), **{key: tuple(ids) for key, ids in found.items()}}
    paths, parts = document["paths"], document["components"]["schemas"]
    _raw(paths["/api/jobs"]["post"], _part(parts, "Manifest", manifest))
    _raw(paths["/api/schedules"]["post"], _part(parts, "StoredSchedule", schedule))
    for path, fields in UPLOADS.items():
        _upload(paths[path]["post"], fields)
    for path, methods in paths.items():
        for operation in methods.values():
            for one in operation["parameters"]:
                name = _meant(path, one["name"])
                if name in names:
                    one["schema"] = _either(names[name], one["schema"])
    for schema in parts.values():
        _name_properties(schema, names)
    del paths["/api/live"]["get"]  # it has no end
    return document


UPLOADS = {
    "/api/agents/publish": ("version", "file"),
    "/api/app-packages/{name}/{version}": ("file",),
    "/api/script-objects/{name}/{version}": ("file",),
}


def _meant(path: str, name: str) -> str:
    """`id` is the name of several things."""
    if name == "id":
        return {"jobs": "job_id", "schedules": "schedule_id", "dead-letters": "letter_id"}.get(
            path.split("/")[2], "id"
        )
    return name


def _either(known: Sequence[str], schema: Any) -> Any:
    return {"anyOf": [{"type": "string", "enum": list(known)}, schema]} if known else schema


def _name_properties(schema: Any, names: Mapping[str, Sequence[str]]) -> None:
    for name, inner in schema.get("properties", {}).items():
        if name in names and inner.get("type") == "string":
            schema["properties"][name] = _either(names[name], inner)
        elif name in names and inner.get("type") == "array" and inner["items"].get("type") == "string":
            inner["items"] = _either(names[name], inner["items"])


def _part(parts: dict[str, Any], name: str, schema: Any) -> Any:
    """A document of its own becomes parts of this one."""
    text = json.dumps({key: value for key, value in schema.items() if key != "$schema"})
    whole = json.loads(text.replace("#/$defs/", f"#/components/schemas/{name}."))
    for key, inner in whole.pop("$defs", {}).items():
        parts[f"{name}.{key}"] = inner
    parts[name] = whole
    return {"$ref": f"#/components/schemas/{name}"}


def _raw(operation: Any, schema: Any) -> None:
    operation["requestBody"]["content"] = {"application/json": {"schema": schema}}


def _upload(operation: Any, fields: Sequence[str]) -> None:
    binary = {"type": "string", "format": "binary"}
    form = {
        "type": "object",
        "properties": {name: binary if name == "file" else TEXT for name in fields},
        "required": list(fields),
    }
    operation["requestBody"]["content"] = {"multipart/form-data": {"schema": form}}
