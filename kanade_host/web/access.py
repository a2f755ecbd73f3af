"""The access log: one line for each answer, without query strings and without credentials."""

from __future__ import annotations

import logging
from http import HTTPStatus

import structlog

NAME = "kanade_host.web.access"
log = structlog.get_logger(NAME)
_stdlib = logging.getLogger(NAME)


def level_of(method: str, status: int, *, probe: bool = False) -> int | None:
    """At which level an answer is logged; None when nobody wants that line, which is the common case.

    5xx at ERROR as upstream does (`contract/host.md` 7), other writes and refusals at INFO, successful
    reads at DEBUG. What a health probe is told, and anybody during the start, is no failure: DEBUG.
    """
    if status == HTTPStatus.SERVICE_UNAVAILABLE and probe:
        level = logging.DEBUG
    elif status >= 500:
        level = logging.ERROR
    elif status >= 400 or method not in ("GET", "HEAD"):
        level = logging.INFO
    else:
        level = logging.DEBUG
    return level if _stdlib.isEnabledFor(level) else None


def record(
    level: int,
    method: str,
    path: str,
    status: int,
    seconds: float,
    *,
    request_id: str,
    principal: str,
    plugin: str,
) -> None:
    """Log one answer."""
    fields = {
        "method": method,
        "path": path[:500],
        "status": status,
        "principal": principal or None,
        "plugin": plugin or None,
        "request_id": request_id,
    }
    if level == logging.ERROR:
        log.error(
            "response failed",
            classification=f"Status code: {status} {_phrase(status)}".rstrip(),
            latency=f"{seconds * 1000:.0f} ms",
            **fields,
        )
    else:
        log.log(level, "answered", latency=f"{seconds * 1000:.1f} ms", **fields)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
