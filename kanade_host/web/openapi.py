"""The OpenAPI 3.1 document, made from the routes: what they take, answer, need and leave behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import structlog

from kanade_host.plugin.instants import Instant
from kanade_host.web.endpoint import Mount
from kanade_host.web.matching import is_parameter, segments, shape

_REF = "#/components/schemas/{name}"
_BARE = {401: "Nobody, or nobody known", 403: "The role is not enough"}
_OF_TEXTS = {400: "A name or a value that cannot be read"}
_OF_JSON = {
    400: "No JSON",
    413: "The body is too large",
    415: "The content type is not JSON",
    422: "JSON that is not of this form",
}
"""What the host itself answers, before the handler of any route."""
log = structlog.get_logger("kanade_host.web")


def _hook(kind: type) -> dict[str, Any]:
    if kind is Instant:
        return {"type": "string", "format": "date-time"}
    if kind is object:
        return {"description": "Any JSON value"}  # msgspec takes an empty schema for none
    raise NotImplementedError(kind)


class Schemas:
    """The schemas of all types that routes name; a type without one is described as anything."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        usable = [kind for kind in dict.fromkeys(kinds) if _has_schema(kind)]
        found, self.components = msgspec.json.schema_components(usable, schema_hook=_hook, ref_template=_REF)
        self._by_kind = dict(zip(usable, found, strict=True))

    def of(self, kind: Any) -> Mapping[str, Any]:
        """The schema, or a reference to it."""
        found: Mapping[str, Any] = self._by_kind.get(kind, {})
        return found

    def fields(self, kind: Any) -> tuple[Mapping[str, Any], Sequence[str]]:
        """The fields of a query struct, and which of them are required; the struct itself is not shown."""
        if not _has_schema(kind):
            return {}, ()
        [ref], parts = msgspec.json.schema_components([kind], schema_hook=_hook, ref_template=_REF)
        own = parts.pop(str(ref["$ref"]).rpartition("/")[2])
        self.components |= parts
        return own.get("properties", {}), own.get("required", ())


def _has_schema(kind: Any) -> bool:
    try:
        msgspec.json.schema(kind, schema_hook=_hook)
    except Exception as error:
        log.debug("a type has no JSON schema", type=repr(kind), reason=str(error))
        return False
    return True


def document(mounts: Sequence[Mount], version: str) -> dict[str, Any]:
    """The whole document."""
    kinds = [kind for one in mounts for kind in (one.route.request, one.route.response)]
    schemas = Schemas(kind for kind in kinds if kind is not None)
    names: dict[str, str] = {}
    paths: dict[str, dict[str, Any]] = {}
    for mount in mounts:
        path = names.setdefault(shape(mount.route.path), mount.route.path)
        paths.setdefault(path, {}).setdefault(mount.route.method.lower(), _operation(mount, path, schemas))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kanade_host",
            "version": version,
            "description": "Errors are plain text for people. `x-permission` and `x-role` say who may.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "tags": [{"name": name} for name in sorted({tag for one in mounts for tag in _tags(one)})],
    }


def _tags(mount: Mount) -> tuple[str, ...]:
    return (mount.plugin, *(tag for tag in mount.route.tags if tag != mount.plugin))


def _operation(mount: Mount, path: str, schemas: Schemas) -> dict[str, Any]:
    route = mount.route
    found: dict[str, Any] = {
        "operationId": re.sub(r"[^a-z0-9]+", "_", f"{route.method}{route.path}".lower()).strip("_"),
        "summary": route.summary,
        "tags": list(_tags(mount)),
        "parameters": [*_path_parameters(path), *_query_parameters(mount, schemas)],
        "responses": _responses(mount, schemas),
        "security": [] if route.permission is None else [{"bearer": []}],
        "x-plugin": mount.plugin,
    }
    if route.permission is not None:
        found["x-permission"] = route.permission.name
        found["x-role"] = route.permission.role.word
    if route.audits:
        found["x-audits"] = list(route.audits)
    if route.fresh:
        found["x-topics"] = list(route.fresh)
    body = _request_body(mount, schemas)
    if body is not None:
        found["requestBody"] = body
    return found


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in segments(path) if is_parameter(part)]
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(mount: Mount, schemas: Schemas) -> list[dict[str, Any]]:
    if mount.route.query is None:
        return []
    fields, required = schemas.fields(mount.route.query)
    found = []
    for name, schema in fields.items():
        one: dict[str, Any] = {"name": name, "in": "query", "required": name in required, "schema": schema}
        if schema.get("type") == "object":  # every other key: see `kanade_host.web.query`
            one |= {"style": "form", "explode": True}
        if "description" in schema:
            one["description"] = schema["description"]
        found.append(one)
    return found


def _request_body(mount: Mount, schemas: Schemas) -> dict[str, Any] | None:
    route = mount.route
    kind = route.body or ("json" if route.request is not None else "none")
    if kind == "none":
        return None
    if kind == "json":
        content = {"application/json": {"schema": schemas.of(route.request)}}
    else:
        content = {"*/*": {"schema": {}}}
    return {"required": True, "content": content, "description": f"At most {route.body_limit} bytes."}


def _by_the_host(mount: Mount) -> Mapping[int, str]:
    route = mount.route
    texts = _OF_TEXTS if route.query is not None or any(map(is_parameter, segments(route.path))) else {}
    return {**texts, **(_OF_JSON if route.request is not None else {})}


def _responses(mount: Mount, schemas: Schemas) -> dict[str, Any]:
    route = mount.route
    found: dict[str, Any] = {str(route.status): {"description": "Done"}}
    if route.response is not None:
        content = {"application/json": {"schema": schemas.of(route.response)}}
        found[str(route.status)] = {"description": "The answer", "content": content}
    if route.permission is not None:
        found |= {str(status): {"description": text} for status, text in _BARE.items()}
    for status, text in {**_by_the_host(mount), **route.errors}.items():
        found[str(status)] = {"description": text, "content": {"text/plain": {"schema": {"type": "string"}}}}
    return found
