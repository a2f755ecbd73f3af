"""Documents that people save as JSON or YAML: jobs and schedules (`contract/manifest.md` 5, 7)."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from kanade_host.plugin.errors import HttpError
from kanade_host.plugin.json import BadJson, BadShape, decode
from kanade_host.plugin.yaml_nodes import BadYaml
from kanade_host.plugin.yaml_reading import read_yaml

T = TypeVar("T")

BODY_LIMIT_TEXT = "read request body: Failed to buffer the request body: length limit exceeded"
YAML_TYPES = frozenset({"application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml"})
_KEY = re.compile(r"[-/_=.a-zA-Z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Document(Generic[T]):
    """A decoded body. `text` is its YAML source, None for JSON; `ignored` are the paths of dropped keys."""

    value: T
    text: str | None
    ignored: list[str]


def is_yaml(content_type: str | None) -> bool:
    """Whether a body is YAML: the media type before `;`, trimmed, case and all."""
    return (content_type or "").split(";", 1)[0].strip() in YAML_TYPES


def read_document(
    kind: type[T],
    content_type: str | None,
    body: bytes,
    *,
    buffered: Collection[str] = (),
    tagged: Collection[str] = (),
) -> Document[T]:
    """Decode a saved document. Raises `HttpError` 400 with the contract's texts.

    `buffered`: see `read_yaml`. `tagged`: structs that error texts call internally tagged enums.
    """
    if not is_yaml(content_type):
        try:
            value = decode(kind, body)
        except (BadJson, BadShape) as error:
            message = error.message
            for name in tagged:
                message = message.replace(f"struct {name}", f"internally tagged enum {name}")
            raise HttpError(400, f"parse JSON body: {message}") from None
        return Document(value, None, ignored_keys(kind, msgspec.json.decode(body)))
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise HttpError(400, f"YAML body must be UTF-8: {_utf8(error)}") from None
    try:
        value, ignored = read_yaml(kind, text, buffered, tagged)
    except BadYaml as error:
        raise HttpError(400, f"parse YAML body: {error}") from None
    return Document(value, text, ignored)


def _utf8(error: UnicodeDecodeError) -> str:
    if error.reason == "unexpected end of data":
        return f"incomplete utf-8 byte sequence from index {error.start}"
    return f"invalid utf-8 sequence of {error.end - error.start} bytes from index {error.start}"


def check_key(id: str) -> None:
    """Whether an id can be a key of a bucket (rules 4 and 5 of section 7). Raises `HttpError` 400."""
    if not _KEY.fullmatch(id) or id.startswith(".") or id.endswith("."):
        raise HttpError(400, "KV put: key cannot be empty or start/end with `.`")
    if ".." in id:
        raise HttpError(400, "KV put: ack error: no stream found for given subject")


def ignored_keys(kind: Any, value: Any, path: str = "") -> list[str]:
    """The dotted paths of keys in `value` (plain JSON values) that decoding as `kind` drops."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    if typing.get_origin(kind) is list and isinstance(value, list):
        inner = typing.get_args(kind)[0]
        return [key for i, item in enumerate(value) for key in ignored_keys(inner, item, f"{path}[{i}]")]
    if not isinstance(value, dict) or not isinstance(kind, type) or not issubclass(kind, msgspec.Struct):
        return []
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    found: list[str] = []
    for key, item in value.items():
        where = f"{path}.{key}" if path else key
        found += ignored_keys(fields[key], item, where) if key in fields else [where]
    return found
