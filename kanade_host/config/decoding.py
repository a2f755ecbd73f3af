"""From the merged table to `Config`: kanade-backend's sections by its rules, ours by ours.

In its sections an unknown key is a warning, because kanade-backend starts with it; in ours it is an
error, because nothing but a slip explains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kanade_host.config.errors import ConfigError
from kanade_host.config.model import Broker, Config, Db, Log, Nats, Plugins, Server
from kanade_host.config.sections import decode_section, described, suggestion, unknown

_UPSTREAM: dict[str, dict[str, bool]] = {  # key -> required
    "server": {"bind": True},
    "nats": {"url": True},
    "db": {"sqlite_path": True},
    "log": {"path": True, "level": True, "keep_days": False, "format": False},
}
_OURS = ("broker", "plugins")
_EXPECTED = ("vars",)  # the template step leaves it in the table
_PLUGIN_KEYS = ("disabled", "only", "strict", "authenticators", "start_seconds")


class _PluginKeys(Plugins, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of `[plugins]` itself."""


def decode(table: Mapping[str, Any], source: Path | None, origins: Mapping[str, str]) -> Config:
    """The configuration. Raises `ConfigError` with the innermost text; the caller adds the chain."""
    warnings = list(_unknown_in_upstream(table))
    broker = decode_section(_table(table, "broker"), Broker, "broker")
    plugins = _plugins(_table(table, "plugins"))
    if "nats" not in table and broker.embedded is False:
        raise ConfigError("missing field `nats`")
    nats = _upstream(table, "nats") if "nats" in table or broker.embedded is False else {}
    if nats and broker.embedded is True:
        warnings.append("[nats] url is not used, because [broker] embedded = true runs a broker of our own")
    return Config(
        server=Server(**_upstream(table, "server")),
        nats=Nats(**nats),
        db=Db(**_upstream(table, "db")),
        log=_log(_upstream(table, "log")),
        broker=broker,
        plugins=plugins,
        source=source,
        warnings=tuple(warnings),
        origins=origins,
    )


def _table(table: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    value = table.get(section, {})
    if not isinstance(value, dict):
        raise ConfigError(f"invalid type: {described(value)}, expected a table\nin `{section}`")
    return value


def _upstream(table: Mapping[str, Any], section: str) -> dict[str, Any]:
    """The known keys of one of kanade-backend's sections, types checked in its words."""
    if section not in table:
        raise ConfigError(f"missing field `{section}`")
    given = table[section]
    if not isinstance(given, dict):
        raise ConfigError(f"invalid type: {described(given)}, expected struct\nin `{section}`")
    found = {}
    for key, required in _UPSTREAM[section].items():
        if key not in given:
            if required:
                raise ConfigError(f"missing field `{key}`\nin `{section}`")
            continue
        found[key] = _checked(given[key], f"{section}.{key}")
    return found


def _checked(value: Any, key: str) -> Any:
    if key != "log.keep_days":
        if not isinstance(value, str):
            raise ConfigError(f"invalid type: {described(value)}, expected a string\nin `{key}`")
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"invalid type: {described(value)}, expected usize\nin `{key}`")
    if value < 0:
        raise ConfigError(f"invalid value: {described(value)}, expected usize\nin `{key}`")
    return value


def _log(values: dict[str, Any]) -> Log:
    form = values.get("format", "text")
    if form not in ("text", "json"):
        raise ConfigError(f'invalid value: {described(form)}, expected "text" or "json"\nin `log.format`')
    return Log(**values)


def _plugins(table: Mapping[str, Any]) -> Plugins:
    """`[plugins]`: tables are those of plugins by name, everything else are keys of ours."""
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key in tables:
        if key in _PLUGIN_KEYS:
            raise ConfigError(f"invalid type: map, expected the key `{key}`\nin `plugins.{key}`")
    keys = {key: value for key, value in table.items() if key not in tables}
    wrong = [unknown("plugins", key, _PLUGIN_KEYS) for key in keys if key not in _PLUGIN_KEYS]
    if wrong:
        raise ConfigError("; ".join(wrong))
    decoded = decode_section(keys, _PluginKeys, "plugins")
    if decoded.only is not None and decoded.disabled:
        raise ConfigError("[plugins] has both `only` and `disabled`; keep one of them")
    return Plugins(
        disabled=decoded.disabled,
        only=decoded.only,
        strict=decoded.strict,
        authenticators=decoded.authenticators,
        start_seconds=decoded.start_seconds,
        tables=tables,
    )


def _unknown_in_upstream(table: Mapping[str, Any]) -> list[str]:
    known = (*_UPSTREAM, *_OURS)
    found = []
    for section, value in table.items():
        if section in _EXPECTED or section in _OURS:
            continue
        if section not in _UPSTREAM:
            what = f"section [{section}]" if isinstance(value, dict) else f"key `{section}`"
            found.append(f"unknown {what} is ignored{suggestion(section, known)}")
        elif isinstance(value, dict):
            keys = _UPSTREAM[section]
            found += [f"{unknown(section, key, keys)} (ignored)" for key in value if key not in keys]
    return found
