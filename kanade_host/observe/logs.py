"""Logging: structlog and the standard library's loggers into one queue, one thread that writes.

Code that logs never waits for a disk or a terminal: a line is put into a bounded queue, and what does
not fit is dropped and counted. The thread makes the text, takes secrets out, and writes it to standard
output (coloured only on a terminal) and to the daily file (never coloured).
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

from kanade_host.config.model import Log
from kanade_host.observe.daily import DailyFile
from kanade_host.observe.directives import LEVELS, Directive, Thresholds, choose
from kanade_host.observe.lines import Line, as_json, redact, simple, text
from kanade_host.platform.secrets import known_values
from kanade_host.plugin.errors import OperatorError

QUEUE_LIMIT = 128_000
FLUSH_SECONDS = 2.0
FILE_AGAIN_SECONDS = 30.0
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


class Logging:
    """The process's logging. `close` writes what waits; `flush` does so and goes on."""

    def __init__(
        self,
        directives: list[Directive],
        *,
        out: TextIO | None,
        file: DailyFile | None = None,
        json: bool = False,
        colour: bool = False,
        out_level: int = 0,
        limit: int = QUEUE_LIMIT,
    ) -> None:
        self.thresholds = Thresholds(directives)
        self._out, self._file, self._json, self._colour, self._limit = out, file, json, colour, limit
        self._out_level = out_level
        self._queue: queue.SimpleQueue[Line | threading.Event | None] = queue.SimpleQueue()
        self._closed = False
        self._dropping = threading.Lock()
        self._unsaid = 0
        self._file_again = 0.0
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    # -- taking in ---------------------------------------------------------------------------

    def put(self, line: Line) -> None:
        """Queue a line; never waits."""
        if self._closed:
            return
        if self._queue.qsize() >= self._limit:
            with self._dropping:
                self.dropped += 1
                self._unsaid += 1
            return
        self._queue.put(line)

    def flush(self, timeout: float = FLUSH_SECONDS) -> bool:
        """Wait until everything that was queued is written; False when that took too long."""
        if not self._thread.is_alive():
            return False
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout)

    def close(self) -> None:
        """Write what waits and end the thread."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join(FLUSH_SECONDS)

    # -- writing -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            while item is not None:
                if isinstance(item, threading.Event):
                    self._flush_sinks()
                    item.set()
                else:
                    self._write(item)
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            else:
                self._say_dropped()
                self._flush_sinks()
                self._in_file(DailyFile.close)
                return
            self._say_dropped()
            self._flush_sinks()

    def _say_dropped(self) -> None:
        with self._dropping:
            count, self._unsaid = self._unsaid, 0
        if count:
            fields = {"lines": count}
            self._write(Line(time.time_ns(), 30, "kanade_host.observe", "log lines were dropped", fields))

    def _write(self, line: Line) -> None:
        try:
            plain = redact(as_json(line) if self._json else text(line), known_values())
            shown = plain
            if self._colour and not self._json:
                shown = redact(text(line, colour=True), known_values())
        except Exception as error:  # a value whose text raises must not end logging
            plain = shown = f"{line.stamp} ERROR kanade_host.observe: a log line cannot be written: {error!r}"
        if line.level >= self._out_level:
            self._to_out(shown)
        if self._file is not None and time.monotonic() >= self._file_again:
            self._in_file(lambda file: file.write(plain, line.day))

    def _in_file(self, act: Callable[[DailyFile], None]) -> None:
        """A file that cannot be written (a full disk, say) is left alone for a while, then tried again."""
        if self._file is None:
            return
        try:
            act(self._file)
        except (OSError, ValueError, OperatorError) as error:
            self._file_again = time.monotonic() + FILE_AGAIN_SECONDS
            with contextlib.suppress(OSError, ValueError):
                self._file.close()
            stamp = Line(time.time_ns(), 0, "", "", {}).stamp
            self._to_out(f"{stamp} ERROR kanade_host.observe: the log file cannot be written: {error}")

    def _to_out(self, written: str) -> None:
        if self._out is None:
            return
        try:
            self._out.write(written + "\n")
        except UnicodeEncodeError:
            self._out.write(written.encode("ascii", "backslashreplace").decode() + "\n")
        except (OSError, ValueError):
            self._out = None  # whoever read it is gone

    def _flush_sinks(self) -> None:
        self._in_file(DailyFile.flush)
        if self._out is not None:
            with contextlib.suppress(OSError, ValueError):
                self._out.flush()


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
