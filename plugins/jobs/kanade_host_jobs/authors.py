"""Who wrote what would run: they cannot be the second person who releases it.

An author is known of a text, and not of a revision: of the job as it was saved here, with the script object
that it named then. Whatever else lies in the bucket (written on the broker itself, by a save that nobody
heard of, in a bucket that was made anew, or with another object under the same name) has no author here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from weakref import WeakValueDictionary

from kanade_host.plugin import Caller, Context, HttpError, KanadeError, Tx
from kanade_host_jobs.api import Manifest
from kanade_host_jobs.approval_rows import TOPIC
from kanade_host_jobs.manifest import stored
from kanade_host_jobs.script_source import resolve_script

UNNAMED = frozenset({"", "auth-disabled"})
"""Subjects that may be anybody."""
NOTED = (
    "INSERT INTO jobs_authors (job_id, sub, digest) VALUES (?, ?, ?)"
    " ON CONFLICT (job_id) DO UPDATE SET sub = excluded.sub, digest = excluded.digest"
)
FORGOTTEN = "DELETE FROM jobs_authors WHERE job_id = ?"
AUTHOR = "SELECT sub FROM jobs_authors WHERE job_id = ? AND digest = ?"


def digest(manifest: Manifest, script_sha256: str | None) -> str:
    """Of what would run: the job, and the object that it may name, whose text is another matter."""
    return blake2b(stored(manifest) + (script_sha256 or "").encode(), digest_size=16).hexdigest()


class JobAuthors:
    """Notes who saved a job, one save of a job after the other."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._saving: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def save(self, manifest: Manifest, caller: Caller, put: Callable[[], Awaitable[None]]) -> None:
        """Have it put under that account. Raises what `put` raises: then nothing is noted.

        What a host that ends in between has put is nobody's, until the job is saved once more.
        """
        lock = self._saving.setdefault(manifest.id, asyncio.Lock())
        async with lock:
            await put()
            text = digest(manifest, await self._script(manifest))
            await self._ctx.write(lambda tx: _note(tx, manifest.id, caller.sub or "", text))

    async def _script(self, manifest: Manifest) -> str | None:
        """The object that the author answers for. None: there is none, or none yet."""
        try:
            return (await resolve_script(self._ctx, manifest)).sha256
        except (HttpError, KanadeError) as error:
            self._ctx.log.warning("a job names no script object", job_id=manifest.id, reason=str(error))
            return None

    async def of(self, job_id: str, text: str) -> str | None:
        """The account that saved the job with that digest. None: nobody knows."""
        rows = await self._ctx.query(AUTHOR, (job_id, text))
        return rows[0][0] if rows else None

    async def forget(self, job_id: str) -> None:
        """The job is gone."""
        await self._ctx.write(lambda tx: tx.execute(FORGOTTEN, (job_id,)).rowcount)


def _note(tx: Tx, job_id: str, sub: str, text: str) -> None:
    if sub in UNNAMED:
        tx.execute(FORGOTTEN, (job_id,))
    else:
        tx.execute(NOTED, (job_id, sub, text))
    tx.changed(TOPIC, job_id)  # what waits for approval says who may not give it
