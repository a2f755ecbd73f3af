"""The bucket `schedules` and its mirror `schedules_yaml`, for the routes (`contract/manifest.md` 10)."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kanade_host.plugin import (
    ApiError,
    BrokerUnavailable,
    Context,
    HttpError,
    InvalidKey,
    KanadeError,
    MessageTooLarge,
    ResourceMissing,
    RevisionConflict,
)
from kanade_host.plugin.yaml import Document
from kanade_host_scheduler.completing import BUCKET, MIRROR, drop_mirror
from kanade_host_scheduler.schedule import Schedule, Undecodable, dumped, read_entry, read_mirror, stored

TRIES = 5
"""Of a revision-checked write, against others who write the same schedule."""


def failed(what: str, error: KanadeError) -> HttpError:
    """What the broker answered. A name that can be no key is the client's fault (`http-fleet.md` 7.1)."""
    return HttpError(400 if isinstance(error, InvalidKey) else 500, f"{what}: {error}")


class Refused(HttpError):
    """Nothing was written, for certain."""


@dataclass(frozen=True, slots=True)
class _Decoded:
    revision: int
    schedule: Schedule | None
    stored: bytes


class ScheduleStore:
    """Reads what is in the bucket now; what it writes is seen by whoever reads after its answer."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._decoded: dict[str, _Decoded] = {}

    # -- reading -----------------------------------------------------------------------------

    async def listed(self) -> list[bytes]:
        """Stored forms in the order of their last writes; `BrokerUnavailable`. A missing bucket is empty."""
        try:
            await self._ctx.watch(BUCKET).synced()
        except ResourceMissing:
            return []
        fresh: dict[str, _Decoded] = {}
        for key, entry in self._ctx.watch(BUCKET).items():
            held = self._decoded.get(key)
            if held is None or held.revision != entry.revision:
                held = _decode(key, entry.value, entry.revision)
            fresh[key] = held
        self._decoded = fresh
        found = (one for one in fresh.values() if one.schedule is not None)
        return [one.stored for one in sorted(found, key=lambda one: one.revision)]

    async def get(self, id: str) -> Schedule:
        """One schedule. Raises `HttpError` 404, 500, 503."""
        schedule, _ = await self._entry(id)
        return schedule

    async def _entry(self, id: str) -> tuple[Schedule, int]:
        try:
            entry = await self._ctx.bus.kv(BUCKET).get(id)
        except BrokerUnavailable as error:
            raise away(error) from None
        except ResourceMissing as error:
            raise HttpError(503, f"schedules bucket missing: {error}") from None
        except KanadeError as error:
            raise failed("KV entry", error) from None
        if entry is None or entry.value is None:
            raise HttpError(404, f"schedule '{id}' not found")
        try:
            return read_entry(id, entry.value), entry.revision
        except Undecodable as error:
            raise HttpError(500, f"deserialize stored schedule: {error}") from None

    async def source(self, id: str) -> str | None:
        """The YAML text: what was saved, or a dump where that says something else by now. None: no such.

        Raises `HttpError`.
        """
        try:
            entry = await self._ctx.bus.kv(BUCKET).get(id)
            if entry is None or entry.value is None:
                return None
            text = await self._mirror(id)
        except BrokerUnavailable as error:
            raise away(error) from None
        except ResourceMissing:
            return None
        except KanadeError as error:
            raise failed("KV get", error) from None
        try:
            schedule = read_entry(id, entry.value)
        except Undecodable as error:
            if text is not None:
                return text
            raise HttpError(500, f"decode: {error}") from None
        if text is not None and read_mirror(text) in (None, schedule):
            return text
        return dumped(schedule)

    async def _mirror(self, id: str) -> str | None:
        try:
            entry = await self._ctx.bus.kv(MIRROR).get(id)
            return None if entry is None or entry.value is None else entry.value.decode()
        except (ResourceMissing, UnicodeDecodeError):
            return None

    # -- writing -----------------------------------------------------------------------------

    async def check_there(self, id: str) -> None:
        """Where the broker is away for certain, say so before anything begins. Raises `HttpError` 503."""
        if self._ctx.bus.connected:
            return
        try:
            await self._ctx.bus.kv(BUCKET).get(id)
        except BrokerUnavailable as error:
            raise away(error) from None
        except KanadeError:
            return  # the write will say it

    async def put(self, schedule: Schedule) -> int:
        """Put the stored form; answers the revision. `mirror` comes next.

        Raises `Refused`; another `HttpError` where it may be written nevertheless, now or in a moment: a
        broker that did not answer in time may still take what was sent.
        """
        try:
            return await self._ctx.bus.kv(BUCKET).put(schedule.id, stored(schedule))
        except BrokerUnavailable as error:
            raise away(error) from None
        except MessageTooLarge as error:
            raise Refused(400, f"KV put: failed to put key into store: {error}") from None
        except ResourceMissing as error:
            raise Refused(500, f"ensure KV: {error}") from None
        except InvalidKey as error:
            raise Refused(400, f"KV put: {error}") from None
        except ApiError as error:
            kind = Refused if error.err_code else HttpError  # without a code it was no stream that answered
            raise kind(500, f"KV put: {error}") from None
        except KanadeError as error:
            raise HttpError(500, f"KV put: {error}") from None

    async def mirror(self, document: Document[Schedule]) -> None:
        """Put the YAML text of what was put, best effort; and wait until all of it is seen here."""
        schedule = document.value
        text = dumped(schedule) if document.text is None else document.text
        try:
            await self._ctx.bus.kv(MIRROR).put(schedule.id, text.encode())
        except KanadeError as error:
            self._ctx.log.warning("the YAML mirror was not written", schedule=schedule.id, reason=str(error))
            await drop_mirror(self._ctx, schedule.id)
        await self._seen()

    async def switch(self, id: str, enabled: bool) -> Schedule:
        """Set `enabled`, against whatever others write meanwhile. Raises `HttpError`."""
        for _ in range(TRIES):
            schedule, revision = await self._entry(id)
            if schedule.enabled is enabled:
                return schedule
            changed = msgspec.structs.replace(schedule, enabled=enabled)
            try:
                await self._ctx.bus.kv(BUCKET).update(id, stored(changed), revision)
            except RevisionConflict:
                continue
            except BrokerUnavailable as error:
                raise away(error) from None
            except KanadeError as error:
                raise HttpError(500, f"KV update: {error}") from None
            await drop_mirror(self._ctx, id)
            await self._seen()
            return changed
        raise HttpError(500, "KV update: wrong last revision: others keep writing this schedule; try again")

    async def remove(self, id: str) -> None:
        """Write the deletion marker; the mirror's key stays. Raises `HttpError`."""
        try:
            await self._ctx.bus.kv(BUCKET).delete(id)
        except BrokerUnavailable as error:
            raise away(error) from None
        except ResourceMissing:
            raise HttpError(404, "schedules bucket missing") from None
        except KanadeError as error:
            raise failed("kv delete", error) from None
        await self._seen()

    async def _seen(self) -> None:
        try:
            await self._ctx.watch(BUCKET).synced()
        except KanadeError as error:
            self._ctx.log.warning("the map of schedules lags behind", reason=str(error))
        self._ctx.changed(f"kv:{BUCKET}")


def _decode(key: str, value: bytes | None, revision: int) -> _Decoded:
    try:
        schedule = read_entry(key, value)
    except Undecodable:
        return _Decoded(revision, None, b"")
    return _Decoded(revision, schedule, stored(schedule))


def away(error: Exception) -> HttpError:
    """503 for a broker that is not there, or does not answer."""
    return HttpError(503, f"broker unavailable: {error}; try again when it is back")
