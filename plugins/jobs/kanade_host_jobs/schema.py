"""The JSON Schema of a manifest, which the web interface's editor asks for (`contract/manifest.md` 12).

Written out rather than derived: its shape is the contract's, and its descriptions are what people see
when they point at a key.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin import Request, Response

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}


def _ref(name: str, default: Any = msgspec.UNSET) -> Schema:
    found: Schema = {"$ref": f"#/$defs/{name}"}
    return found if default is msgspec.UNSET else found | {"default": default}


def _optional(name: str) -> Schema:
    return {"anyOf": [_ref(name), {"type": "null"}], "default": None}


def _list(items: Schema, *, optional: bool = False) -> Schema:
    return {"type": ["array", "null"] if optional else "array", "items": items}


def _flag() -> Schema:
    return {"type": "boolean", "default": False}


def _said(schema: Schema, description: str) -> Schema:
    return schema | {"description": description}


def _object(description: str, required: list[str], properties: dict[str, Schema]) -> Schema:
    return {"description": description, "type": "object", "properties": properties, "required": required}


def _words(description: str, **words: str) -> Schema:
    options = [{"const": word, "type": "string", "description": said} for word, said in words.items()]
    return {"description": description, "oneOf": options}


def _mode(mode: str, description: str, **more: Schema) -> Schema:
    properties = {"mode": {"const": mode, "type": "string"}} | more
    return _object(description, ["mode", *more], properties)


DURATION = "such as `30s`, `5m` or `1h 30m`"

EXECUTE = _object(
    "What runs, and how.",
    ["shell", "timeout"],
    {
        "shell": _said(_ref("ExecuteShell"), "The program that interprets the script."),
        "script": _said(TEXT_OR_NULL, "The script itself. Exactly one of the three sources is given."),
        "script_file": _said(TEXT_OR_NULL, "A file beside the manifest; `kanade job create` inlines it."),
        "script_object": _said(TEXT_OR_NULL, "`<name>/<version>` of an uploaded script."),
        "timeout": _said(TEXT, f"The script is ended after this long, {DURATION}."),
        "run_as": _said(_ref("RunAs", "system"), "Whose account runs it."),
        "cwd": _said(TEXT_OR_NULL, "The folder that it starts in."),
    },
) | {"additionalProperties": False}

DEFINITIONS: dict[str, Schema] = {
    "Execute": EXECUTE,
    "ExecuteShell": {"description": "A shell.", "enum": ["powershell", "cmd"], "type": "string"},
    "RunAs": _words(
        "An account.",
        system="The service account, without a desktop.",
        user="Whoever is logged in at the console.",
        system_gui="The service account, on the console's desktop.",
    ),
    "Staleness": {
        "description": "How old the agent's view of the broker may be.",
        "oneOf": [
            _mode("cached", "However old."),
            _mode(
                "strict", "No older than `max_cache_age`.", max_cache_age=_said(TEXT, f"At most, {DURATION}.")
            ),
            _mode("unchecked", "Not looked at."),
        ],
    },
    "EmitConfig": _object(
        "The output is events instead of text.",
        ["type"],
        {
            "type": _said(_ref("EmitKind"), "What the output is."),
            "watermark_path": _said(TEXT_OR_NULL, "Where the script keeps how far it came; for readers."),
        },
    )
    | {"additionalProperties": False},
    "EmitKind": _words("What an output is.", events="One event, as JSON, on each line."),
    "InventoryHint": _object(
        "The output is one JSON value, kept as the PC's inventory.",
        ["display"],
        {
            "display": _said(_list(_ref("DisplayField")), "The columns of one PC's page, in order."),
            "summary": _said(
                _list(_ref("DisplayField"), optional=True),
                "The columns of the list of PCs; default: `display`.",
            ),
            "explode": _said(
                _list(_ref("ExplodeSpec"), optional=True),
                "Arrays that become searchable tables of their own.",
            ),
            "history_scalars": _said(_list(TEXT, optional=True), "Keys whose changes are recorded."),
        },
    ),
    "DisplayField": _object(
        "A column.",
        ["field", "label"],
        {
            "field": _said(TEXT, "The key in the output."),
            "label": _said(TEXT, "The heading."),
            "type": _said(TEXT_OR_NULL, "`number`, `bytes`, `timestamp` or `table`; default: text."),
            "columns": _said(
                _list(_ref("DisplayField"), optional=True), "The inner columns, where the type is `table`."
            ),
        },
    ),
    "ExplodeSpec": _object(
        "A table made of an array in the output.",
        ["field", "table", "primary_key", "columns"],
        {
            "field": _said(TEXT, "The key that holds the array."),
            "table": _said(TEXT, "The table's name: letters, digits and `_`."),
            "primary_key": _said(_list(TEXT), "The columns that tell an element from the others of a PC."),
            "columns": _said(_list(_ref("ExplodeColumn")), "The columns, in order."),
            "track_history": _said(_flag(), "Record elements that come, go or change."),
        },
    ),
    "ExplodeColumn": _object(
        "A column of such a table.",
        ["field"],
        {
            "field": _said(TEXT, "The key in the array's elements, and the column's name."),
            "type": _said(TEXT_OR_NULL, "`text`, `integer` or `real`; default: `text`."),
            "index": _said(_flag(), "Make searches by this column fast."),
        },
    ),
}

MANIFEST = _object(
    "A job of the catalogue.",
    ["id", "version", "execute"],
    {
        "id": _said(TEXT, "The job's name; letters, digits and `-/_=.`."),
        "version": _said(TEXT, "Any text; agents run only the version that was fired last."),
        "description": _said(TEXT_OR_NULL | {"default": None}, "For the list of jobs."),
        "execute": _said(_ref("Execute"), "What runs, and how."),
        "require_approval": _said(
            _flag(), "A fire waits for a second operator, where the server's settings say that this counts."
        ),
        "inventory": _said(_optional("InventoryHint"), "The output is inventory."),
        "emit": _said(_optional("EmitConfig"), "The output is events."),
        "staleness": _said(_ref("Staleness", {"mode": "cached"}), "How old the agent's view may be."),
    },
) | {
    "$defs": DEFINITIONS,
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "additionalProperties": False,
    "title": "Manifest",
}

_BODY = msgspec.json.encode(MANIFEST, order="sorted")


async def manifest_schema(request: Request) -> Response:
    """GET /api/schemas/manifest.json: public, because the editor's worker sends no token."""
    del request
    return Response.json(_BODY)
