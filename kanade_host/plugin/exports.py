"""Tables as files: CSV for spreadsheets, JSON for programs, streamed row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import Literal

from kanade_host.plugin.errors import HttpError
from kanade_host.plugin.json import encode
from kanade_host.plugin.routes import Response

ExportFormat = Literal["csv", "json"]

_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Rows = Sequence[Sequence[object]]
"""Cells in the order of the columns: text, numbers, booleans, None."""


def export_format(text: str | None) -> ExportFormat:
    """What a client wants; default: csv. Raises `HttpError` 400."""
    match text:
        case None | "" | "csv":
            return "csv"
        case "json":
            return "json"
    raise HttpError(400, f'unknown format "{text}", expected one of csv, json')


def exported(
    name: str,
    kind: ExportFormat,
    columns: Sequence[str],
    chunks: AsyncIterable[Rows],
    *,
    labels: Sequence[str] | None = None,
    cut: bool = False,
) -> Response:
    """A file called `name`, chunk by chunk as they come.

    JSON is an array of objects with `columns` as keys; CSV has `labels` (default: `columns`) as its first
    line. `cut`: there are more rows than were given, which the header `x-kanade-incomplete: rows` says.
    """
    headers = {"content-disposition": f'attachment; filename="{name}.{kind}"'}
    if cut:
        headers["x-kanade-incomplete"] = "rows"
    body = _json(columns, chunks) if kind == "json" else _csv(labels or columns, chunks)
    return Response(body, 200, _TYPES[kind], headers)


async def _csv(labels: Sequence[str], chunks: AsyncIterable[Rows]) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + _lines([labels])  # the mark: else spreadsheets take it for the system's code page
    async for rows in chunks:
        yield _lines(rows)


async def _json(columns: Sequence[str], chunks: AsyncIterable[Rows]) -> AsyncIterator[bytes]:
    comma = b"["
    async for rows in chunks:
        if rows:
            yield comma + b",\n".join(encode(dict(zip(columns, row, strict=True))) for row in rows)
            comma = b",\n"
    yield b"[]" if comma == b"[" else b"]"


def _lines(rows: Rows) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([map(_safe, row) for row in rows])
    return text.getvalue().encode("utf-8", "replace")


def _safe(value: object) -> object:
    """What PCs send must not become a formula in the spreadsheet that opens the file."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
