"""Agent binaries and their rollout (`contract/http-fleet.md` 10.1 to 10.4)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator
from typing import IO

from kanade_host.plugin import (
    BadDuration,
    Context,
    HttpError,
    ObjectInfo,
    ObjectNotFound,
    Request,
    Response,
    parse_duration,
)
from kanade_host_releases import scopes, stopping, uploads
from kanade_host_releases.download import download
from kanade_host_releases.form import Form
from kanade_host_releases.messages import (
    MOST_LISTED,
    Published,
    Release,
    RolledOut,
    Rollout,
    RolloutScope,
    Withdrawal,
    Withdrawn,
)
from kanade_host_releases.scopes import STORE
from kanade_host_releases.texts import listed, looked_up, modified, told
from kanade_host_releases.versions import version_of_file

TOPIC = "releases"
CONFIG_TOPIC = f"kv:{scopes.BUCKET}"
FILE_NAME = re.compile(r"[^A-Za-z0-9._+-]")
PIECE = 1024 * 1024
NO_VERSION = (
    "couldn't extract VERSIONINFO from the uploaded binary — is it a Windows PE built with `winres`? "
    "Kanade ≥ v0.13.1 embeds the resource automatically; older binaries need to be re-published from a "
    "current build."
)
NOT_FOUND = "version '{}' not found in agent_releases — run `kanade agent publish` first"
BAD_SHAPE = "Failed to deserialize the JSON body into the target type"


class Releases:
    """The handlers. What depends on targets and changes releases, or the other way round, is done one at
    a time: no version is deleted while it is rolled out.
    """

    def __init__(self) -> None:
        self._alone = asyncio.Lock()

    async def publish(self, request: Request) -> Published:
        form = Form(request)
        folder = request.ctx.data_dir
        with tempfile.TemporaryFile(dir=folder) as file:  # gone with the process, whatever ends it
            await uploads.in_file(form, file)
            version = await asyncio.to_thread(version_of_file, file)
            if version is None:
                raise HttpError(400, NO_VERSION)
            info = await self._store(request.ctx, version, file)
        request.ctx.changed(TOPIC, version)
        await request.audit("agent_publish", version, {"size": info.size, "digest": info.digest})
        return Published(version, info.size, info.digest)

    async def _store(self, ctx: Context, version: str, file: IO[bytes]) -> ObjectInfo:
        if not version:
            raise HttpError(500, "invalid object name")
        objects = ctx.bus.objects(STORE)
        async with self._alone:
            stored = await looked_up(objects, STORE, version)
            if stored is not None and stored.digest != await asyncio.to_thread(_digest, file):
                await _refuse_target(ctx, version)
            with told():
                return await objects.put(version, _pieces(file))

    async def list(self, request: Request) -> list[Release]:
        found = await listed(request.ctx.bus.objects(STORE), STORE)
        rows = [Release(info.name, info.size, info.digest, modified(info)) for info in found]
        return sorted(rows, key=lambda row: row.modified or "", reverse=True)[:MOST_LISTED]

    async def delete(self, request: Request) -> None:
        version = request.path["version"]
        async with self._alone:
            with told():
                label = await scopes.targeted_by(request.ctx, version)
            if label is not None:
                raise HttpError(
                    409,
                    f"version '{version}' is the current target_version of scope '{label}' — clear or change "
                    "that scope first (kanade config unset target_version --… )",
                )
            try:
                with told():
                    await request.ctx.bus.objects(STORE).delete(version)
            except ObjectNotFound:
                raise HttpError(404, f"version '{version}' not in Object Store") from None
        request.ctx.changed(TOPIC, version)
        await request.audit("agent_release_delete", version)

    async def get(self, request: Request) -> Response:
        """The binary itself; ours, upstream has no such route."""
        version = request.path["version"]
        try:
            with told():
                reader = await request.ctx.bus.objects(STORE).open(version)
        except ObjectNotFound:
            raise HttpError(404, f"version '{version}' not in Object Store") from None
        return await download(request, reader, f"{FILE_NAME.sub('_', version)}.exe")

    async def rollout(self, request: Request) -> RolledOut:
        body: Rollout = request.body
        _check(body.scope)
        _check_jitter(body.jitter)
        scope = body.scope
        async with self._alone:
            try:
                with told():
                    await request.ctx.bus.objects(STORE).info(body.version)
            except ObjectNotFound:
                raise HttpError(404, NOT_FOUND.format(body.version)) from None
            with told():
                await scopes.set_target(request.ctx, scope.key, body.version, body.jitter)
        request.ctx.changed(CONFIG_TOPIC, scope.key)
        said = {"version": body.version, "scope_label": scope.label, "jitter": body.jitter}
        await request.audit("agent_rollout", scope.key, said)
        return RolledOut(body.version, scope.key, scope.label, body.jitter)

    async def stop(self, request: Request) -> Withdrawn:
        body: Withdrawal = request.body
        _check(body.scope)
        async with self._alone:
            done = await stopping.withdraw(request, body)
        request.ctx.changed(CONFIG_TOPIC, done.scope_key)
        said = {"version": done.version, "scope_label": done.scope_label, "withdrawn": done.withdrawn}
        await request.audit("agent_rollout", done.scope_key, said)
        return done


def _check(scope: RolloutScope) -> None:
    """What the types of a scope do not say."""
    if scope.type != "global" and scope.value is None:
        raise HttpError(422, f"{BAD_SHAPE}: scope: missing field `value`")
    if scope.type == "global" and scope.value is not None:
        raise HttpError(422, f"{BAD_SHAPE}: scope: `value` is only for groups and PCs, not for `global`")


def _check_jitter(jitter: str | None) -> None:
    """An empty jitter is stored, as upstream does."""
    if jitter:
        try:
            parse_duration(jitter)
        except BadDuration as error:
            raise HttpError(400, f"jitter: `{jitter}` is no duration: {error}") from None


async def _refuse_target(ctx: Context, version: str) -> None:
    """Agents in the scope have these bytes already, or are fetching them: others would split the fleet."""
    with told():
        label = await scopes.targeted_by(ctx, version)
    if label is not None:
        raise HttpError(
            409,
            f"version '{version}' is the current target_version of scope '{label}' and is stored with other "
            "bytes — publish the changed binary under a new version, or clear that scope first",
        )


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    return f"SHA-256={base64.urlsafe_b64encode(digest.digest()).decode()}"


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, PIECE):
        yield piece
