"""Targets are told in portions; whatever ended them says the same after a crash between two portions."""

from __future__ import annotations

from typing import Any

import pytest
from kanade_host_results import withdrawing
from kanade_host_results.api import Batch, Command, Fire

pytestmark = pytest.mark.kanade(plugins=["results"])
PCS = ("pc-1", "pc-2", "pc-3")


BATCHES = (Batch(1), Batch(1), Batch(1))


async def fire(ctx: Any, batches: tuple[Batch, ...]) -> None:
    order = Fire(
        exec_id="X",
        job_id="echo",
        version="1.0.0",
        initiated_by="operator",
        target_count=len(PCS),
        commands=tuple(Command(f"commands.pc.{pc_id}", b"{}", f"X-{pc_id}", (pc_id,)) for pc_id in PCS),
        expected=PCS,
        audit={"exec_id": "X"},
        caller=None,
        batches=batches,
        pause_secs=600.0 if batches else None,
    )
    await ctx.service("results.executions").fire(order)


@pytest.mark.parametrize("batches", [BATCHES, ()], ids=["in batches", "all at once"])
@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("killed", None),
        ("killed", "cleared: the wrong job"),
        ("expired", "not delivered in time"),
        ("skipped", "stopped: wrong version"),
    ],
)
async def test_the_rest_ends_as_the_first_did(
    host: Any,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    reason: str | None,
    batches: tuple[Batch, ...],
) -> None:
    ctx = host.running.app.running["results"].ctx
    await fire(ctx, batches)
    at = host.clock.now()
    with monkeypatch.context() as small:
        small.setattr(withdrawing, "CHUNK", 1)
        taken = await ctx.write(lambda tx: withdrawing.withdraw_some(tx, "X", state, reason, at))
    assert taken.more
    await host.restart()

    async def ended() -> bool:
        found = (await host.get("/api/executions/X/targets")).json()["targets"]
        return all(one["state"] != "waiting" for one in found)

    await host.until(ended, what="the rest of the targets")
    found = (await host.get("/api/executions/X/targets")).json()["targets"]
    assert {(one["state"], one["reason"]) for one in found} == {(state, reason)}
