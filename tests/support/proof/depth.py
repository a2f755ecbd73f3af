"""How fast results are projected into a table that is deep already."""

from __future__ import annotations

import time

from bench import messages
from bench.site import Site


async def depth(rows: int, portion: int) -> list[tuple[int, float]]:
    """Rows that were there, and messages a second of the next portion, until there are `rows`."""
    site, found, there = Site(), [], 0
    try:
        await site.open()
        js = await site.jetstream()
        while there < rows:
            await site.stop()
            await messages.fill(js, messages.result, there, portion)
            began = time.monotonic()
            await site.start()
            assert await messages.drained(js, "RESULTS", 3_600)
            found.append((there, portion / (time.monotonic() - began)))
            there += portion
            await site.ready()
        return found
    finally:
        await site.close()


def lines(found: list[tuple[int, float]]) -> list[str]:
    """The table as Markdown."""
    made = ["| rows that were there | results/s |", "| --- | --- |"]
    return [*made, *(f"| {there:,} | {rate:,.0f} |" for there, rate in found)]
