"""Ends work that holds the writer thread for too long.

SQL is interrupted; Python gets an exception that is no `Exception`, so that an ordinary
`except Exception` does not swallow it, again and again until the thread comes back. What does not come
back (C code that never returns, a loop that swallows everything) is reported as stuck, and the
application ends the process: nothing else can free a thread.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable

GRACE_SECONDS = 5.0
_AGAIN_SECONDS = 0.05
_set_async_exc = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Halt(BaseException):
    """Raised into the thread whose work is over its deadline. Never seen outside of this package."""


class DeadlineWatch:
    """Watches one thread. `begin` and `end` are called on that thread, around each piece of work.

    After `end` has returned nothing strikes the thread any more. `end` itself may be struck: the
    caller catches `Halt` and calls it again.
    """

    def __init__(self, on_stuck: Callable[[str], None], *, grace: float = GRACE_SECONDS) -> None:
        self._on_stuck, self._grace = on_stuck, grace
        # A plain Lock: entering it is one step of the interpreter, so that an exception raised into
        # the thread cannot come between taking the lock and being obliged to give it back.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._due: float | None = None
        self._wakes_at = 0.0
        self._owner = ""
        self._struck = self._told = self._closed = False
        self._thread_id = 0
        self._interrupt: Callable[[], None] = lambda: None
        self._watcher = threading.Thread(target=self._watch, name="store-deadlines", daemon=True)

    def start(self, thread_id: int, interrupt: Callable[[], None]) -> None:
        """Watch that thread; `interrupt` ends the SQL that it runs."""
        self._thread_id, self._interrupt = thread_id, interrupt
        self._watcher.start()

    def interrupts(self, interrupt: Callable[[], None]) -> None:
        """The thread has another connection now."""
        with self._lock:
            self._interrupt = interrupt

    def close(self) -> None:
        """Stop watching."""
        with self._lock:
            self._closed, self._due = True, None
            self._changed.notify()

    def begin(self, owner: str, seconds: float) -> None:
        """Work of `owner` begins; it may last so many seconds."""
        with self._lock:
            self._due = time.monotonic() + seconds
            self._owner, self._struck, self._told = owner, False, False
            if self._due < self._wakes_at:
                self._changed.notify()

    def end(self) -> bool:
        """The work is over. True when it was over its deadline (and was struck, or about to be)."""
        with self._lock:
            self._due = None
            if self._struck:
                _set_async_exc(ctypes.c_ulong(self._thread_id), None)
        return self._struck

    def end_surely(self) -> None:
        """As `end`, for a thread that has been struck outside of its work."""
        while True:
            try:
                self.end()
                return
            except Halt:
                continue

    def _watch(self) -> None:
        while True:
            with self._lock:
                if self._closed:
                    return
                left = 3600.0 if self._due is None else self._due - time.monotonic()
                if left > 0:
                    self._wakes_at = time.monotonic() + left
                    self._changed.wait(left)
                    continue
                stuck = self._strike()
            if stuck:
                self._on_stuck(self._owner)
            time.sleep(_AGAIN_SECONDS)

    def _strike(self) -> bool:
        """End whatever runs; True once, when the thread is past saving. Called with the lock held."""
        assert self._due is not None
        self._interrupt()
        if self._struck:  # not the first time: interrupted SQL has had its chance to come back
            _set_async_exc(ctypes.c_ulong(self._thread_id), ctypes.py_object(Halt))
        self._struck = True
        late = time.monotonic() - self._due > self._grace
        first, self._told = late and not self._told, late
        return first
