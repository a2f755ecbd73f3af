"""Objects as downloads: preconditions and ranges (`contract/http-fleet.md` 10.8)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from kanade_host.plugin import HttpError, ObjectReader, Request, Response
from kanade_host_releases.texts import told

_RANGE = re.compile(r"bytes=([0-9]{1,20})-([0-9]{1,20})?")


async def download(request: Request, reader: ObjectReader, filename: str) -> Response:
    """200 with all of it, 206 with a part, 304, 412 or 416, as the request's headers ask."""
    info, headers = reader.info, request.headers
    etag = None if info.digest is None else f'"{info.digest}"'
    answer = {
        "accept-ranges": "bytes",
        "content-disposition": f'attachment; filename="{filename}"',
        **({} if etag is None else {"etag": etag}),
    }
    if etag is not None:
        _if_match(headers.get("if-match"), etag)
    if _has(headers.get("if-none-match"), etag):
        return Response(b"", 304, None, answer)
    wanted = headers.get("range")
    if wanted is None or headers.get("if-range", etag) != etag:
        length = str(info.size)
        return _answer(reader.read(), 200, answer | {"content-length": length})
    start, end = _range(wanted, info.size)
    part = reader.read(start, end - start + 1)
    if request.method != "HEAD":
        part = await _begun(part)
    return _answer(
        part,
        206,
        answer
        | {"content-length": str(end - start + 1), "content-range": f"bytes {start}-{end}/{info.size}"},
    )


def _answer(body: AsyncIterator[bytes], status: int, headers: dict[str, str]) -> Response:
    return Response(body, status, "application/octet-stream", headers)


def _if_match(header: str | None, etag: str) -> None:
    """One tag, compared as it stands, or `*`. Lists match nothing, as upstream has it."""
    if header is not None and header not in (etag, "*"):
        raise HttpError(412, f"If-Match {_quoted(header)} doesn't match current ETag {_quoted(etag)}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _has(header: str | None, etag: str | None) -> bool:
    """Whether If-None-Match names what is there."""
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags


def _range(header: str, size: int) -> tuple[int, int]:
    """First and last byte. One range from a first byte on; an end beyond the last byte means the last."""
    found = _RANGE.fullmatch(header)
    start = int(found[1]) if found else size
    end = int(found[2]) if found and found[2] else size - 1
    if found is None or start >= size or end < start:
        raise HttpError(
            416,
            f"Range header invalid or out of bounds for object size {size}\n",
            {"content-range": f"bytes */{size}"},
        )
    return start, min(end, size - 1)


async def _begun(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, after its first chunk has come: a beginning that cannot be found is still an answer (500)."""
    with told():
        first = await anext(body)

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for chunk in body:
            yield chunk

    return rest()
