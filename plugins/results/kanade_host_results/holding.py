"""The emergency stop: no command goes out, and what nobody has received is taken back.

The hold is at the last gate, the host's outbox, and in the same transaction as its row: fires, delayed
waves and what was promised a moment ago are all behind it. A kill and an audit record are no commands.
"""

from __future__ import annotations

from kanade_host.plugin import Caller, Context, Instant, Tx, audit
from kanade_host_results import live
from kanade_host_results.api import Hold
from kanade_host_results.withdrawing import withdraw

COMMANDS = "command-"
"""How the ids of all commands begin in the outbox."""
HELD = "SELECT since, by, reason FROM execution_hold"


async def held(ctx: Context) -> Hold | None:
    rows = await ctx.query(HELD)
    return None if not rows else Hold(Instant(rows[0]["since"]), rows[0]["by"], rows[0]["reason"])


async def hold(ctx: Context, reason: str, caller: Caller) -> Hold:
    at = ctx.clock.now()
    await ctx.write(lambda tx: _hold(tx, reason, caller, at))
    found = await held(ctx)
    return found or Hold(at, caller.sub or "", reason)


def _hold(tx: Tx, reason: str, caller: Caller, at: Instant) -> None:
    made = tx.execute(
        "INSERT INTO execution_hold (id, since, by, reason) VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING",
        (at.stored, caller.sub or "", reason),
    )
    if made.rowcount:
        tx.hold(COMMANDS)
        audit(tx, at, "emergency_pause", None, {"reason": reason}, caller=caller)
        tx.changed("executions")
        tx.changed("emergency")


async def resume(ctx: Context, caller: Caller) -> Hold | None:
    before = await held(ctx)
    at = ctx.clock.now()
    ended = await ctx.write(lambda tx: _resume(tx, caller, at))
    return before if ended else None


def _resume(tx: Tx, caller: Caller, at: Instant) -> bool:
    if not tx.execute("DELETE FROM execution_hold").rowcount:
        return False
    tx.unhold(COMMANDS)
    audit(tx, at, "emergency_resume", None, {}, caller=caller)
    tx.changed("executions")
    tx.changed("emergency")
    return True


async def clear(ctx: Context, reason: str, caller: Caller | None) -> tuple[int, int]:
    """Execution by execution; called again after a crash it finishes the rest."""
    found = await live.all_undelivered(ctx)
    for exec_id, _ in found:
        await withdraw(ctx, exec_id, "killed", reason)
    targets = sum(waiting for _, waiting in found)
    at = ctx.clock.now()
    payload = {"reason": reason, "executions": len(found), "targets": targets}

    await ctx.write(lambda tx: audit(tx, at, "emergency_clear", None, payload, caller=caller))
    return len(found), targets
