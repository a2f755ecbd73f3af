"""The field `file` of an upload: passed on, in memory, or in a file (`contract/http-fleet.md` 10.1, 10.6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import IO

from aiohttp import BodyPartReader

from kanade_host.plugin import HttpError
from kanade_host_releases.form import BROKEN, BrokenForm, Form

FIELD = "file"
MISSING = "missing 'file' field"
EMPTY = "'file' field is empty"
MORE = "multipart body has more than one 'file' field"
IN_FILE = f"read file field: {BROKEN}"
LATE_IN_FILE = f"error while reading the buffer: {BROKEN}"


async def passed_on(form: Form) -> AsyncIterator[bytes]:
    """The file as it arrives. Ends only when the whole body was read and is sound: until then, whoever
    stores it must not show it.
    """
    seen = False
    while (part := await form.next()) is not None:
        if part.name != FIELD:
            await form.drain(part)
            continue
        if seen:
            raise HttpError(400, MORE)
        seen = True
        async for piece in _file(form, part):
            yield piece
    if not seen:
        raise HttpError(400, MISSING)


async def _file(form: Form, part: BodyPartReader) -> AsyncIterator[bytes]:
    begun = False
    try:
        async for piece in form.pieces(part):
            begun = True
            yield piece
    except BrokenForm:
        raise HttpError(500, LATE_IN_FILE) if begun else HttpError(400, IN_FILE) from None
    if not begun:
        raise HttpError(400, EMPTY)


async def in_memory(form: Form) -> bytes:
    """The last file of the body; the route's limit bounds it."""
    found: bytearray | None = None
    while (part := await form.next()) is not None:
        if part.name == FIELD:
            found = bytearray()
            try:
                async for piece in form.pieces(part):
                    found += piece
            except BrokenForm:
                raise HttpError(400, IN_FILE) from None
    if found is None:
        raise HttpError(400, MISSING)
    if not found:
        raise HttpError(400, EMPTY)
    return bytes(found)


async def in_file(form: Form, target: IO[bytes]) -> int:
    """The same, written to `target`, which is left at its beginning; answers the size."""
    found: int | None = None
    while (part := await form.next()) is not None:
        if part.name == FIELD:
            found = 0
            target.seek(0)
            try:
                async for piece in form.pieces(part):
                    found += await asyncio.to_thread(target.write, piece)
            except BrokenForm:
                raise HttpError(400, IN_FILE) from None
            target.truncate()
    target.seek(0)
    if found is None:
        raise HttpError(400, MISSING)
    if not found:
        raise HttpError(400, EMPTY)
    return found
