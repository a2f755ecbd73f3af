"""Saved views: a page with its filters under a name, for oneself or shared with everybody.

The owner alone changes a view. An administrator may delete one that is shared: it stands in everybody's list.
"""

from __future__ import annotations

import sqlite3
import uuid

from kanade_host.plugin import HttpError, Instant, Request, Response, Role, Tx, audit, encode
from kanade_host_preferences.messages import NewView, View, ViewChange, ViewsQuery

VIEWS = 200
NAME_CHARS = 100
PAGE_CHARS = 200
STATE_CHARS = 8_000
LISTED = 1_000
_ROWS = "SELECT view_id, username, page, name, state, shared, updated_at FROM preferences_views"


async def list_views(request: Request) -> list[View]:
    """The caller's own and the shared ones, by page and name."""
    query = request.query
    assert isinstance(query, ViewsQuery)
    me = request.principal.subject
    rows = await request.ctx.query(
        f"{_ROWS} WHERE (username = ? OR shared = 1) AND page = coalesce(?, page)"
        f" ORDER BY page, name, username LIMIT {LISTED}",
        (me, query.page),
    )
    return [_view(row, me) for row in rows]


async def save_view(request: Request) -> Response:
    """A new one; 409 when the caller has one of that name for the page."""
    given, me, at = request.body, request.principal.subject, request.ctx.clock.now()
    assert isinstance(given, NewView)
    if not given.page.startswith("/") or len(given.page) > PAGE_CHARS or not given.page.isprintable():
        raise HttpError(400, f"page must be a path, {PAGE_CHARS} characters at most")
    name, state = _name(given.name), _state(given.state)
    row = (uuid.uuid4().hex, me, given.page, name, state, int(given.shared), at.ns // 1_000_000_000)

    def work(tx: Tx) -> None:
        counted = tx.execute("SELECT count(*) FROM preferences_views WHERE username = ?", (me,))
        if counted.fetchone()[0] >= VIEWS:
            raise HttpError(409, f"{VIEWS} saved views are the most for one user: delete some")
        _unique(tx, "INSERT INTO preferences_views VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        _changed(request, tx, at, "view.create", name, row)

    await request.ctx.write(work)
    return Response.json(encode(_view(row, me)), 201)


async def change_view(request: Request) -> None:
    """Another name, other filters, shared or not: the owner's to say."""
    given, me, at = request.body, request.principal.subject, request.ctx.clock.now()
    assert isinstance(given, ViewChange)
    name = None if given.name is None else _name(given.name)
    state = None if given.state is None else _state(given.state)
    shared = None if given.shared is None else int(given.shared)

    def work(tx: Tx) -> None:
        row = _found(tx, request)
        if row["username"] != me:
            raise HttpError(403, f"this view is {row['username']}'s: save one of your own from it")
        _unique(
            tx,
            "UPDATE preferences_views SET name = coalesce(?, name), state = coalesce(?, state),"
            " shared = coalesce(?, shared), updated_at = ? WHERE view_id = ?",
            (name, state, shared, at.ns // 1_000_000_000, row["view_id"]),
        )
        _changed(request, tx, at, "view.update", name or row["name"], tuple(row))

    await request.ctx.write(work)


async def delete_view(request: Request) -> None:
    """One's own, or as an administrator a shared one."""
    me, at = request.principal.subject, request.ctx.clock.now()

    def work(tx: Tx) -> None:
        row = _found(tx, request)
        if row["username"] != me and request.principal.role < Role.ADMIN:
            raise HttpError(403, f"this view is {row['username']}'s: an administrator may delete it")
        tx.execute("DELETE FROM preferences_views WHERE view_id = ?", (row["view_id"],))
        _changed(request, tx, at, "view.delete", row["name"], tuple(row))

    await request.ctx.write(work)


def _found(tx: Tx, request: Request) -> sqlite3.Row:
    """The view, if the caller can see it, else 404."""
    row: sqlite3.Row | None = tx.execute(
        f"{_ROWS} WHERE view_id = ? AND (username = ? OR shared = 1)",
        (request.path["view_id"], request.principal.subject),
    ).fetchone()
    if row is None:
        raise HttpError(404, "no such view")
    return row


def _unique(tx: Tx, sql: str, values: tuple[object, ...]) -> None:
    try:
        tx.execute(sql, values)
    except sqlite3.IntegrityError as error:
        raise HttpError(409, "you have a view of that name for this page") from error


def _changed(request: Request, tx: Tx, at: Instant, action: str, name: str, row: tuple[object, ...]) -> None:
    view_id, owner, page, *_ = row
    tx.changed("views", str(page))
    payload = {"view_id": view_id, "page": page, "owner": owner}
    audit(tx, at, action, name, payload, caller=request.caller)


def _view(row: sqlite3.Row | tuple[str, str, str, str, str, int, int], me: str) -> View:
    view_id, owner, page, name, state, shared, updated = row
    moment = Instant.from_ns(updated * 1_000_000_000)
    return View(view_id, page, name, state, bool(shared), owner, owner == me, moment)


def _name(name: str) -> str:
    name = name.strip()
    if not name:
        raise HttpError(400, "name required")
    if len(name) > NAME_CHARS or not name.isprintable():
        raise HttpError(400, f"name must be printable, {NAME_CHARS} characters at most")
    return name


def _state(state: str) -> str:
    if len(state) > STATE_CHARS or not state.isprintable():
        raise HttpError(400, f"state must be a query string, {STATE_CHARS} characters at most")
    return state.removeprefix("?")
