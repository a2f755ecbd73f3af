"""The JSON Schema of a schedule, which the web interface's editor asks for (`contract/manifest.md` 12).

Written out rather than derived: its shape is the contract's, and its descriptions are what people see
when they point at a key. The last three keys are ours.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin import Request, Response

Node = dict[str, Any]

TEXT: Node = {"type": "string"}
TEXT_OR_NULL: Node = {"type": ["string", "null"]}
AMOUNT: Node = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
DURATION = "such as `30s`, `5m` or `1h 30m`"


def _said(description: str, node: Node, **more: Any) -> Node:
    return node | more | {"description": description}


def _ref(name: str) -> Node:
    return {"$ref": f"#/$defs/{name}"}


def _flag(default: bool) -> Node:
    return {"type": "boolean", "default": default}


def _names() -> Node:
    return {"type": "array", "items": TEXT, "default": []}


def _words(description: str, **words: str) -> Node:
    options = [{"const": word, "type": "string", "description": said} for word, said in words.items()]
    return {"description": description, "oneOf": options}


def _object(description: str, properties: dict[str, Node], required: list[str] | None = None) -> Node:
    found: Node = {"description": description, "type": "object", "properties": properties}
    return found | {"required": required} if required else found


DEFINITIONS: dict[str, Node] = {
    "Target": _object(
        "Where a job goes: the union of the three.",
        {
            "all": _said("Every PC.", _flag(False)),
            "groups": _said("The members of these groups.", _names()),
            "pcs": _said("These PCs.", _names()),
        },
    ),
    "Rollout": _object(
        "A fire in waves; the target is then not looked at.",
        {
            "strategy": _said("How it is spread.", _ref("RolloutStrategy"), default="wave"),
            "waves": _said("The waves, in order.", {"type": "array", "items": _ref("Wave")}),
        },
        ["waves"],
    ),
    "Batches": _object(
        "A fire in batches.",
        {
            "size": _said("PCs of a batch: a number, or a part of all such as `10%`.", AMOUNT),
            "pause": _said(f"From one batch to the next, {DURATION}.", TEXT),
            "stop_at_failed": _said(
                "How many PCs, or what part of those whose batch has gone, may fail before the rest stays.",
                {"anyOf": [AMOUNT, {"type": "null"}]},
                default=None,
            ),
        },
        ["size", "pause"],
    ),
    "RolloutStrategy": {"description": "How a fire is spread.", "enum": ["wave"], "type": "string"},
    "Wave": _object(
        "One group of a rollout.",
        {
            "group": _said("The group.", TEXT),
            "delay": _said(f"Counted from the fire, {DURATION}.", TEXT),
        },
        ["group", "delay"],
    ),
    "ExecMode": _words(
        "Which ticks fire.",
        every_tick="Each one.",
        once_per_pc="Those that find PCs without a success; only these get it.",
        once_per_target="Those that find no success among all addressed PCs.",
    ),
    "RunsOn": _words(
        "Who ticks.", backend="The server.", agent="Each addressed agent, also while it is offline."
    ),
}

SCHEDULE = _object(
    "When a job is fired, and at whom.",
    {
        "id": _said("The schedule's name; letters, digits and `-/_=.`.", TEXT),
        "cron": _said("`second minute hour day month weekday [year]`; both day fields must match.", TEXT),
        "job_id": _said("The job of the catalogue.", TEXT),
        "target": _said("Where it goes.", _ref("Target"), default={"all": False, "groups": [], "pcs": []}),
        "rollout": _said("Goes out in waves.", {"anyOf": [_ref("Rollout"), {"type": "null"}]}, default=None),
        "jitter": _said(f"Each agent waits a random time of at most this, {DURATION}.", TEXT_OR_NULL),
        "deadline_at": _said("Has no effect in a schedule.", TEXT_OR_NULL, format="date-time"),
        "mode": _said("Which ticks fire.", _ref("ExecMode"), default="every_tick"),
        "cooldown": _said(f"A success counts for this long, {DURATION}; absent: for ever.", TEXT_OR_NULL),
        "auto_disable_when_done": _said("Disable it when everybody has succeeded.", _flag(False)),
        "starting_deadline": _said(f"Agents skip what reaches them later, {DURATION}.", TEXT_OR_NULL),
        "runs_on": _said("Who ticks.", _ref("RunsOn"), default="backend"),
        "enabled": _said("Whether it ticks.", _flag(True)),
        "time_zone": _said(
            "The wall clock of `cron`, such as `Asia/Tokyo`; absent: UTC.", TEXT_OR_NULL, default=None
        ),
        "on_missed": _said(
            "Whether the last tick that the server missed while it was down is made up for.",
            {"enum": ["skip", "run_once", None]},
            default=None,
        ),
        "batches": _said(
            "Goes out in batches.", {"anyOf": [_ref("Batches"), {"type": "null"}]}, default=None
        ),
    },
    ["id", "cron", "job_id"],
) | {
    "$defs": DEFINITIONS,
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Schedule",
}

_BODY = msgspec.json.encode(SCHEDULE, order="sorted")


async def schedule_schema(request: Request) -> Response:
    """GET /api/schemas/schedule.json: public, because the editor's worker sends no token."""
    del request
    return Response.json(_BODY)
