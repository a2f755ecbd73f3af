"""Every hook, and every type that hooks return."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, Any, assert_type

import click
import msgspec

from kanade_host.plugin import (
    API_VERSION,
    DAY_SECONDS,
    Authenticator,
    Batch,
    Bucket,
    Context,
    Credentials,
    Entry,
    HttpError,
    HttpErrorText,
    Job,
    Message,
    Meta,
    Migrations,
    NotMine,
    ObjectStore,
    Page,
    Permission,
    Principal,
    Projection,
    Refusal,
    Request,
    Resource,
    Response,
    Role,
    Route,
    Samples,
    Settings,
    Stream,
    Subscription,
    Sweep,
    Task,
    Tx,
    Verdict,
    Watch,
    audit,
    delete_older,
    hookimpl,
    insert_rows,
)

assert_type(API_VERSION, str)
READ = Permission("tour.read", Role.VIEWER)
WRITE = Permission("tour.write", Role.OPERATOR)


class TourSettings(Settings, frozen=True, kw_only=True):
    """The keys of `[plugins.tour]`."""

    keep_days: Annotated[int, msgspec.Meta(ge=1, description="Days after which rows are deleted.")] = 30


class Seen(msgspec.Struct, frozen=True):
    """A message."""

    pc_id: str


def apply(tx: Tx, batch: Batch) -> None:
    """Messages become rows; what is sent goes out with the commit."""
    for message in batch:
        meta: Meta = message.meta
        cursor = tx.execute("INSERT INTO tour_seen VALUES (?, ?)", (message.body.pc_id, meta.time.stored))
        tx.executemany("DELETE FROM tour_seen WHERE pc_id = ?", [(str(cursor.rowcount),)])
        insert_rows(tx, "INSERT INTO tour_seen VALUES (?, ?)", [(message.body.pc_id, meta.time.stored)])
        tx.send("commands.pc.x", b"", id=f"tour-{meta.sequence}", due=meta.time, core=False)
        tx.changed("tour", meta.subject)
        tx.after_commit(lambda: None)
        assert_type(tx.withdraw("tour-"), int)
        audit(tx, meta.time, "tour_seen", None, {"n": 1}, actor="host", id="1")


async def pick(ctx: Context, bodies: Sequence[bytes]) -> Sequence[bool]:
    """Before anything is decoded: which messages matter."""
    ctx.log.debug("picking", messages=len(bodies))
    return [b"pc_id" in body for body in bodies]


async def prepare(ctx: Context, batch: Batch) -> Batch:
    """Before the transaction: may fetch."""
    ctx.log.debug("preparing", messages=len(batch))
    first: Message[Any] = batch[0]
    return [first, *batch[1:]]


async def changed(ctx: Context, entry: Entry) -> None:
    """A value of a bucket is another one now."""
    ctx.log.info(
        "changed", key=entry.key, gone=entry.value is None, at=entry.time.wire, revision=entry.revision
    )


async def one(request: Request) -> Response:
    """What a handler is given, and may answer."""
    if request.principal.role < Role.ADMIN or Role.from_word("admin") is None:
        raise HttpError(403, "only admins")
    await request.audit("tour_looked", request.path["pc_id"], {"query": str(request.query)})
    sub, source = request.caller.sub, request.caller.source
    texts = (
        request.id,
        request.method,
        request.remote,
        request.source,
        sub,
        source,
        request.headers.get("x"),
    )
    chunks = [chunk async for chunk in request.chunks()]
    return Response.text(str((texts, chunks, request.body))) if chunks else Response.json(b"{}")


class Nobody:
    """Lets nobody in, in every way that there is."""

    name = "tour"

    async def authenticate(self, credentials: Credentials) -> Verdict:
        """A principal, a refusal, or "not mine"."""
        if credentials.authorization is None:
            return NotMine()
        if (
            credentials.headers.get("x-admin")
            and credentials.path
            and credentials.method
            and credentials.remote
        ):
            return Principal("somebody", Role.ADMIN, scope="*", token_id=None)
        return Refusal("no", 429, retry_after=5)


async def loop() -> None:
    """A loop of a plugin."""


async def sweep() -> int:
    """A periodic piece of work; answers how many rows it touched."""
    return DAY_SECONDS * 0


@contextlib.asynccontextmanager
async def living(ctx: Context) -> AsyncIterator[None]:
    """Around the running plugin."""
    ctx.degraded(None)
    assert_type(await delete_older(ctx, "tour_seen", "at", ctx.clock.now().stored), int)
    yield


@hookimpl
def kanade_settings() -> type[Settings]:
    return TourSettings


@hookimpl
def kanade_migrations() -> Migrations:
    return Migrations(
        Path("migrations"), kept=("tour_notes",), dynamic=lambda table: table.startswith("tour_d_")
    )


@hookimpl
def kanade_resources() -> Sequence[Resource]:
    return [Stream("tour_events", ("tour.>",)), Bucket("tour_bucket", history=1), ObjectStore("tour_objects")]


@hookimpl
def kanade_subscriptions() -> Sequence[Subscription]:
    return [
        Projection(
            "tour.seen", "OBS_EVENTS", "tour_seen", Seen, apply, filter="obs.>", prepare=prepare, pick=pick
        ),
        Samples("tour.beats", "heartbeat.>", Seen, apply, key=lambda body: body.pc_id, limit=10),
        Watch("jobs", on_change=changed),
    ]


@hookimpl
def kanade_routes() -> Sequence[Route]:
    too_large = HttpErrorText(400, "too much")
    return [
        Route(
            "POST",
            "/api/tour/{pc_id}",
            one,
            WRITE,
            "Look",
            body="stream",
            body_limit=10,
            too_large=too_large,
            audits=("tour_looked",),
            errors={403: "only admins"},
            tags=("tour",),
            time_limit=None,
        ),
        Route("GET", "/api/tour/{pc_id}", one, READ, "Look", fresh=("tour",), fresh_for=1.0, status=200),
    ]


@hookimpl
def kanade_services(ctx: Context) -> Mapping[str, Any]:
    return {f"{ctx.plugin}.nothing": object()}


@hookimpl
def kanade_tasks(ctx: Context) -> Sequence[Job]:
    ctx.log.info("tasks", settings=ctx.settings)
    return [Task("loop", loop), Sweep("sweep", sweep, every=60.0)]


@hookimpl
def kanade_authenticators(ctx: Context) -> Sequence[Authenticator]:
    ctx.log.info("authenticators")
    return [Nobody()]


@hookimpl
def kanade_pages() -> Sequence[Page]:
    title = {"en": "Tour", "ja": "ツアー"}
    return [Page("tour.tour", title, "page", section="fleet", path="/tour", order=1, permission=READ.name)]


@hookimpl
def kanade_commands() -> Sequence[click.Command]:
    return [click.Command("tour")]


@hookimpl
def kanade_site() -> Path | None:
    return None


@hookimpl
def kanade_lifespan(ctx: Context) -> AbstractAsyncContextManager[None]:
    return living(ctx)
