"""The heartbeat interval of each PC, all layers together (`contract/wire.md` 9): service `fleet.intervals`.

What cannot be read counts as not set, as agents take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kanade_host.plugin import BadDuration, BadJson, BadShape, Context, decode, parse_duration
from kanade_host_fleet.memberships import memberships_of
from kanade_host_fleet.messages import ConfigScope, EffectiveConfig
from kanade_host_fleet.scopes import BUCKET, GLOBAL, GROUP_PREFIX, PC_PREFIX

_NS = 1_000_000_000
BUILT_IN = parse_duration(EffectiveConfig().heartbeat_interval) / _NS


class Intervals:
    """Implements `HeartbeatIntervals`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._changes = 0

    def changed(self) -> None:
        """A scope or a membership changed."""
        self._changes += 1

    def version(self) -> object:
        return self._changes

    def seconds(self, pc_ids: Iterable[str]) -> dict[str, float]:
        configured = self._configured()
        if not configured:
            return {}
        groups = memberships_of(self._ctx).of(pc_ids)
        found = {}
        for pc_id in pc_ids:
            seconds = resolved(configured, groups.get(pc_id, ()), pc_id)
            if seconds != BUILT_IN:
                found[pc_id] = seconds
        return found

    def _configured(self) -> dict[str, float]:
        """Key of the scope -> seconds, of those that set any."""
        found = {}
        for key, entry in self._ctx.watch(BUCKET).items():
            try:
                text = decode(ConfigScope, entry.value or b"").heartbeat_interval
                seconds = parse_duration(text) / _NS if text else 0.0
            except (BadJson, BadShape, BadDuration):
                continue
            if seconds > 0:
                found[key] = seconds
        return found


def resolved(configured: Mapping[str, float], groups: Sequence[str], pc_id: str) -> float:
    """The seconds of one PC; its groups in ascending byte order, of which the last one wins."""
    own = configured.get(PC_PREFIX + pc_id)
    if own is not None:
        return own
    for group in reversed(groups):
        seconds = configured.get(GROUP_PREFIX + group)
        if seconds is not None:
            return seconds
    return configured.get(GLOBAL, BUILT_IN)
