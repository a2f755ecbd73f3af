"""Errors of the store as answers, and names that may not be (`contract/http-fleet.md` 10.1, 10.5)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from kanade_host.plugin import (
    ApiError,
    BadInstant,
    BrokerUnavailable,
    HttpError,
    Instant,
    ObjectDamaged,
    ObjectInfo,
    ObjectNotFound,
    Objects,
    ResourceMissing,
)


def missing_store(name: str) -> HttpError:
    """The store is away, whatever the reason: the one text that upstream has for it."""
    return HttpError(503, f"Object Store '{name}' missing — run `kanade jetstream setup`")


async def looked_up(objects: Objects, store: str, key: str) -> ObjectInfo | None:
    """The object that is there now, None for none; 503 when the store cannot be asked."""
    try:
        return await objects.info(key)
    except ObjectNotFound:
        return None
    except ObjectDamaged:
        return None  # an upload replaces it
    except (BrokerUnavailable, ResourceMissing) as error:
        raise missing_store(store) from error


async def listed(objects: Objects, store: str) -> list[ObjectInfo]:
    try:
        return await objects.list()
    except (BrokerUnavailable, ResourceMissing) as error:
        raise missing_store(store) from error
    except (ApiError, ObjectDamaged) as error:
        raise HttpError(500, str(error)) from error


@contextmanager
def told() -> Iterator[None]:
    """The store's own words: 503 when it is away or missing, 500 for what it refuses."""
    try:
        yield
    except (BrokerUnavailable, ResourceMissing) as error:
        raise HttpError(503, str(error)) from error
    except (ApiError, ObjectDamaged) as error:
        raise HttpError(500, str(error)) from error


def modified(info: ObjectInfo) -> str | None:
    """`2026-11-23T10:00:00.500+00:00`."""
    try:
        return None if info.modified is None else Instant.parse(info.modified).stored
    except BadInstant:
        return None


def check_segment(label: str, text: str) -> None:
    """400 for a name or version that could not stand in a header or a file name."""
    if not text:
        raise HttpError(400, f"{label} must be non-empty")
    if "/" in text:
        raise HttpError(400, f"{label} must not contain '/'")
    for character in text:
        if not character.isascii():
            raise HttpError(
                400, f"{label} must be ASCII-printable (rejected non-ASCII character '{_shown(character)}')"
            )
        if not character.isprintable():
            raise HttpError(400, f"{label} must not contain control characters")
        if character in '"\\':
            raise HttpError(400, f"{label} must not contain '\"' or '\\\\'")


def _shown(character: str) -> str:
    if character.isprintable() and not unicodedata.category(character).startswith("M"):
        return character
    return f"\\u{{{ord(character):x}}}"
