"""Ten minutes at 2,000 messages a second: memory stays flat, and nothing waits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import time
from dataclasses import dataclass

import aiohttp
from bench import messages
from bench.site import Site

EVERY_SECONDS = 5.0
SETTLED_SHARE = 0.2
"""Of the time, until caches are as large as they get."""
GROWTH_SHARE, GROWTH_MIB = 0.1, 8
"""More than that from there to the end is no flat memory."""
LAG_SECONDS = 2.0
"""More than comes in that time is a backlog."""


@dataclass(frozen=True, slots=True)
class Soak:
    """Memory in MiB once settled, at the end and at most; the largest backlog; what came in and out."""

    seconds: float
    sent: int
    rows: int
    settled_mib: int
    end_mib: int
    most_mib: int
    most_lag: int

    @property
    def outcome(self) -> str:
        """Whether memory was flat and nothing lagged."""
        wrong = []
        if self.end_mib > self.settled_mib * (1 + GROWTH_SHARE) + GROWTH_MIB:
            wrong.append("memory grew")
        if self.most_lag > LAG_SECONDS * self.sent / self.seconds:
            wrong.append("messages waited")
        return f"FAILED: {', '.join(wrong)}" if wrong else "passed"

    @property
    def lines(self) -> list[str]:
        """The table as Markdown."""
        memory = f"{self.settled_mib}, {self.most_mib}, {self.end_mib}"
        return [
            "| soak | |",
            "| --- | --- |",
            f"| seconds, messages a second | {self.seconds:,.0f}, {self.sent / self.seconds:,.0f} |",
            f"| messages sent, rows | {self.sent:,}, {self.rows:,} |",
            f"| memory once settled, at most, at the end | {memory} MiB |",
            f"| largest backlog | {self.most_lag:,} messages |",
            f"| outcome | {self.outcome} |",
        ]


async def soak(seconds: float, rate: int) -> Soak:
    """Run it. Raises AssertionError when messages are missing afterwards."""
    site, sending = Site(), None
    try:
        await site.open()
        sending = asyncio.create_task(_send(site, seconds, rate))
        memory: list[int] = []
        lags: list[int] = []
        began = time.monotonic()
        headers = {"authorization": f"Bearer {site.viewer}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            while not sending.done():
                await asyncio.sleep(min(EVERY_SECONDS, seconds / 10))
                _say(time.monotonic() - began, seconds, memory, lags)
                memory.append(site.memory_mib())
                async with http.get(f"{site.base}/api/projections") as answer:
                    listed = (await answer.json())["projections"]
                lags.append(max((one.get("lag") or 0 for one in listed), default=0))
                async with http.get(f"{site.base}/api/results?limit=50") as answer:
                    await answer.read()
        sent = await sending
        js = await site.jetstream()
        assert await messages.drained(js, "RESULTS", 60)
        rows = _rows(site)
        assert rows == sent, f"{sent} results were acknowledged, {rows} rows are there"
        settled = memory[int(len(memory) * SETTLED_SHARE)]
        return Soak(seconds, sent, rows, settled, memory[-1], max(memory), max(lags))
    finally:
        if sending is not None:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        await site.close()


def _say(so_far: float, seconds: float, memory: list[int], lags: list[int]) -> None:
    if len(memory) % 12 == 1:
        print(f"  {so_far:.0f} of {seconds:.0f} s, {memory[-1]} MiB, {lags[-1]} behind", flush=True)


async def _send(site: Site, seconds: float, rate: int) -> int:
    js = await site.jetstream()
    began, sent = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        due = int((time.monotonic() - began) * rate)
        waiting = []
        while sent < due:
            subject, body = messages.result(sent)
            waiting.append(await js.publish_async(subject, json.dumps(body).encode()))
            sent += 1
        await asyncio.gather(*waiting)
        await asyncio.sleep(0.02)
    return sent


def _rows(site: Site) -> int:
    with contextlib.closing(sqlite3.connect(site.folder / "backend.db")) as db:
        return int(db.execute("SELECT count(*) FROM execution_results").fetchone()[0])
