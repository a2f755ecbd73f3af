"""The socket that HTTP listens on (`contract/host.md` 3.2)."""

from __future__ import annotations

import errno
import re
import socket
import sys

from kanade_host.plugin.errors import OperatorError

_BIND = re.compile(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})", re.ASCII)
BACKLOG = 1024


def parsed(bind: str) -> tuple[str, int]:
    """Host and port of `host:port`; an IPv6 address stands in brackets, the port must be there."""
    found = _BIND.fullmatch(bind.strip())
    if found is None or int(found["port"]) > 65535:
        raise OperatorError(
            f"bind {bind}: invalid socket address; [server] bind is host:port, such as 0.0.0.0:8080, "
            "[::]:8080 or backend.example:8080, and port 0 takes any free one"
        )
    return found["v6"] or found["host"], int(found["port"])


def listen(bind: str) -> socket.socket:
    """A listening socket, on the first address of that name that can be had. Raises `OperatorError`."""
    host, port = parsed(bind)
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise OperatorError(f"bind {bind}: {host!r} has no address: {error}") from error
    last: OSError | None = None
    for family, kind, protocol, _, address in addresses:
        try:
            return _listening(family, kind, protocol, address)
        except OSError as error:
            last = error
    raise OperatorError(f"bind {bind}: {_reason(last)}") from last


def _listening(family: int, kind: int, protocol: int, address: object) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let a second program take the port away from us.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and hasattr(socket, "IPV6_V6ONLY"):
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind(address)  # type: ignore[arg-type]
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _reason(error: OSError | None) -> str:
    if error is None:
        return "it has no address to listen on"
    if error.errno in (errno.EADDRINUSE, 10048):
        return (
            "Address already in use: another program listens there; stop it, or choose another [server] bind"
        )
    if error.errno in (errno.EACCES, 10013):
        return "Permission denied: ports below 1024 need special rights; choose another [server] bind"
    if error.errno in (errno.EADDRNOTAVAIL, 10049):
        return "this computer does not have that address; correct [server] bind"
    return str(error)
