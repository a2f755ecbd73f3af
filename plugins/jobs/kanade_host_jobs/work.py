"""What the plugin's routes and tasks share while it runs. Offered to itself as "jobs.work"."""

from __future__ import annotations

from kanade_host.plugin import Context
from kanade_host_jobs.batch_task import BatchTask
from kanade_host_jobs.catalog import JobCatalog
from kanade_host_jobs.freezes import Freezes
from kanade_host_jobs.gate import Gate
from kanade_host_jobs.killed import Killed
from kanade_host_jobs.replay_durables import ReplayDurables
from kanade_host_jobs.revocation import Revocation
from kanade_host_jobs.settings import JobsSettings
from kanade_host_jobs.undelivered import Undelivered

SERVICE = "jobs.work"


class Work:
    """One of each."""

    def __init__(self, ctx: Context) -> None:
        self.undelivered = Undelivered(ctx)
        self.freezes = Freezes(ctx)
        self.catalog = JobCatalog(ctx, self.undelivered, Gate(ctx, self.freezes))
        self.authors = self.catalog.firing.authors
        self.approvals = self.catalog.firing.approvals
        self.revocation = Revocation(ctx, self.undelivered)
        self.batches = BatchTask(ctx, self.catalog.firing.gate)
        self.killed = Killed(ctx)
        settings: JobsSettings = ctx.settings
        self.replay = ReplayDurables(ctx, rate=settings.replay_rate, narrow=settings.replay_durables)


def work_of(ctx: Context) -> Work:
    """The parts of the running plugin."""
    return ctx.service(SERVICE, Work)
