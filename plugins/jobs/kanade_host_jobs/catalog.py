"""The catalogue: what is in the bucket `jobs`, and its mirror `jobs_yaml`."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin import (
    BadJson,
    BadShape,
    BrokerUnavailable,
    Caller,
    Context,
    HttpError,
    InvalidKey,
    KanadeError,
    MessageTooLarge,
    ResourceMissing,
    decode,
)
from kanade_host_jobs.api import FanoutPlan, FireAnswer, Manifest
from kanade_host_jobs.aside import aside
from kanade_host_jobs.batching import batching
from kanade_host_jobs.firing import Firing
from kanade_host_jobs.gate import Gate
from kanade_host_jobs.manifest import Body, dumped, read_mirror, stored
from kanade_host_jobs.revocation import Revocation
from kanade_host_jobs.undelivered import Undelivered

BUCKET, MIRROR = "jobs", "jobs_yaml"


@dataclass(frozen=True, slots=True)
class _Decoded:
    revision: int
    manifest: Manifest | None
    stored: bytes
    """The stored form, encoded again: what the bucket holds may be spaced or ordered otherwise."""


class JobCatalog:
    """Implements `Catalog`."""

    def __init__(self, ctx: Context, undelivered: Undelivered, gate: Gate) -> None:
        self._ctx, self._undelivered = ctx, undelivered
        self._decoded: dict[str, _Decoded] = {}
        self.firing = Firing(ctx, self, gate)
        self._revocation = Revocation(ctx, undelivered)

    # -- reading -----------------------------------------------------------------------------

    async def get(self, id: str) -> Manifest | None:
        """See `Catalog.get`."""
        entry = await self._ctx.bus.kv(BUCKET).get(id)
        return None if entry is None or entry.value is None else decode(Manifest, entry.value)

    def manifests(self) -> dict[str, Manifest]:
        """See `Catalog.manifests`."""
        return {key: held.manifest for key, held in self._current().items() if held.manifest is not None}

    def _current(self) -> dict[str, _Decoded]:
        """Everything in the live map, decoded once per revision."""
        fresh: dict[str, _Decoded] = {}
        for key, entry in self._ctx.watch(BUCKET).items():
            held = self._decoded.get(key)
            if held is None or held.revision != entry.revision:
                manifest = self._decode(key, entry.value)
                held = _Decoded(entry.revision, manifest, b"" if manifest is None else stored(manifest))
            fresh[key] = held
        self._decoded = fresh
        return fresh

    def _decode(self, key: str, value: bytes | None) -> Manifest | None:
        try:
            return decode(Manifest, value or b"")
        except (BadJson, BadShape) as error:
            self._ctx.log.warning(
                "an entry of the job catalogue does not decode", job_id=key, reason=str(error)
            )
            return None

    async def listed(self) -> list[tuple[str, bytes]]:
        """Ids and stored forms, in byte order, with everything that was written before the call.

        Raises `BrokerUnavailable`. A missing bucket is an empty one.
        """
        try:
            await self._ctx.watch(BUCKET).synced()
        except ResourceMissing:
            return []
        found = self._current().values()
        listed = [(held.manifest.id, held.stored) for held in found if held.manifest is not None]
        return sorted(listed, key=lambda one: one[0].encode())

    async def source(self, id: str) -> str | None:
        """The YAML text of a job: what was saved, or a dump where that says something else by now.

        None: no such job. Raises `HttpError` 400 `KV get: …` (it is no key), 500 `decode: …`, and
        `BrokerUnavailable`.
        """
        try:
            entry = await self._ctx.bus.kv(BUCKET).get(id)
        except ResourceMissing:
            return None
        except InvalidKey as error:
            raise HttpError(400, f"KV get: {error}") from None
        if entry is None or entry.value is None:
            return None
        text = await self._mirror(id)
        try:
            manifest = decode(Manifest, entry.value)
        except (BadJson, BadShape) as error:
            if text is not None:
                return text
            raise HttpError(500, f"decode: {error}") from None
        if text is not None and await aside(read_mirror, text) in (None, manifest):
            return text
        return dumped(manifest)

    async def _mirror(self, id: str) -> str | None:
        try:
            entry = await self._ctx.bus.kv(MIRROR).get(id)
            return None if entry is None or entry.value is None else entry.value.decode()
        except (ResourceMissing, UnicodeDecodeError):
            return None

    # -- writing -----------------------------------------------------------------------------

    async def save(self, body: Body, caller: Caller) -> None:
        """Put the stored form, then the mirror. Raises `HttpError` and `BrokerUnavailable`."""
        id = body.manifest.id
        await self.firing.authors.save(body.manifest, caller, lambda: self._put(body.manifest))
        await self._put_mirror(id, dumped(body.manifest) if body.text is None else body.text)
        await self._seen()

    async def _put(self, manifest: Manifest) -> None:
        try:
            await self._ctx.bus.kv(BUCKET).put(manifest.id, stored(manifest))
        except BrokerUnavailable:
            raise
        except MessageTooLarge as error:
            raise HttpError(413, f"KV put: failed to put key into store: {error}") from None
        except InvalidKey as error:
            raise HttpError(400, f"KV put: {error}") from None
        except ResourceMissing as error:
            raise HttpError(500, f"ensure KV: {error}") from None
        except KanadeError as error:
            raise HttpError(500, f"KV put: {error}") from None

    async def _put_mirror(self, id: str, text: str) -> None:
        """Best effort; a mirror that cannot be written is dropped, so that no old one stands for the new."""
        mirror = self._ctx.bus.kv(MIRROR)
        try:
            await mirror.put(id, text.encode())
            return
        except KanadeError as error:
            self._ctx.log.warning("the YAML mirror was not written", job_id=id, reason=str(error))
        try:
            await mirror.delete(id)
        except KanadeError as error:
            self._ctx.log.warning("an old YAML mirror may be left", job_id=id, reason=str(error))

    async def remove(self, id: str) -> None:
        """Write the deletion marker; the mirror stays (scenario `jobs`). Errors as the bucket's."""
        await self._ctx.bus.kv(BUCKET).delete(id)
        await self._seen()

    async def _seen(self) -> None:
        """Whoever reads after our answer shall find what was written."""
        try:
            await self._ctx.watch(BUCKET).synced()
        except KanadeError as error:
            self._ctx.log.warning("the job catalogue's map lags behind", reason=str(error))
        self._ctx.changed(f"kv:{BUCKET}")

    # -- firing ------------------------------------------------------------------------------

    async def fire(
        self,
        job_id: str,
        plan: FanoutPlan,
        *,
        actor: str,
        caller: Caller | None = None,
        supersedes: str | None = None,
        allow_empty: bool = True,
        exec_id: str | None = None,
        noted: Mapping[str, Any] | None = None,
        rerun_of: str | None = None,
        override: str | None = None,
        authors: Collection[str] = (),
    ) -> FireAnswer:
        """See `Catalog.fire`."""
        answer = await self.firing.fire(
            job_id,
            plan,
            actor=actor,
            caller=caller,
            supersedes=supersedes,
            allow_empty=allow_empty,
            exec_id=exec_id or str(uuid.uuid4()),
            noted=noted or {},
            rerun_of=rerun_of,
            override=override,
            authors=authors,
        )
        if supersedes is not None:
            self._undelivered.wake()
        return answer

    def check_batches(self, plan: FanoutPlan) -> None:
        """See `Catalog.check_batches`."""
        batching(plan)

    async def take_back(self, job_id: str) -> None:
        """See `Catalog.take_back`."""
        await self._revocation.take_back(job_id)
