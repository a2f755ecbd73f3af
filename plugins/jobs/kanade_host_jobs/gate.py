"""What stands against firing now, although the fire itself is in order."""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host_results.api import SERVICE, Executions, Hold

from kanade_host.plugin import Context, Instant, Tx
from kanade_host_jobs.api import Why, Withheld
from kanade_host_jobs.freezes import Freezes

OVERRIDDEN = "SELECT 1 FROM jobs_overrides WHERE exec_id = ?"


class Gate:
    """Asked before anything is written. What it lets pass just before a hold is held in the outbox."""

    def __init__(self, ctx: Context, freezes: Freezes) -> None:
        self._ctx, self._freezes = ctx, freezes

    async def held(self) -> Hold | None:
        """The emergency stop, where it is in force."""
        executions: Executions = self._ctx.service(SERVICE)
        return await executions.held()

    async def obstacles(self, pcs: Sequence[str] | None) -> list[tuple[Why, str]]:
        """All that stands against firing at these PCs; None: who is reached is not known."""
        held = await self.held()
        found: list[tuple[Why, str]] = [] if held is None else [("paused", paused(held))]
        return found + [("frozen", one.text) for one in await self._freezes.against(pcs)]

    async def check(self, pcs: Sequence[str] | None, override: str | None = None) -> None:
        """Raises `Withheld`; `StoreUnavailable` where nobody can say: then nothing is fired.

        `override`: why an admin fires in spite of a freeze.
        """
        for why, text in await self.obstacles(pcs):
            if why == "paused":
                raise Withheld(why, text)
            if override is None:
                raise Withheld(
                    why, f"{text}; nothing was fired; an admin overrides it with `override_freeze`, a reason"
                )

    async def remember_override(self, exec_id: str, reason: str) -> None:
        """The later batches of this fire go in spite of a freeze too."""
        at = self._ctx.clock.now()

        def write(tx: Tx) -> None:
            tx.execute(
                "INSERT INTO jobs_overrides (exec_id, reason, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (exec_id, reason, at.stored),
            )

        await self._ctx.write(write)

    async def batch_is_frozen(self, exec_id: str, pcs: Sequence[str]) -> bool:
        """Whether a freeze keeps this batch back."""
        if not await self._freezes.against(pcs or None):
            return False
        return not await self._ctx.query(OVERRIDDEN, (exec_id,))

    async def forget_overrides(self, before: Instant) -> int:
        """Those of fires that are long over."""

        def write(tx: Tx) -> int:
            return tx.execute("DELETE FROM jobs_overrides WHERE at < ?", (before.stored,)).rowcount

        return await self._ctx.write(write)


def paused(held: Hold) -> str:
    """What a client is told."""
    return (
        f"everything is paused since {held.since.wire} by {held.by or 'somebody'}: {held.reason}; "
        "nothing was fired; `POST /api/emergency/resume` ends the pause"
    )
