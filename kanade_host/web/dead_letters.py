"""Dead letters over HTTP: look at them, have them tried again, throw them away. For administrators."""

from __future__ import annotations

import base64
import sqlite3
from typing import Any, Literal

import msgspec

from kanade_host.plugin.audit import audit
from kanade_host.plugin.authenticators import Permission, Role
from kanade_host.plugin.errors import HttpError
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.json import I64, U32
from kanade_host.plugin.routes import Request, Route
from kanade_host.plugin.subscriptions import Tx
from kanade_host.web.providers import Host

READ = Permission("dead-letters.read", Role.ADMIN)
WRITE = Permission("dead-letters.write", Role.ADMIN)
MOST = 1_000
_COLUMNS = "id, projection, plugin, stream, sequence, subject, time_ns, error, status, length(body) AS size"


class Query(msgspec.Struct, frozen=True):
    """`before`: only letters with a smaller id, for the next page."""

    projection: str | None = None
    status: Literal["waiting", "replay"] | None = None
    limit: U32 = 100
    before: I64 | None = None


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was set aside. `body` is its text, or base64 where it is no UTF-8."""

    id: int
    projection: str
    plugin: str
    stream: str
    sequence: int
    subject: str
    time: Instant
    error: str
    status: str
    size: int
    traceback: str | msgspec.UnsetType = msgspec.UNSET
    body: str | msgspec.UnsetType = msgspec.UNSET
    encoding: Literal["utf-8", "base64"] | msgspec.UnsetType = msgspec.UNSET


class Letters(msgspec.Struct, frozen=True):
    """Newest first; `next` is the `before` of the next page, null at the end."""

    dead_letters: list[Letter]
    next: int | None


class Asked(msgspec.Struct, frozen=True):
    """What becomes of it."""

    id: int
    status: str


def _letter(row: sqlite3.Row, **more: Any) -> Letter:
    return Letter(
        id=row["id"],
        projection=row["projection"],
        plugin=row["plugin"],
        stream=row["stream"],
        sequence=row["sequence"],
        subject=row["subject"],
        time=Instant.from_ns(row["time_ns"]),
        error=row["error"] or "",
        status=row["status"],
        size=row["size"] or 0,
        **more,
    )


def _number(request: Request) -> int:
    text = request.path["id"]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _missing()
    return int(text)


def _missing() -> HttpError:
    return HttpError(404, "no such dead letter: it was replayed or discarded, or never was")


class DeadLetterRoutes:
    """The handlers, over the host's own table."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def page(self, request: Request) -> Letters:
        """Newest first."""
        asked: Query = request.query
        limit = min(asked.limit, MOST)
        rows = await self._host.query(
            f"SELECT {_COLUMNS} FROM host_dead_letters WHERE projection = coalesce(?, projection)"
            " AND status = coalesce(?, status) AND id < coalesce(?, id + 1) ORDER BY id DESC LIMIT ?",
            (asked.projection, asked.status, asked.before, limit + 1),
        )
        page = [_letter(row) for row in rows[:limit]]
        return Letters(page, page[-1].id if page and len(rows) > limit else None)

    async def one(self, request: Request) -> Letter:
        """With body and traceback."""
        rows = await self._host.query(
            f"SELECT {_COLUMNS}, body, traceback FROM host_dead_letters WHERE id = ?", (_number(request),)
        )
        if not rows:
            raise _missing()
        body, traceback = bytes(rows[0]["body"] or b""), rows[0]["traceback"] or ""
        try:
            return _letter(rows[0], body=body.decode(), encoding="utf-8", traceback=traceback)
        except UnicodeDecodeError:
            text = base64.b64encode(body).decode()
            return _letter(rows[0], body=text, encoding="base64", traceback=traceback)

    async def replay(self, request: Request) -> Asked:
        """Mark it; it is applied again, as an old message, in a moment."""
        sql = "UPDATE host_dead_letters SET status = 'replay' WHERE id = ? RETURNING projection, sequence"
        await self._change(request, sql, "dead_letter_replay")
        self._host.replay()
        return Asked(_number(request), "replay")

    async def discard(self, request: Request) -> None:
        """Throw it away."""
        sql = "DELETE FROM host_dead_letters WHERE id = ? RETURNING projection, sequence"
        await self._change(request, sql, "dead_letter_discard")

    async def _change(self, request: Request, sql: str, action: str) -> None:
        id, at, caller = _number(request), self._host.clock.now(), request.caller

        def work(tx: Tx) -> bool:
            row = tx.execute(sql, (id,)).fetchone()
            if row is None:
                return False
            tx.changed("dead-letters", str(id))
            payload = {"projection": row["projection"], "sequence": row["sequence"]}
            audit(tx, at, action, str(id), payload, caller=caller)
            return True

        if not await self._host.write(work):
            raise _missing()

    def routes(self) -> list[Route]:
        """As data."""
        path, gone = "/api/dead-letters", {404: "No such dead letter"}
        return [
            Route(
                "GET", path, self.page, READ, "Messages that were set aside", query=Query, response=Letters
            ),
            Route("GET", path + "/{id}", self.one, READ, "One of them", response=Letter, errors=gone),
            Route(
                "POST",
                path + "/{id}/replay",
                self.replay,
                WRITE,
                "Try it again",
                response=Asked,
                audits=("dead_letter_replay",),
                errors=gone,
            ),
            Route(
                "POST",
                path + "/{id}/discard",
                self.discard,
                WRITE,
                "Throw it away",
                status=204,
                audits=("dead_letter_discard",),
                errors=gone,
            ),
        ]
