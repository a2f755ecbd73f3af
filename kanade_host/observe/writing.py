"""The thread that writes log lines, and the bounded queue before it.

Whoever logs never waits for a disk or a terminal: what does not fit the queue is dropped and counted.
The thread makes the text, takes secrets out, and writes it to standard output (coloured only on a
terminal) and to the daily file (never coloured).
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import TextIO

from kanade_host.observe.daily import DailyFile
from kanade_host.observe.directives import Directive, Thresholds
from kanade_host.observe.lines import Line, as_json, redact, text
from kanade_host.platform.secrets import known_values
from kanade_host.plugin.errors import OperatorError

QUEUE_LIMIT = 128_000
FLUSH_SECONDS = 2.0
FILE_AGAIN_SECONDS = 30.0


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
