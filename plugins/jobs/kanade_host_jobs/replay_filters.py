"""Which subjects the agents' durables on EXEC are to be narrowed to.

Issue 3, "Firing jobs, decided": each command goes to every durable whose filter matches, and the
agents' own filter is `commands.>`; so 500 commands to 500 agents were 250,000 deliveries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kanade_host_jobs import subjects

PREFIX = "agent_replay_"
MOST = 2_000
"""Subjects of one durable; the broker compares each with each, 20,000 of them hold it for seconds."""
_OTHER = re.compile(r"[^A-Za-z0-9_-]")

Filters = Mapping[str, tuple[str, ...]]
"""Durable name to its subjects, sorted."""


def durable_of(pc_id: str) -> str:
    """The name that the agent gives its durable (`contract/wire.md` 3.2)."""
    return PREFIX + _OTHER.sub("_", pc_id)


def wanted_filters(pc_ids: Iterable[str], groups: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """`commands.all`, the PC's own subject and those of its groups (upstream's clients may publish them).

    PCs whose ids become one name share a durable: it gets the subjects of all of them. A PC whose id can
    be no subject keeps what its agent made, and so does whoever shares a durable with it, and whoever is
    in too many groups.
    """
    found: dict[str, set[str]] = {}
    kept: set[str] = set()
    for pc_id in pc_ids:
        name = durable_of(pc_id)
        if not subjects.usable(pc_id):
            kept.add(name)
            continue
        mine = found.setdefault(name, {subjects.ALL})
        mine.add(subjects.of_pc(pc_id))
        mine.update(subjects.of_group(group) for group in groups.get(pc_id, ()) if subjects.usable(group))
    kept.update(name for name, mine in found.items() if len(mine) > MOST)
    return {name: tuple(sorted(mine)) for name, mine in found.items() if name not in kept}
