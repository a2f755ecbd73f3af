"""What the demo runs with: everything in one folder, nothing to configure."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

import msgspec

from kanade_host.config import Broker, Config, Db, Log, Plugins, Server
from kanade_host.platform.private import private_folder, write_private
from kanade_host.platform.secrets import remember

DEFAULT_PORT = 8080


class Login(msgspec.Struct, frozen=True):
    """The first administrator of the demo, as it was made at the first start."""

    user: str
    password: str
    port: int = DEFAULT_PORT


def demo_config(folder: Path, port: int = DEFAULT_PORT) -> Config:
    """A configuration as `backend.toml` could hold it."""
    return Config(
        server=Server(bind=f"127.0.0.1:{port}"),
        db=Db(sqlite_path=_as_path(folder / "backend.db")),
        log=Log(path=str(folder / "logs" / "backend.log"), level="info", keep_days=7),
        broker=Broker(embedded=True, folder=str(folder / "nats"), port=0),
        plugins=Plugins(),
    )


def _as_path(path: Path) -> str:
    """`sqlite_path` is percent-decoded and has options after a question mark."""
    return str(path).replace("%", "%25").replace("?", "%3F")


def kept_login(folder: Path, port: int | None) -> Login:
    """The log-in of this demo: the one of its first start. The port is kept too; a given one wins."""
    path = private_folder(folder) / "demo-login.json"
    try:
        login = msgspec.json.decode(path.read_bytes(), type=Login)
    except (OSError, msgspec.DecodeError):
        login = Login("admin", secrets.token_urlsafe(9))
    wanted = port if port is not None else _free(login.port)
    if wanted != login.port or not path.exists():
        login = Login(login.user, login.password, wanted)
        write_private(path, msgspec.json.encode(login))
    remember(login.password)
    return login


def _free(port: int) -> int:
    """That port, or any other one when somebody has it."""
    if is_free(port):
        return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        if hasattr(socket, "SO_REUSEADDR") and hasattr(socket, "AF_UNIX"):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
