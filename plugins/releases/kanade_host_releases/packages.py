"""App packages and script objects: two stores, the same handlers (`contract/http-fleet.md` 10.5 to 10.9)."""

from __future__ import annotations

from dataclasses import dataclass

from kanade_host.plugin import HttpError, ObjectInfo, ObjectNotFound, Objects, Request, Response
from kanade_host_releases import uploads
from kanade_host_releases.download import download
from kanade_host_releases.form import Form
from kanade_host_releases.messages import MOST_LISTED, Listed, ShelfQuery, Stored
from kanade_host_releases.texts import check_segment, listed, looked_up, modified, told


@dataclass(frozen=True, slots=True)
class Shelf:
    """One of the two. `action` begins the names of its audit actions; `streamed`: too large for memory."""

    store: str
    noun: str
    action: str
    streamed: bool

    @property
    def topic(self) -> str:
        """Named when an object comes or goes by the host."""
        return f"objects:{self.store}"

    def objects(self, request: Request) -> Objects:
        return request.ctx.bus.objects(self.store)

    async def upload(self, request: Request) -> Stored:
        form = Form(request)
        name, version = _segments(request)
        key, objects = f"{name}/{version}", self.objects(request)
        if self.streamed:
            await looked_up(objects, self.store, key)
            with told():
                info = await objects.put(key, uploads.passed_on(form))
        else:
            body = await uploads.in_memory(form)
            await looked_up(objects, self.store, key)
            with told():
                info = await objects.put(key, body)
        said = {"name": name, "version": version, "size": info.size, "digest": info.digest}
        request.ctx.changed(self.topic, key)
        await request.audit(f"{self.action}_publish", key, said)
        return Stored(name, version, info.size, info.digest)

    async def list(self, request: Request) -> list[Listed]:
        query: ShelfQuery = request.query
        wanted = query.q.casefold()
        stored = await listed(self.objects(request), self.store)
        found = [_row(info) for info in stored if "/" in info.name and wanted in info.name.casefold()]
        found.sort(key=lambda row: (row.name, row.version))
        found.sort(key=lambda row: row.modified or "", reverse=True)
        return found[:MOST_LISTED]

    async def get(self, request: Request) -> Response:
        name, version = _segments(request)
        try:
            with told():
                reader = await self.objects(request).open(f"{name}/{version}")
        except ObjectNotFound:
            raise HttpError(404, f"{self.noun} '{name}/{version}' not found") from None
        return await download(request, reader, f"{name}-{version}")

    async def delete(self, request: Request) -> None:
        name, version = _segments(request)
        try:
            with told():
                await self.objects(request).delete(f"{name}/{version}")
        except ObjectNotFound:
            raise HttpError(404, f"{self.noun} '{name}/{version}' not in Object Store") from None
        said = {"name": name, "version": version}
        request.ctx.changed(self.topic, f"{name}/{version}")
        await request.audit(f"{self.action}_delete", f"{name}/{version}", said)


PACKAGES = Shelf("app_packages", "app package", "app_package", streamed=True)
SCRIPTS = Shelf("scripts", "script object", "script_object", streamed=False)


def _segments(request: Request) -> tuple[str, str]:
    name, version = request.path["name"], request.path["version"]
    check_segment("name", name)
    check_segment("version", version)
    return name, version


def _row(info: ObjectInfo) -> Listed:
    name, _, version = info.name.rpartition("/")
    return Listed(name, version, info.size, info.digest, modified(info))
