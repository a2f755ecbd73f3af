"""When tokens were last used: gathered in memory, written once a minute for all of them.

A write for each request would make every reader a writer. What a crash loses is at most the last minute.
"""

from __future__ import annotations

from kanade_host.plugin import Context, Tx

EVERY = 60.0  # seconds
_SET = (
    "UPDATE auth_api_tokens SET last_used_at = ?, last_used_from = ?"
    " WHERE token_id = ? AND coalesce(last_used_at, 0) <= ?"
)


class LastUse:
    """The newest use of each token that is not written yet: Unix seconds and address."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[int, str]] = {}

    def note(self, token_id: str, now: int, remote: str) -> None:
        """That token was used."""
        self._used[token_id] = (now, remote)

    def newest(self, token_id: str) -> tuple[int, str] | None:
        """What is not written yet of that token."""
        return self._used.get(token_id)

    async def write(self, ctx: Context) -> int:
        """Write what has gathered; answers how many tokens that were."""
        if not self._used:
            return 0
        taken, self._used = self._used, {}
        rows = [(at, remote, token_id, at) for token_id, (at, remote) in taken.items()]

        def work(tx: Tx) -> None:
            tx.executemany(_SET, rows)

        try:
            await ctx.write(work)
        except BaseException:
            self._used = taken | self._used
            raise
        return len(rows)
