"""A sweep over the stores: chunks of uploads that never got a record (`contract/http-fleet.md` 10)."""

from __future__ import annotations

from kanade_host.plugin import Context, ObjectDamaged, ResourceMissing, Sweep, Unavailable

STORES = ("agent_releases", "app_packages", "scripts")
HOUR = 3600.0


def sweep(ctx: Context) -> Sweep:
    async def run() -> int:
        removed = 0
        for store in STORES:
            try:
                removed += await ctx.bus.objects(store).purge_orphans(ctx.settings.orphan_hours * HOUR)
            except (Unavailable, ResourceMissing) as error:
                ctx.log.info("lost chunks are looked for later", store=store, reason=str(error))
            except ObjectDamaged as error:
                ctx.log.warning("lost chunks are left alone", store=store, reason=str(error))
        return removed

    return Sweep("lost chunks", run, every=6 * HOUR)
