"""The running host's side of `running.py`: tell what runs, and fulfil what the command line wishes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog

from kanade_host import __version__
from kanade_host.cli.letters import mark
from kanade_host.cli.running import Refused, RunFile, Running, Wish, Wishes
from kanade_host.platform.processes import this_process
from kanade_host.plugin.errors import KanadeError
from kanade_host.rebuild.status import LossesNotAccepted

if TYPE_CHECKING:
    from kanade_host.app import App

log = structlog.get_logger("kanade_host.cli")

EVERY_SECONDS = 1.0
BUSY_SECONDS = 0.2
"""While somebody may be looking at a bar that moves."""


async def keep_told(app: App, file: RunFile) -> None:
    """Until cancelled: write what runs, and look for wishes."""
    wishes = Wishes(app.config.data_dir)
    process = this_process()
    while True:
        try:
            file.write(
                Running(
                    process=process,
                    version=__version__,
                    url=app.url,
                    nats_url=app.broker.url if app.broker is not None else None,
                    starting=app.starting,
                    config=str(app.config.source) if app.config.source else None,
                    plugins=[dict(row) for row in app.view.plugins()],
                    projections=[dict(row) for row in app.view.projections()],
                    rebuilds=[dict(row) for row in app.view.rebuilds()],
                )
            )
            await _fulfil(app, wishes)
        except (OSError, KanadeError) as error:
            log.warning("the command line is not told what runs", reason=str(error))
        await asyncio.sleep(BUSY_SECONDS if app.rebuilds and app.rebuilds.busy else EVERY_SECONDS)


async def _fulfil(app: App, wishes: Wishes) -> None:
    if app.store is None:
        return
    for path, wish in wishes.take():
        if wish.action in ("rebuild", "cancel-rebuild"):
            refused = await _rebuild(app, wish)
            if refused is not None:
                wishes.refuse(path, refused)
                continue
        else:
            count = await app.view.write(_marking(wish.action, wish.ids))
            log.info("a wish of the command line", action=wish.action, dead_letters=count)
            if wish.action == "replay":
                app.replay()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


async def _rebuild(app: App, wish: Wish) -> Refused | None:
    log.info("a wish of the command line", action=wish.action, target=wish.plugin)
    if app.rebuilds is None:
        return Refused("the host is still starting: try again in a moment")
    if wish.action == "cancel-rebuild":
        app.rebuilds.cancel(wish.plugin)
        return None
    try:
        await app.rebuilds.begin(wish.plugin, lose=wish.lose)
    except LossesNotAccepted as error:
        return Refused(str(error), error.losses)
    except KanadeError as error:
        return Refused(str(error))
    return None


def _marking(action: str, ids: Sequence[int]) -> Any:
    def work(tx: Any) -> int:
        count = mark(tx, action, ids)
        tx.changed("dead-letters")
        return count

    return work
