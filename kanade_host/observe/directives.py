"""Which lines are logged: `RUST_LOG`, `[log] level`, and the target names of kanade-backend (host.md 7).

Operators have directives such as `info,kanade_backend::projector::results=debug` in their files. Both
those names and our own logger names (`kanade_host.projection`, also with `::`) are understood.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TRACE = 5
OFF = 1_000
LEVELS = {
    "off": OFF,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
    "0": OFF,
    "1": logging.ERROR,
    "2": logging.WARNING,
    "3": logging.INFO,
    "4": logging.DEBUG,
    "5": TRACE,
}

# kanade-backend's targets and the loggers that do their work here; longer names are matched first.
TARGETS: dict[str, tuple[str, ...]] = {
    "kanade_backend": ("kanade_host",),
    "kanade_backend.scheduler": ("kanade_host.plugins.scheduler",),
    "kanade_backend.projector": ("kanade_host.projection",),
    "kanade_backend.projector.results": ("kanade_host.projection.results", "kanade_host.plugins.results"),
    "kanade_backend.projector.audit": ("kanade_host.projection.audit", "kanade_host.plugins.audit"),
    "kanade_backend.projector.events": ("kanade_host.projection.results.started",),
    "kanade_backend.projector.obs_events": ("kanade_host.projection.obs", "kanade_host.plugins.obs"),
    "kanade_backend.projector.heartbeat": (
        "kanade_host.projection.heartbeat",
        "kanade_host.plugins.heartbeat",
    ),
    "kanade_backend.projector.host_perf": ("kanade_host.projection.perf", "kanade_host.plugins.perf"),
    "kanade_backend.projector.process_perf": ("kanade_host.projection.perf", "kanade_host.plugins.perf"),
    "kanade_backend.projector.spec_cache": ("kanade_host.plugins.inventory",),
    "kanade_backend.api": ("kanade_host.web", "kanade_host.plugins"),
    "kanade_backend.cleanup": ("kanade_host.tasks",),
    "kanade_shared": ("kanade_host.bus",),
    "kanade_shared.bootstrap": ("kanade_host.bus",),
    "async_nats": ("kanade_host.bus", "nats"),
    "tower_http": ("kanade_host.web",),
    "tokio_cron_scheduler": ("kanade_host.plugins.scheduler",),
    "sqlx": ("kanade_host.store", "yoyo", "aiosqlite"),
}

_TARGET = re.compile(r"[A-Za-z_][\w.:\-]*")
_SPAN = re.compile(r"\[(?P<span>[^\]{]*)(?:\{[^}]*\})?\]$")


@dataclass(frozen=True, slots=True)
class Directive:
    """Loggers below `prefix` ("" = all) log from `level` on."""

    prefix: str
    level: int


def loggers_of(target: str) -> tuple[str, ...]:
    """Our loggers for a target in either naming."""
    name = target.replace("::", ".")
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        known = TARGETS.get(".".join(parts[:length]))
        if known is not None:
            rest = parts[length:]
            if not rest or name.startswith("kanade_backend.api."):
                # Modules of upstream's API are plugins here, by and large: the plugin of that name.
                return tuple(".".join([one, *rest]) for one in known) if rest else known
            return known
    return (name,)


def _parse_one(text: str) -> list[Directive]:
    """One directive. Raises ValueError with the reason."""
    if text.lower() in LEVELS:
        return [Directive("", LEVELS[text.lower()])]
    target, equals, level = text.partition("=") if "]" not in text else _split_after_span(text)
    span = _SPAN.search(target)
    if span is not None:
        target = target[: span.start()]  # we have no spans: the directive counts for the whole target
    if target and not _TARGET.fullmatch(target):
        raise ValueError("invalid target")
    if not equals:
        return [Directive(name, TRACE) for name in loggers_of(target)]
    if level.lower() not in LEVELS:
        raise ValueError("invalid level, expected one of off, error, warn, info, debug, trace")
    names = loggers_of(target) if target else ("",)
    return [Directive(name, LEVELS[level.lower()]) for name in names]


def _split_after_span(text: str) -> tuple[str, str, str]:
    head, bracket, tail = text.rpartition("]")
    _, equals, level = tail.partition("=")
    return head + bracket, equals, level


def split(text: str) -> list[str]:
    """The parts of a comma list; commas inside `[span{a=1,b=2}]` do not count."""
    return [part.strip() for part in re.split(r",(?![^\[\]]*\])", text) if part.strip()]


def parse_strict(text: str) -> list[Directive] | None:
    """All directives, or None when one of them is invalid."""
    try:
        return [directive for part in split(text) for directive in _parse_one(part)]
    except ValueError:
        return None


def parse_lenient(text: str, complain: Callable[[str], None]) -> list[Directive]:
    """The valid directives; each bad one is dropped with a complaint."""
    found = []
    for part in split(text):
        try:
            found += _parse_one(part)
        except ValueError as error:
            complain(f"ignoring `{part}`: {error}")
    return found


def choose(rust_log: str | None, level: str, complain: Callable[[str], None]) -> list[Directive]:
    """`RUST_LOG` if it is valid in full, else `[log] level`; `RUST_LOG` set but empty: only errors."""
    if rust_log is not None:
        chosen = parse_strict(rust_log)
        if chosen is not None:
            return chosen or [Directive("", logging.ERROR)]
    return parse_lenient(level, complain)


class Thresholds:
    """The lowest level that each logger logs; answers are kept, because every line asks."""

    def __init__(self, directives: Sequence[Directive]) -> None:
        # The last of equal prefixes wins, the longest prefix goes first.
        by_prefix = {directive.prefix: directive.level for directive in directives}
        self._ordered = sorted(by_prefix.items(), key=lambda item: -len(item[0]))
        self._kept: dict[str, int] = {}

    def of(self, logger: str) -> int:
        """Without any matching directive a logger is silent, as upstream has it."""
        level = self._kept.get(logger)
        if level is None:
            level = self._kept[logger] = self._find(logger)
        return level

    def _find(self, logger: str) -> int:
        # A plugin's own loggers are named after its package; they count as parts of the host.
        name = logger
        if logger.startswith("kanade_host_"):
            name = "kanade_host.plugins." + logger.removeprefix("kanade_host_")
        for prefix, level in self._ordered:
            if not prefix or prefix in (name, logger) or name.startswith(prefix + "."):
                return level
            if logger.startswith(prefix + "."):
                return level
        return OFF

    @property
    def lowest(self) -> int:
        """The level below which nothing is logged anywhere."""
        return min((level for _, level in self._ordered), default=OFF)
