"""Running as the Windows service `KanadeBackend` (host.md 11), on ctypes alone.

The program always tries to reach the service dispatcher first: error 1063 says that it was started
from a console, and the normal way is taken. As a service it reports StartPending until HTTP is bound,
Stop and Shutdown ask for a tidy stop, and a failed start gives a non-zero exit code, so that failure
actions fire (upstream always reports 0).
"""

from __future__ import annotations

import sys
from collections.abc import Callable

NAME = "KanadeBackend"
NOT_A_SERVICE = 1063

_OWN_PROCESS = 0x10
_STOPPED, _START_PENDING, _STOP_PENDING, _RUNNING = 1, 2, 3, 4
_ACCEPT_STOP, _ACCEPT_SHUTDOWN = 0x1, 0x4
_CONTROL_STOP, _CONTROL_INTERROGATE, _CONTROL_SHUTDOWN = 1, 4, 5
_NOT_IMPLEMENTED, _SERVICE_SPECIFIC = 120, 1066
_WAIT_HINT_MS = 30_000


class ServiceError(Exception):
    """The service dispatcher refused; the text is that of the contract."""


class Service:
    """The service's side of the conversation with the service manager.

    `main(service)` runs on the service thread, calls `running()` when HTTP is bound and returns the
    exit status; `on_stop` is set by it and called when the manager asks to stop (on another thread).
    """

    def __init__(self, main: Callable[[Service], int]) -> None:
        self._main = main
        self._handle: int | None = None
        self._state = _START_PENDING
        self._checkpoint = 0
        self.on_stop: Callable[[], None] | None = None
        self.status = 0

    def dispatch(self) -> bool:
        """Run as a service; False when this is no service. Raises `ServiceError`."""
        if sys.platform != "win32":
            return False
        return self._dispatch()

    def running(self) -> None:
        """HTTP is bound: the manager may start what depends on us."""
        self._report(_RUNNING)

    def control(self, code: int) -> int:
        """What the manager asks; answers a Win32 code."""
        if code in (_CONTROL_STOP, _CONTROL_SHUTDOWN):
            self._report(_STOP_PENDING)
            if self.on_stop is not None:
                self.on_stop()
            return 0
        return 0 if code == _CONTROL_INTERROGATE else _NOT_IMPLEMENTED

    def run(self) -> None:
        """The service's life, between the first and the last report."""
        self._report(_START_PENDING)
        try:
            self.status = self._main(self)
        except Exception:
            self.status = 1
            raise
        finally:
            self._report(_STOPPED)

    def fields(self) -> tuple[int, int, int, int, int, int, int]:
        """The SERVICE_STATUS of this moment."""
        pending = self._state in (_START_PENDING, _STOP_PENDING)
        accepted = _ACCEPT_STOP | _ACCEPT_SHUTDOWN if self._state == _RUNNING else 0
        failed = self._state == _STOPPED and self.status != 0
        return (
            _OWN_PROCESS,
            self._state,
            accepted,
            _SERVICE_SPECIFIC if failed else 0,
            self.status if failed else 0,
            self._checkpoint if pending else 0,
            _WAIT_HINT_MS if pending else 0,
        )

    def _report(self, state: int) -> None:
        self._checkpoint = self._checkpoint + 1 if state == self._state else 1
        self._state = state
        if sys.platform == "win32" and self._handle is not None:
            import ctypes
            from ctypes import wintypes

            status = (wintypes.DWORD * 7)(*self.fields())
            ctypes.windll.advapi32.SetServiceStatus(self._handle, ctypes.byref(status))

    def _dispatch(self) -> bool:
        if sys.platform != "win32":
            return False
        import ctypes
        from ctypes import wintypes

        api = ctypes.WinDLL("advapi32", use_last_error=True)
        main_type = ctypes.WINFUNCTYPE(None, wintypes.DWORD, ctypes.POINTER(wintypes.LPWSTR))
        control_type = ctypes.WINFUNCTYPE(
            wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p
        )
        api.RegisterServiceCtrlHandlerExW.restype = wintypes.HANDLE
        api.RegisterServiceCtrlHandlerExW.argtypes = (wintypes.LPCWSTR, control_type, ctypes.c_void_p)

        control = control_type(lambda code, *_: self.control(code))

        def started(_count: int, _arguments: object) -> None:
            self._handle = api.RegisterServiceCtrlHandlerExW(NAME, control, None)
            self.run()

        class Entry(ctypes.Structure):
            _fields_ = (("name", wintypes.LPWSTR), ("main", main_type))

        table = (Entry * 2)(Entry(NAME, main_type(started)), Entry(None, main_type()))
        if api.StartServiceCtrlDispatcherW(table):
            return True
        error = ctypes.get_last_error()
        if error == NOT_A_SERVICE:
            return False
        raise ServiceError(f"service dispatcher failed: {ctypes.FormatError(error)}")
