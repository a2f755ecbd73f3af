"""The configuration: find `backend.toml`, render it, decode it, and say exactly what is wrong with it."""

from kanade_host.config.discovery import find
from kanade_host.config.errors import ConfigError
from kanade_host.config.loading import load, load_text
from kanade_host.config.model import Broker, Config, Db, Log, Nats, Plugins, Server
from kanade_host.config.sections import decode_section

__all__ = [
    "Broker",
    "Config",
    "ConfigError",
    "Db",
    "Log",
    "Nats",
    "Plugins",
    "Server",
    "decode_section",
    "find",
    "load",
    "load_text",
]
