"""What the plugin's routes and tasks share while it runs. Offered to itself as "scheduler.work"."""

from __future__ import annotations

from kanade_host.plugin import Context
from kanade_host_scheduler.authors import ScheduleAuthors
from kanade_host_scheduler.registry import Registry
from kanade_host_scheduler.store import ScheduleStore
from kanade_host_scheduler.ticker import Ticker
from kanade_host_scheduler.ticks import Ticks

SERVICE = "scheduler.work"


class Work:
    """One of each."""

    def __init__(self, ctx: Context) -> None:
        self.store = ScheduleStore(ctx)
        self.authors = ScheduleAuthors(ctx)
        self.registry = Registry(ctx)
        self.ticks = Ticks(ctx)
        self.ticker = Ticker(ctx, self.registry, self.ticks)


def work_of(ctx: Context) -> Work:
    """The parts of the running plugin."""
    return ctx.service(SERVICE, Work)
