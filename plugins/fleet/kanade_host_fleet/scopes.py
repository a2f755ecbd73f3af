"""Layers of configuration over HTTP (`contract/http-fleet.md` 7): global, one group, one PC."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kanade_host.plugin import BadDuration, HttpError, Request, Response, encode, parse_duration
from kanade_host_fleet.buckets import Precondition, decoded, document, told
from kanade_host_fleet.messages import ConfigScope

BUCKET = "agent_config"
GLOBAL = "global"
GROUP_PREFIX = "groups."
PC_PREFIX = "pcs."

Handler = Callable[[Request], Awaitable[Response | None]]
KeyOf = Callable[[Request], str]

_INTERVALS = {"heartbeat_interval": "heartbeats", "host_perf_interval": "performance samples"}


def global_key(_: Request) -> str:
    return GLOBAL


def group_key(request: Request) -> str:
    return GROUP_PREFIX + request.path["name"]


def pc_key(request: Request) -> str:
    return PC_PREFIX + request.path["pc_id"]


async def stored_scope(request: Request, key: str) -> tuple[ConfigScope, int | None]:
    """The scope as stored, and its revision; an empty one where there is none."""
    with told(BUCKET, f"read ConfigScope at {key}"):
        entry = await request.ctx.bus.kv(BUCKET).get(key)
    if entry is None or entry.value is None:
        return ConfigScope(), None
    return decoded(ConfigScope, entry.value, f"ConfigScope at {key}"), entry.revision


def get_scope(key_of: KeyOf) -> Handler:
    async def get(request: Request) -> Response:
        scope, revision = await stored_scope(request, key_of(request))
        return document(request, scope, revision)

    return get


def put_scope(key_of: KeyOf) -> Handler:
    async def put(request: Request) -> Response:
        key, scope = key_of(request), request.body
        await _refuse_what_stops_agents(request, key, scope)
        with told(BUCKET, f"write ConfigScope at {key}"):
            revision = await Precondition(request).put(request.ctx.bus.kv(BUCKET), key, encode(scope))
        await request.audit("config_set", key, _as_payload(scope))
        return document(request, scope, revision)

    return put


def delete_scope(key_of: KeyOf) -> Handler:
    async def delete(request: Request) -> None:
        key = key_of(request)
        with told(BUCKET, f"delete KV key {key}"):
            await Precondition(request).delete(request.ctx.bus.kv(BUCKET), key)
        await request.audit("config_clear", key)

    return delete


def _as_payload(scope: ConfigScope) -> dict[str, object]:
    values = {name: getattr(scope, name) for name in scope.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None}


async def _refuse_what_stops_agents(request: Request, key: str, scope: ConfigScope) -> None:
    """400 for durations that no agent can use, unless exactly that text is stored already.

    An interval of zero ends the heartbeat task of every agent in the scope (wire.md 9). Clients write
    whole scopes back, so what is there may stay.
    """
    faults = {
        name: fault for name in ("target_version_jitter", *_INTERVALS) if (fault := _fault(name, scope))
    }
    if not faults:
        return
    try:
        stored, _ = await stored_scope(request, key)
    except HttpError as error:
        if error.status != 500:
            raise
        stored = ConfigScope()  # what does not decode cannot vouch for anything
    for name, fault in faults.items():
        if getattr(stored, name) != getattr(scope, name):
            raise HttpError(400, f"{name}: {fault}")


def _fault(name: str, scope: ConfigScope) -> str | None:
    text = getattr(scope, name)
    if text is None:
        return None
    try:
        length = parse_duration(text)
    except BadDuration as error:
        return f"`{text}` is no duration: {error}"
    if length == 0 and name in _INTERVALS:
        return f"`{text}` would stop the agents' {_INTERVALS[name]}; give an interval above zero, such as 30s"
    return None
