"""The life of a plugin, as everyone can see it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

log = structlog.get_logger("kanade_host.loading")

Phase = Literal[
    "found",
    "disabled",
    "incompatible",
    "imported",
    "checked",
    "migrated",
    "started",
    "running",
    "degraded",
    "stopped",
    "failed",
]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `kanade-plugin.toml` and the distribution's metadata say, read without an import."""

    name: str
    title: str
    module: str
    distribution: str
    version: str
    api: str = "1"
    requires: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    essential: bool = False
    foreign: bool = True
    """From outside: not one of the distributions named kanade-host-*, so everything of it is prefixed."""


@dataclass(slots=True)
class PluginState:
    """Where a plugin stands, why, since when, and what it contributes."""

    manifest: Manifest
    phase: Phase = "found"
    failed_in: str = ""
    reasons: dict[str, str] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    contributes: dict[str, list[str]] = field(default_factory=dict)
    deprecations: list[str] = field(default_factory=list)
    """What of the plugin API it uses that is going, and what to use instead."""
    _began: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def reason(self) -> str:
        """Why it is disabled, incompatible, degraded or failed; empty when all is well."""
        return "; ".join(self.reasons.values())

    @property
    def out(self) -> bool:
        """It takes no further part."""
        return self.phase in ("disabled", "incompatible", "failed", "stopped")

    def enter(self, phase: Phase) -> None:
        """Enter a phase and note how many seconds the step took."""
        now = time.monotonic()
        self.times[phase] = round(now - self._began, 4)
        self._began = now
        self.phase = phase

    def fail(self, phase: str, reason: str) -> None:
        """It failed in that phase, for good: everyone who looks, and the log, is told why."""
        log.error("plugin is out of service", plugin=self.name, phase=phase, reason=reason)
        self.failed_in = phase
        self.reasons = {phase: reason}
        self.enter("failed")

    def leave_out(self, phase: Phase, reason: str) -> None:
        """It is disabled or incompatible, and says why."""
        self.reasons = {phase: reason}
        self.enter(phase)

    def degrade(self, key: str, reason: str | None) -> bool:
        """Something keeps it from working fully (or no longer does); True when the phase changed."""
        if reason is None:
            self.reasons.pop(key, None)
        else:
            self.reasons[key] = reason
        if self.phase == "running" and self.reasons:
            self.phase = "degraded"
            return True
        if self.phase == "degraded" and not self.reasons:
            self.phase = "running"
            return True
        return False

    def as_json(self) -> dict[str, Any]:
        """The row of `GET /api/plugins` and `kanade-host plugins --json`."""
        manifest = self.manifest
        return {
            "name": manifest.name,
            "title": manifest.title,
            "distribution": manifest.distribution,
            "version": manifest.version,
            "state": self.phase,
            "failed_in": self.failed_in or None,
            "reason": self.reason or None,
            "essential": manifest.essential,
            "requires": list(manifest.requires),
            "after": list(manifest.after),
            "seconds": dict(self.times),
            "deprecations": list(self.deprecations),
            "contributes": {kind: sorted(names) for kind, names in self.contributes.items()},
        }
