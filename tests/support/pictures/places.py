"""Everywhere that the web interface leads to: what the running plugins declare, with an example in place of
each variable part of an address, and the few pages that belong to no plugin."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from demo_host import Served

WAIT_SECONDS = 60.0
PARAMETER = re.compile(r":(\w+)")


@dataclass(frozen=True, slots=True)
class Place:
    """`name` is the id of the page, `path` where it is in a host that runs; without a `role`, logged out."""

    name: str
    title: str
    section: str
    path: str
    role: str | None = "admin"


SHELL = (
    Place("web.login", "Log-in", "shell", "/", role=None),
    Place("web.password", "Change the password", "shell", "/change-password"),
    Place("web.missing", "An address that leads nowhere", "shell", "/nowhere"),
)
"""What is there without any plugin."""

EXAMPLES: Mapping[str, tuple[str, str]] = {
    "pcId": ("/api/fleet/agents?limit=1", "pc_id"),
    "jobId": ("/api/jobs", "id"),
    "scheduleId": ("/api/schedules", "id"),
    "resultId": ("/api/activity/results?limit=1", "result_id"),
    "execId": ("/api/executions?limit=1", "exec_id"),
}
"""Variable part of a page's address -> the list that has examples, and their key."""
NEW = ("jobId", "scheduleId")
"""Where `+` in place of a name is the editor of a new one."""


def places(served: Served) -> list[Place]:
    """All of them, in the order of the menu. Waits for the first agents, jobs and results.

    Raises KeyError for a page whose address has a part without an example: add it to `EXAMPLES`.
    """
    rows: list[dict[str, Any]] = served.ask("GET", "/api/pages")["pages"]
    found: list[Place] = []
    for row in rows:
        if row["kind"] == "page":
            found += _of_page(served, row)
    [agent] = [place for place in found if place.name == "heartbeat.agent"]
    for row in rows:
        if row["kind"] == "panel":
            title = f"{agent.title}: {row['title']['en']}"
            found.append(Place(row["id"], title, agent.section, f"{agent.path}?panel={row['id']}"))
    return [*found, *SHELL]


def _of_page(served: Served, row: Mapping[str, Any]) -> list[Place]:
    title, section, path = row["title"]["en"], row["section"], str(row["path"])
    names = PARAMETER.findall(path)
    made = [Place(row["id"], title, section, _filled(path, lambda name: _example(served, name)))]
    if set(names) & set(NEW):
        made.append(Place(f"{row['id']}-new", f"{title}, new", section, _filled(path, lambda _: "+")))
    return made


def _filled(path: str, example: Callable[[str], str]) -> str:
    return PARAMETER.sub(lambda found: example(found[1]), path)


def _example(served: Served, name: str) -> str:
    """One that exists, as it stands in an address."""
    address, key = EXAMPLES[name]
    ends = time.monotonic() + WAIT_SECONDS
    while not (rows := _rows(served.ask("GET", address))):
        assert time.monotonic() < ends, f"{address} lists nothing"
        time.sleep(0.2)
    return quote(str(rows[0][key]), safe="")


def _rows(answer: Any) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = answer["items"] if isinstance(answer, dict) else answer
    return rows
