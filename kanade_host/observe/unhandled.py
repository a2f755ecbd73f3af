"""Whatever nobody caught is logged with its traceback (host.md 7): in threads, tasks, callbacks."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import TracebackType
from typing import Any

import structlog

log = structlog.get_logger("kanade_host")


def install() -> None:
    """For threads, the main thread and finalisers; `on_loop` does it for a running loop."""

    def main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("panic", panic=f"{kind.__name__}: {error}", exc_info=(kind, error, trace))

    def thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is SystemExit or args.exc_value is None:
            return
        name = args.thread.name if args.thread is not None else "?"
        told = f"{args.exc_type.__name__}: {args.exc_value}"
        log.error("panic", panic=told, thread=name, exc_info=args.exc_value)

    def finaliser(args: Any) -> None:
        told = args.err_msg or f"{type(args.exc_value).__name__}: {args.exc_value}"
        log.error("panic", panic=told, object=repr(args.object), exc_info=args.exc_value)

    sys.excepthook = main
    threading.excepthook = thread
    sys.unraisablehook = finaliser


def on_loop(loop: asyncio.AbstractEventLoop) -> None:
    """For tasks whose exception nobody fetched, and callbacks."""

    def handler(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        told = f"{type(error).__name__}: {error}" if error is not None else ""
        where = context.get("future") or context.get("handle")
        log.error("panic", panic=told or context["message"], where=repr(where)[:200], exc_info=error)

    loop.set_exception_handler(handler)
