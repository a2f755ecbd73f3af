"""Manifests from request bodies and from the bucket, and their one stored form.

`contract/manifest.md` 2, 5, 7, 10. What a client saves over HTTP is checked more strictly than what
lies in the bucket already: the latter is treated as upstream treats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from kanade_host.plugin import BadDuration, HttpError, encode, parse_duration
from kanade_host.plugin.yaml import BadYaml, check_key, dump_yaml, read_document, read_yaml
from kanade_host_jobs.api import Manifest, Staleness
from kanade_host_jobs.explode import check_explode

_BUFFERED = frozenset({"staleness"})
_TAGGED = frozenset({"Staleness"})
_SET_AT_EXEC = "(Manifest::validate() should have caught this earlier)"
NO_SOURCE = "execute: one of `script`, `script_file`, `script_object` must be set"
NO_SOURCE_AT_EXEC = f"execute: one of `script` or `script_object` must be set {_SET_AT_EXEC}"


@dataclass(frozen=True, slots=True)
class Body:
    """A decoded request body. `text` is its YAML source, None for JSON; `ignored` are dropped keys."""

    manifest: Manifest
    text: str | None
    ignored: list[str]


def decode_body(content_type: str | None, body: bytes) -> Body:
    """Decode what `POST /api/jobs` was sent. Raises `HttpError` 400."""
    read = read_document(Manifest, content_type, body, buffered=_BUFFERED, tagged=_TAGGED)
    return Body(read.value, read.text, read.ignored)


def read_mirror(text: str) -> Manifest | None:
    """The manifest that a mirror's YAML text means, or None where it does not decode."""
    try:
        return read_yaml(Manifest, text, _BUFFERED, _TAGGED)[0]
    except BadYaml:
        return None


# -- stored forms ------------------------------------------------------------------------------


def plain(manifest: Manifest) -> dict[str, Any]:
    """The stored form as plain values: `description`, `inventory`, `emit` may be None, no inner key is."""
    tree: dict[str, Any] = msgspec.to_builtins(manifest)
    return {key: _without_nulls(value) for key, value in tree.items()}


def staleness(value: Staleness) -> dict[str, Any]:
    """As it stands in a command."""
    found: dict[str, Any] = _without_nulls(msgspec.to_builtins(value))
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def stored(manifest: Manifest) -> bytes:
    """The value of the `jobs` bucket: exactly these keys, or agents drop the job."""
    return encode(plain(manifest))


def dumped(manifest: Manifest) -> str:
    """The generated YAML mirror."""
    return dump_yaml(plain(manifest))


# -- rules -------------------------------------------------------------------------------------


def check_sources(manifest: Manifest) -> None:
    """Exactly one of the three sources (`contract/manifest.md` 7, rules 1 and 2). Raises `HttpError`."""
    execute = manifest.execute
    found = (bool(execute.script), execute.script_file is not None, execute.script_object is not None)
    if not any(found):
        raise HttpError(400, NO_SOURCE)
    if sum(found) > 1:
        script, file, object = (str(one).lower() for one in found)
        raise HttpError(
            400,
            "execute: only one of `script` / `script_file` / `script_object` may be set "
            f"(got script={script}, script_file={file}, script_object={object})",
        )


def check_saved(manifest: Manifest) -> None:
    """What can never work is refused when it is saved (`contract/manifest.md` 7). Raises `HttpError`."""
    check_sources(manifest)
    check_key(manifest.id)
    if manifest.execute.script_file is not None:
        raise HttpError(
            400,
            "execute.script_file: the backend has no access to that file; put its text into `script` "
            "(`kanade job create` does) or upload it and name it in `script_object`",
        )
    _duration("execute.timeout", manifest.execute.timeout)
    if manifest.staleness.max_cache_age is not None:
        _duration("staleness.max_cache_age", manifest.staleness.max_cache_age)
    if manifest.inventory is not None and manifest.inventory.explode:
        check_explode(manifest.inventory.explode)


def _duration(name: str, text: str) -> None:
    try:
        parse_duration(text)
    except BadDuration as error:
        raise HttpError(400, f"{name}: {error}") from None


def warnings(body: Body) -> list[str]:
    """What may work and may not be what was meant."""
    found = [f"{key}: unknown key, ignored" for key in body.ignored]
    if body.manifest.emit is not None and body.manifest.inventory is not None:
        found.append(
            "emit with inventory: successful runs send their output as events, so that nothing is left "
            "for the inventory"
        )
    return found
