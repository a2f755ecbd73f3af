"""How fast results are projected into a table that is deep already."""

from __future__ import annotations

import time

from bench import messages
from bench.site import Site

A_MILLION = 1_000_000
AT_LEAST = 10_000.0
"""Results a second up to a million rows; half of that from there on."""


async def depth(rows: int, portion: int) -> list[tuple[int, float]]:
    """Rows that were there, and messages a second of the next portion, the last one at `rows`."""
    site, found, there = Site(), [], 0
    try:
        await site.open()
        js = await site.jetstream()
        while there <= rows:
            await site.stop()
            await messages.fill(js, messages.result, there, portion)
            began = time.monotonic()
            await site.start()
            assert await messages.drained(js, "RESULTS", 3_600)
            found.append((there, portion / (time.monotonic() - began)))
            print(f"  {there:,} rows were there: {found[-1][1]:,.0f} results/s", flush=True)
            there += portion
            await site.ready()
        return found
    finally:
        await site.close()


def lines(found: list[tuple[int, float]]) -> list[str]:
    """The table as Markdown."""
    made = ["| rows that were there | results/s | wanted | |", "| --- | --- | --- | --- |"]
    for there, rate in found:
        wanted = AT_LEAST if there <= A_MILLION else AT_LEAST / 2
        made.append(f"| {there:,} | {rate:,.0f} | {wanted:,.0f} | {'' if rate >= wanted else 'less'} |")
    return made
