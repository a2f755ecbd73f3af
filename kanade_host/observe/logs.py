"""The process's logging: structlog and the standard library's loggers into one writer.

`setup_logging` is for a server, `setup_console` for a command that is none.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from kanade_host.config.model import Log
from kanade_host.observe.daily import DailyFile
from kanade_host.observe.directives import LEVELS, choose
from kanade_host.observe.lines import Line, simple
from kanade_host.observe.writing import FLUSH_SECONDS, Logging

_NUMBERS = {"debug": 10, "info": 20, "warning": 30, "warn": 30, "error": 40, "exception": 40, "critical": 50}
_RECORD_KEYS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Loggers of libraries that repeat, or drown, what the host says itself.
# aiosqlite would show every statement with its parameters.
_QUIET = {
    "aiosqlite": logging.WARNING,
    "yoyo": logging.WARNING,
    "aiohttp.access": logging.WARNING,
    "asyncio": logging.WARNING,
    "nats": logging.WARNING,
}


_current: Logging | None = None


def flush_logs(timeout: float = FLUSH_SECONDS) -> None:
    """Write what waits, for places that end the process with `os._exit`."""
    if _current is not None:
        _current.flush(timeout)


def dropped_lines() -> int:
    """How many lines did not fit the queue since the start."""
    return _current.dropped if _current is not None else 0


def _from_structlog(logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
    """The last processor: make a line of it and queue it."""
    current = _current
    name = getattr(logger, "name", "kanade_host")
    level = _NUMBERS.get(method, 20)
    if current is not None and level >= current.thresholds.of(name):
        exception = _exception_text(event.pop("exc_info", None))
        stack = event.pop("stack_info", None)
        if stack:
            exception = f"{exception}\n{stack}".strip()
        message = str(event.pop("event", ""))
        fields = {key: simple(value) for key, value in event.items()}
        current.put(Line(time.time_ns(), level, name, message, fields, exception))
        if level >= logging.CRITICAL:
            current.flush()  # whoever says so is about to end the process
    raise structlog.DropEvent


def _exception_text(exc_info: Any) -> str:
    if not exc_info:
        return ""
    if isinstance(exc_info, BaseException):
        return "".join(traceback.format_exception(exc_info))
    if isinstance(exc_info, tuple):
        return "".join(traceback.format_exception(*exc_info))
    found = sys.exc_info()
    return "".join(traceback.format_exception(*found)) if found[0] is not None else ""


class _Intake(logging.Handler):
    """Takes what libraries log through the standard library."""

    def emit(self, record: logging.LogRecord) -> None:
        current = _current
        if current is None or record.levelno < current.thresholds.of(record.name):
            return
        try:
            message = record.getMessage()
        except Exception:
            message = str(record.msg)
        fields: dict[str, Any] = dict(structlog.contextvars.get_contextvars())
        fields.update((k, v) for k, v in record.__dict__.items() if k not in _RECORD_KEYS)
        kept = {key: simple(value) for key, value in fields.items()}
        exception = _exception_text(record.exc_info)
        current.put(Line(int(record.created * 1e9), record.levelno, record.name, message, kept, exception))


def _install(made: Logging, *, cache: bool) -> None:
    global _current
    previous, _current = _current, made
    if previous is not None:
        previous.close()
    lowest = next((n for n in (10, 20, 30, 40, 50) if made.thresholds.lowest <= n), 50)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _from_structlog],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        cache_logger_on_first_use=cache,
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Intake)]:
        root.removeHandler(handler)
    root.addHandler(_Intake())
    root.setLevel(max(lowest, logging.DEBUG))
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    atexit.unregister(_close_current)
    atexit.register(_close_current)


def _close_current() -> None:
    if _current is not None:
        _current.close()


def setup_logging(
    log: Log,
    *,
    environ: Mapping[str, str] | None = None,
    out: TextIO | None = None,
    out_level: str = "trace",
    complain: Callable[[str], None] | None = None,
    cache: bool = False,
) -> Logging:
    """Set up the process's logging from `[log]`, `RUST_LOG` and `NO_COLOR`.

    Raises OperatorError when the log's folder or file cannot be made. `out_level`: what is below it goes
    to the file alone. `cache` binds loggers once and
    for all: for a process that sets logging up once.
    """
    environ = os.environ if environ is None else environ
    out = sys.stdout if out is None else out
    complain = complain or (lambda words: print(words, file=sys.stderr))  # noqa: T201 - there is no log yet
    directives = choose(environ.get("RUST_LOG"), log.level, complain)
    file = DailyFile(log.path, log.keep_days) if log.keep_days > 0 else None
    if file is None:
        DailyFile.check(log.path)
    else:
        file.open(Line(time.time_ns(), 0, "", "", {}).day)
    colour = log.format == "text" and out.isatty() and not environ.get("NO_COLOR")
    made = Logging(
        directives,
        out=out,
        file=file,
        json=log.format == "json",
        colour=colour,
        out_level=LEVELS[out_level],
    )
    _install(made, cache=cache)
    return made


def setup_console(level: str = "warn", out: TextIO | None = None) -> Logging:
    """Logging of a command that is no server: warnings on standard error, so that output stays clean."""
    directives = choose(os.environ.get("RUST_LOG"), level, lambda _: None)
    made = Logging(directives, out=out or sys.stderr)
    _install(made, cache=False)
    return made
