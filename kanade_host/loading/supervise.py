"""Keep a plugin's loops and sweeps running: start again with back-off, and say so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from kanade_host.plugin.tasks import Job, Sweep

BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
WELL_AFTER_SECONDS = 30.0

log = structlog.get_logger("kanade_host.tasks")


async def supervise(job: Job, plugin: str, report: Callable[[str | None], None]) -> None:
    """Run a task or a sweep until cancelled; `report` hears why it is down, and None when it is up."""
    if isinstance(job, Sweep):
        await _sweep(job, plugin, report)
    else:
        await _keep_up(job.run, job.name, plugin, report)


async def _keep_up(
    run: Callable[[], Awaitable[None]], name: str, plugin: str, report: Callable[[str | None], None]
) -> None:
    failures = 0
    while True:
        began = time.monotonic()
        well = asyncio.get_running_loop().call_later(WELL_AFTER_SECONDS, report, None) if failures else None
        try:
            await run()
            reason = "it returned"
            log.warning("a task returned and is started again", plugin=plugin, task=name)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            log.exception("a task failed and is started again", plugin=plugin, task=name)
        finally:
            if well is not None:
                well.cancel()
        if time.monotonic() - began > WELL_AFTER_SECONDS:
            failures = 0
        report(f"task {name} stopped: {reason}")
        await asyncio.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
        failures += 1


async def _sweep(job: Sweep, plugin: str, report: Callable[[str | None], None]) -> None:
    while True:
        try:
            touched = await job.run()
            report(None)
            if touched:
                log.info("sweep", plugin=plugin, sweep=job.name, rows=touched)
        except Exception as error:
            report(f"sweep {job.name} failed: {type(error).__name__}: {error}")
            log.exception("a sweep failed; it is tried again", plugin=plugin, sweep=job.name)
        await asyncio.sleep(job.every)
