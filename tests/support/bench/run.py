"""Measure a host of this checkout and print the table, with the ratio to the last recorded run.

    ./run bench                        about two minutes: 20,000 messages of each kind
    ./run bench --count 200000         the figures that are promised
    ./run bench --only results,rebuild
    ./run bench --record               keep the figures for the next comparison

Absolute figures hold for one machine and one moment; the ratio holds where both runs had the machine alone.
Everything is on loopback, in a folder that goes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import messages, table
from bench.asking import ask
from bench.messages import drained, fill
from bench.site import Site

STREAMS = {
    "results": ("RESULTS", messages.result),
    "obs_events": ("OBS_EVENTS", messages.observed),
    "audit": ("AUDIT", messages.recorded),
    "events": ("EVENTS", messages.started),
}
PATHS = {
    "results_50": ["/api/results?limit=50"],
    "results_failed_50": ["/api/results?limit=50&status=failure"],
    "results_1000_pcs": [f"/api/results?limit=50&pc_id=pc-{n:05d}" for n in range(messages.PCS)],
    "agents_100": ["/api/agents?limit=100"],
    "agent_one": ["/api/agents/hb-00001"],
    "obs_100": ["/api/obs_events?limit=100"],
    "obs_kind_100": ["/api/obs_events?limit=100&kind=kind_3"],
    "fleet_health": ["/api/health/fleet"],
}


class Bench:
    """One run. `figures` by the keys of the table."""

    def __init__(self, site: Site, options: argparse.Namespace) -> None:
        self.site, self.options = site, options
        self.figures: dict[str, float] = {}

    async def run(self) -> None:
        """All parts that were asked for, in order."""
        parts: dict[str, Callable[[], Awaitable[None]]] = {
            "streams": self.streams,
            "heartbeats": self.heartbeats,
            "latency": self.latency,
            "answers": self.answers,
            "writes": self.writes,
            "rebuild": self.rebuild,
            "start": self.start,
            "inventory": self.inventory,
        }
        only = self.options.only.split(",") if self.options.only else list(parts)
        for unknown in set(only) - set(parts):
            raise SystemExit(f"no part {unknown!r}; there are: {', '.join(parts)}")
        for name, part in parts.items():
            if name in only:
                if name in ("rebuild", "start", "inventory"):
                    self.note_memory()  # a host that was just started says little
                await part()
        self.note_memory()

    def note_memory(self) -> None:
        """Of the host, the first time that this is called."""
        if "memory" not in self.figures:
            self.note("memory", self.site.memory_mib())

    def note(self, key: str, value: float) -> None:
        self.figures[key] = value
        print(f"{key:26} {value:,.1f}", flush=True)

    async def streams(self) -> None:
        """Filled while the host is down; the time includes its start."""
        js, count = await self.site.jetstream(), self.options.count
        for key, (stream, make) in STREAMS.items():
            await self.site.stop()
            await fill(js, make, 0, count)
            began = time.monotonic()
            await self.site.start()
            if not await drained(js, stream):
                raise SystemExit(f"{stream} was not read within a quarter of an hour")
            self.note(key, count / (time.monotonic() - began))
            if key == "results":
                self.note("results_cpu", self.site.processor_seconds() / count * 1e6)
            await self.site.ready()

    async def heartbeats(self) -> None:
        """At full speed to the running host; what it shows afterwards is counted."""
        count, nc = self.options.beats, await self.site.broker.client()
        began = time.monotonic()
        for number in range(count):
            subject, body = messages.heartbeat(number)
            await nc.publish(subject, json.dumps(body).encode())
            if number % 1_000 == 0:
                await nc.flush()
        await nc.flush()
        seen, last = 0, time.monotonic()
        headers = {"authorization": f"Bearer {self.site.viewer}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            while seen < count and time.monotonic() - last < 5:
                async with http.get(f"{self.site.base}/api/agents?limit=200000") as answer:
                    now = sum(row["pc_id"].startswith("hb-") for row in await answer.json())
                if now > seen:
                    seen, last = now, time.monotonic()
                await asyncio.sleep(0.1)
        self.note("heartbeats", seen / max(last - began, 1e-9))
        self.note("heartbeats_lost", count - seen)

    async def latency(self) -> None:
        """From the broker's acknowledgement until the API shows the result."""
        took = await self._until_visible(10**8, rate=100, seconds=5)
        self.note("latency_p50", statistics.median(took))
        self.note("latency_p99", took[int(len(took) * 0.99)])
        took = await self._until_visible(10**8 + 10**6, rate=1_000, seconds=3)
        self.note("latency_1000_p99", took[int(len(took) * 0.99)])

    async def _until_visible(self, first: int, *, rate: int, seconds: int) -> list[float]:
        """Milliseconds of a hundred results a second, sorted: more could not be asked for in time."""
        js = await self.site.jetstream()
        headers = {"authorization": f"Bearer {self.site.viewer}"}
        async with aiohttp.ClientSession(headers=headers) as http:

            async def one(number: int) -> float:
                subject, body = messages.result(number)
                await js.publish(subject, json.dumps(body).encode())
                began = time.monotonic()
                while time.monotonic() - began < 10:
                    async with http.get(f"{self.site.base}/api/results/{body['result_id']}") as answer:
                        await answer.read()
                        if answer.status == 200:
                            break
                    await asyncio.sleep(0.002)
                return (time.monotonic() - began) * 1000

            tasks = []
            began = time.monotonic()
            for number in range(rate * seconds):
                if number % (rate // 100):
                    subject, body = messages.result(first + number)
                    await js.publish_async(subject, json.dumps(body).encode())
                else:
                    tasks.append(asyncio.create_task(one(first + number)))
                await asyncio.sleep(max(began + number / rate - time.monotonic(), 0))
            return sorted(await asyncio.gather(*tasks))

    async def inventory(self, count: int = 6_000) -> None:
        """Scans of 200 programs each, whose changes are kept: filled while the host is down."""
        headers = {"authorization": f"Bearer {self.site.admin}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{self.site.base}/api/jobs", json=messages.SCANNED) as answer,
        ):
            answer.raise_for_status()
        js = await self.site.jetstream()
        await self.site.stop()
        await fill(js, messages.scan, 0, count)
        began = time.monotonic()
        await self.site.start()
        if not await drained(js, "RESULTS"):
            raise SystemExit("the scans were not read within a quarter of an hour")
        self.note("inventory", count / (time.monotonic() - began))
        await self.site.ready()

    async def answers(self, ending: str = "") -> None:
        """Each list, with a viewer's log-in."""
        for key, paths in PATHS.items():
            found = await ask(self.site.port, paths, self.site.viewer, self.options.seconds)
            if found["errors"]:
                print(f"{key}: {found['errors']:.0f} answers were no success", file=sys.stderr)
            self.note(key + ending, found["per_second"])

    async def writes(self) -> None:
        """The same while results keep arriving."""
        nc = await self.site.broker.client()

        async def write() -> None:
            number = 2 * 10**8
            while True:
                for _ in range(max(self.options.write_rate // 50, 1)):
                    subject, body = messages.result(number)
                    await nc.publish(subject, json.dumps(body).encode())
                    number += 1
                await asyncio.sleep(0.02)

        writing = asyncio.create_task(write())
        await self.answers("+writes")
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing

    async def rebuild(self) -> None:
        """Of results, as an administrator asks for it."""
        headers = {"authorization": f"Bearer {self.site.admin}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            began = time.monotonic()
            async with http.post(f"{self.site.base}/api/rebuilds/results", json={}) as answer:
                answer.raise_for_status()
            while True:
                async with http.get(f"{self.site.base}/api/rebuilds") as answer:
                    status = (await answer.json())["rebuilds"][-1]
                if status["state"] != "running":
                    break
                await asyncio.sleep(0.05)
        if status["state"] != "done":
            raise SystemExit(f"the rebuild {status['state']}: {status['reason']}")
        self.note("rebuild", status["messages"] / (time.monotonic() - began))

    async def start(self) -> None:
        """With everything in the database that was measured before."""
        await self.site.stop()
        began = time.monotonic()
        await self.site.start()
        await self.site.ready()
        self.note("start", time.monotonic() - began)


def options_of(argv: list[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="./run bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000, help="messages of each kind")
    parser.add_argument("--beats", type=int, default=10_000, help="heartbeats in the burst")
    parser.add_argument(
        "--write-rate", type=int, default=2_000, help="results a second while lists are asked"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="for each list")
    parser.add_argument(
        "--only", help="parts: streams,heartbeats,latency,answers,writes,rebuild,start,inventory"
    )
    parser.add_argument("--record", action="store_true", help="keep the figures for the next comparison")
    return parser.parse_args(argv)


async def main(argv: list[str]) -> None:
    options = options_of(argv)
    site = Site()
    try:
        await site.open()
        bench = Bench(site, options)
        await bench.run()
    finally:
        await site.close()
    before = table.last()
    print(f"\n{table.machine()}, {options.count:,} messages of each kind", end="")
    print(f"; last time {before['machine']}, {before['count']:,}\n" if before else "\n")
    print("\n".join(table.lines(bench.figures, before)))
    if options.record:
        table.record(bench.figures, options.count)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
