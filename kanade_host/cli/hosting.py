"""Run the host in this process until it ends: event loop, signals, unhandled errors, the running file."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog

from kanade_host import __version__
from kanade_host.cli.changes import Changes
from kanade_host.cli.fulfilling import keep_told
from kanade_host.cli.running import RunFile
from kanade_host.config import Config, ConfigError
from kanade_host.observe import unhandled
from kanade_host.observe.logs import flush_logs, setup_logging
from kanade_host.observe.writing import Logging
from kanade_host.platform.memory import limit_arenas, return_large_blocks
from kanade_host.platform.service import Service
from kanade_host.platform.signals import STOP_SECONDS, stop_signals
from kanade_host.plugin.errors import KanadeError, OperatorError

if TYPE_CHECKING:
    from kanade_host.app import App

log = structlog.get_logger("kanade_host")

_GC_AFTER = (50_000, 20, 50)
"""When Python looks for cycles. A batch makes thousands of objects that live for a moment and form none;
at the defaults (700, 10, 10) every message pays a tenth of its processor time for looking in vain."""

_SWITCH_SECONDS = 0.0005
"""How long a thread asks for Python's lock in vain before whoever holds it is made to give way. The writer of
the database needs it between any two statements; at the default (5 ms) it waits for a busy loop as long as
it works (docs/decisions/backlogs.md)."""

OnReady = Callable[["App"], Awaitable[None]]


def start_logging(config: Config, **options: Any) -> Logging:
    """Logging from `[log]`. Raises `ConfigError` in the contract's words."""
    try:
        return setup_logging(config.log, cache=True, **options)
    except OperatorError as error:
        where = f' in "{config.source}"' if config.source else ""
        raise ConfigError(f"init tracing from [log]{where}", str(error)) from error


def run_host(
    config: Config,
    *,
    on_ready: OnReady | None = None,
    service: Service | None = None,
    files: Sequence[str] = (),
    safe: bool = False,
) -> int:
    """Serve until a signal, the service manager or a fatal error ends it; answers the exit status.

    `files` are plugins in development, each a Python file: a change of one starts the host anew, in this
    process. `safe`: only essential plugins take part.
    Logging is set up already. Fatal errors are logged before they are raised: a service has no
    standard error.
    """
    faulthandler.enable()
    unhandled.install()
    gc.set_threshold(*_GC_AFTER)
    sys.setswitchinterval(_SWITCH_SECONDS)
    limit_arenas()
    return_large_blocks()
    log.info(
        "starting kanade-host",
        version=__version__,
        bind=config.server.bind,
        nats=config.nats.url if not config.embedded else "embedded",
        db=config.db.sqlite_path,
        log_path=config.log.path,
        log_keep_days=config.log.keep_days,
    )
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_host(config, on_ready, service, files, safe))
    except KanadeError as error:
        log.error("the host cannot run", reason=str(error))
        raise
    except Exception:
        log.exception("panic", panic="the host failed")
        raise
    finally:
        flush_logs()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _host(
    config: Config,
    on_ready: OnReady | None,
    service: Service | None,
    files: Sequence[str],
    safe: bool,
) -> int:
    from kanade_host.app import App
    from kanade_host.loading.single import from_file

    unhandled.on_loop(asyncio.get_running_loop())
    changes = Changes(files)
    stopping = asyncio.Event()
    app = App(config, extra=[from_file(file) for file in files], safe=safe)

    def stop() -> None:
        stopping.set()
        app.ask_to_stop()

    with stop_signals(stop, at_once=flush_logs):
        while True:
            status = await _serve(app, config, on_ready, service, changes)
            extra = await changes.read(stopping) if changes.seen else None
            if extra is None or stopping.is_set():
                return status
            app = App(config, extra=extra, safe=safe)


async def _serve(
    app: App, config: Config, on_ready: OnReady | None, service: Service | None, changes: Changes
) -> int:
    """Run one app to its end."""
    loop = asyncio.get_running_loop()
    if service is not None:
        service.on_stop = _from_other_thread(loop, app)
    tasks: list[asyncio.Task[None]] = []
    file = RunFile(config.data_dir)
    try:
        await app.start()
        if service is not None:
            service.running()
        tasks.append(asyncio.create_task(keep_told(app, file), name="running file"))
        tasks.append(asyncio.create_task(changes.wait(app.ask_to_stop), name="changes of files"))
        if on_ready is not None:
            tasks.append(asyncio.create_task(_when_ready(app, on_ready), name="when ready"))
        status = await app.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _stop(app)
        file.remove()
    if status and app.view.dead:
        raise OperatorError(app.view.dead)
    return status


def _from_other_thread(loop: asyncio.AbstractEventLoop, app: App) -> Callable[[], None]:
    def stop() -> None:
        loop.call_soon_threadsafe(app.ask_to_stop)

    return stop


async def _when_ready(app: App, on_ready: OnReady) -> None:
    with suppress(KanadeError):
        await app.started()
        await on_ready(app)


async def _stop(app: App) -> None:
    try:
        await asyncio.wait_for(app.stop(), STOP_SECONDS)
    except TimeoutError:
        log.error("stopping took too long and is given up", seconds=STOP_SECONDS)
    except Exception:
        log.exception("stopping failed")
    await app.end_strays()
