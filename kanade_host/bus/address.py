"""Addresses of brokers, by the rules of the contract (wire.md 13), and subjects that it accepts."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from kanade_host.plugin.errors import InvalidKey, OperatorError

DEFAULT_PORT = 4222
SCHEMES = ("nats", "tls", "ws", "wss")
INVALID_SUBJECT = "invalid subject: invalid subject format"
SUBJECT_BYTES = 3_000
"""The broker cuts the connection of whoever sends a protocol line beyond 4,096 bytes (its
`max_control_line`), and the subject shares that line with the reply subject and the sizes."""
_SPACE = re.compile(r"[ \t\r\n]")


class BadAddress(OperatorError):
    """The configured address of the broker is none; the host cannot start with it."""


def normalised(url: str) -> str:
    """`scheme://host:port` of one server; scheme nats and port 4222 by default, user info dropped.

    Raises `BadAddress`: the contract makes a bad address fatal at start.
    """
    text = url.strip() if "://" in url else f"nats://{url.strip()}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadAddress(f"connect to NATS at {url}: {error}") from None
    if "," in url:
        raise BadAddress(f"connect to NATS at {url}: only one server can be named, without commas")
    if parts.scheme not in SCHEMES:
        raise BadAddress(f"connect to NATS at {url}: scheme {parts.scheme!r} is none of {', '.join(SCHEMES)}")
    if not host or _SPACE.search(host):
        raise BadAddress(f"connect to NATS at {url}: it names no host")
    name = f"[{host}]" if ":" in host else host
    path = parts.path if parts.scheme in ("ws", "wss") else ""
    return f"{parts.scheme}://{name}:{port or DEFAULT_PORT}{path}"


def check_publish(subject: str) -> None:
    """Raises `InvalidKey` for a subject that cannot be published on (wire.md 1.2)."""
    if not subject or _SPACE.search(subject) or not _fits(subject):
        raise InvalidKey(INVALID_SUBJECT)


def check_subscribe(subject: str) -> None:
    """Raises `InvalidKey` for a subject that cannot be subscribed to or asked (wire.md 1.2)."""
    check_publish(subject)
    if subject.startswith(".") or subject.endswith(".") or ".." in subject:
        raise InvalidKey(INVALID_SUBJECT)


def subjects(filter: str) -> Callable[[str], object]:
    """Tells whether a subject passes a filter: `*` is one part of it, `>` at the end all that follow."""
    parts = {"*": r"[^.]+", ">": ".+"}
    pattern = r"\.".join(parts.get(part) or re.escape(part) for part in filter.split("."))
    return re.compile(pattern, re.DOTALL).fullmatch


def _fits(subject: str) -> bool:
    if len(subject) > SUBJECT_BYTES:
        return False
    try:
        return subject.isascii() or len(subject.encode()) <= SUBJECT_BYTES
    except UnicodeEncodeError:  # a lone surrogate, out of a percent-encoded path
        return False
