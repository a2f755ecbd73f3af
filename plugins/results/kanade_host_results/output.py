"""All of one run's output, whole or in parts, wherever it lies: in its row, or in the object store.

A row takes a bounded number of bytes (`overflow.py`); what is longer stays where the agent has put it, as
long as the store keeps it (30 days).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from kanade_host.plugin import (
    BrokerUnavailable,
    HttpError,
    ObjectDamaged,
    ObjectNotFound,
    Request,
    ResourceMissing,
    Response,
)
from kanade_host_results.overflow import STORE

STREAMS = ("stdout", "stderr")
FIND = (
    "SELECT r.{stream}, o.{stream}_object FROM execution_results AS r"
    " LEFT JOIN result_objects AS o ON o.result_id = r.result_id WHERE r.result_id = ?"
)
_RANGE = re.compile(r"bytes=([0-9]{1,20})-([0-9]{1,20})?|bytes=-([0-9]{1,20})")
_TYPE = "text/plain; charset=utf-8"


async def get_output(request: Request) -> Response:
    """GET /api/results/{result_id}/output/{stream}: text as the PC sent it, bytes by bytes."""
    result_id, stream = request.path["result_id"], request.path["stream"]
    if stream not in STREAMS:
        raise HttpError(404, f"no output called {stream}: it is stdout or stderr")
    rows = await request.ctx.query(FIND.format(stream=stream), (result_id,))
    if not rows:
        raise HttpError(404, f"no result {result_id}")
    text, name = rows[0]
    if name is not None:
        return await _stored(request, name)
    body = str(text).encode()
    start, end, answer = _part(request, len(body))
    return Response(body[start:end], 206 if "content-range" in answer else 200, _TYPE, answer)


async def _stored(request: Request, name: str) -> Response:
    """From the object store, chunk by chunk."""
    try:
        reader = await request.ctx.bus.objects(STORE).open(name)
        start, end, answer = _part(request, reader.info.size)
        parts = reader.read(start, end - start) if end > start else _nothing()
        body = parts if request.method == "HEAD" else await _begun(parts)
    except ObjectNotFound:
        raise HttpError(
            410, f"the object store holds {name} no more, and the row has no room for it"
        ) from None
    except ObjectDamaged as error:
        raise HttpError(500, f"{name} is damaged in the object store: {error}") from error
    except (BrokerUnavailable, ResourceMissing) as error:
        raise HttpError(503, f"broker unavailable: {error}; try again when it is back") from error
    return Response(body, 206 if "content-range" in answer else 200, _TYPE, answer)


def _part(request: Request, size: int) -> tuple[int, int, dict[str, str]]:
    """First byte, the one after the last, and the headers. What is no single range is answered whole."""
    answer = {"accept-ranges": "bytes", "x-content-type-options": "nosniff"}
    wanted = request.headers.get("range")
    found = _RANGE.fullmatch(wanted) if wanted is not None else None
    if found is None:
        return 0, size, answer | {"content-length": str(size)}
    if found[3] is not None:
        start, last = max(size - int(found[3]), 0), size - 1
    else:
        start, last = int(found[1]), min(int(found[2] or size), size - 1)
    if start > last:
        raise HttpError(416, f"the output has {size} bytes", {"content-range": f"bytes */{size}"})
    length = last + 1 - start
    said = {"content-length": str(length), "content-range": f"bytes {start}-{last}/{size}"}
    return start, last + 1, answer | said


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


async def _begun(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, after its first chunk has come: a beginning that cannot be read is still an answer."""
    first = await anext(body, b"")

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for chunk in body:
            yield chunk

    return rest()
