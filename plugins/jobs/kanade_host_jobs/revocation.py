"""Revoking: `script_status`, which agents look at before each command (`contract/http-fleet.md` 11)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from kanade_host_results.api import SERVICE, Executions

from kanade_host.plugin import (
    BrokerUnavailable,
    Context,
    HttpError,
    InvalidKey,
    KanadeError,
    ResourceMissing,
)

if TYPE_CHECKING:
    from kanade_host_jobs.undelivered import Undelivered

BUCKET = "script_status"
ACTIVE, REVOKED = "ACTIVE", "REVOKED"


async def revoked_warning(ctx: Context, id: str) -> str | None:
    """What to tell whoever saves or fires a job that is revoked; None where it is not, or nobody can say."""
    live = ctx.watch(BUCKET)
    with contextlib.suppress(KanadeError):
        await live.synced()
    entry = live.get(id)
    if entry is None or entry.value != REVOKED.encode():
        return None
    return (
        f"'{id}' is revoked, so agents skip every command of it; it was revoked by hand, or by deleting the "
        "job, and saving the job again does not undo that; "
        f"`POST /api/scripts/{quote(id, safe='')}/unrevoke` does, or `kanade unrevoke {id}`"
    )


class Revocation:
    """Writes the states, and takes back what lies in EXEC for agents that are away."""

    def __init__(self, ctx: Context, undelivered: Undelivered) -> None:
        self._ctx, self._undelivered = ctx, undelivered

    async def states(self) -> dict[str, str]:
        """All ids with what is stored for them, by id; a missing bucket is empty. `BrokerUnavailable`."""
        live = self._ctx.watch(BUCKET)
        try:
            await live.synced()
        except ResourceMissing:
            return {}
        return {key: (entry.value or b"").decode(errors="replace") for key, entry in live.items()}

    async def put(self, id: str, state: str) -> None:
        """Write one state. Raises `HttpError`, `BrokerUnavailable`."""
        try:
            await self._ctx.bus.kv(BUCKET).put(id, state.encode())
        except BrokerUnavailable:
            raise
        except ResourceMissing as error:
            raise HttpError(503, f"script_status KV bucket unavailable: {error}") from None
        except KanadeError as error:
            status = 400 if isinstance(error, InvalidKey) else 500
            raise HttpError(status, f"write script_status for {id}: {error}") from None
        self._ctx.changed(f"kv:{BUCKET}", id)

    async def take_back(self, id: str) -> None:
        """Delete the undelivered commands of a revoked job from EXEC. Agents would skip them anyhow."""
        executions: Executions = self._ctx.service(SERVICE)
        try:
            await executions.revoke(id)
        except KanadeError as error:
            self._ctx.log.warning(
                "undelivered commands of a revoked job stay in EXEC; agents skip them",
                job_id=id,
                reason=str(error),
            )
        self._undelivered.wake()
