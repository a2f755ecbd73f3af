"""Prove what is promised: the long part that CI runs shortly, with the outcome written into docs/proof.md.

    ./run prove                            everything
    ./run prove faults --only 'kill -9'    the faults whose title holds this; the others keep their rows
    ./run prove soak --seconds 60          a short soak
    ./run prove depth --rows 1000000
    ./run prove bench --scale 0.1          a tenth of the messages
    ./run prove --scale short --print      everything shortly, and the document is left alone

The parts, in the order in which they run, with the minutes that they take alone on two cores:

{parts}

Each part is written into the document as soon as it ends, with the machine, named by its size, and the day. A
part that was not run keeps what the document says of it. A part that fails says FAILED there, and the exit
status is 1. Ctrl-C ends what runs, tidily; what was finished before is written.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import table
from bench.run import Bench, options_of
from bench.site import Site
from browsing import SCREENS

from proof import child, depth, document, faults, frames, screenshots, soak

SECONDS, RATE = 600.0, 2_000
ROWS, PORTION = 3_000_000, 250_000
COUNT = 200_000
FUZZ_EXAMPLES = 200
FUZZED = ["tests/conformance/test_fuzzed_api.py", "tests/values"]
SHORT = 0.05
"""Of the messages, rows and examples, in the short form."""


def prove_faults(options: argparse.Namespace) -> list[str]:
    """Every fault, by the tests that show it: a hundred kills, a minute's outages, a burst of 200,000."""
    long = options.scale != "short"
    found = faults.run(long=long, only=options.only)
    how = f"{'long' if long else 'short'} form, {_today()}"
    return faults.lines(found, options.only, how, kept=document.rows("faults"))


def prove_soak(options: argparse.Namespace) -> list[str]:
    """2,000 messages a second: memory is flat, nothing waits, nothing is missing."""
    seconds = options.seconds or SECONDS * (SHORT if options.scale == "short" else 1.0)
    return asyncio.run(soak.soak(seconds, RATE)).lines


def prove_depth(options: argparse.Namespace) -> list[str]:
    """Results into a table of 1,000,000 and 3,000,000 rows."""
    rows = options.rows or int(ROWS * _factor(options))
    return depth.lines(asyncio.run(depth.depth(rows, min(PORTION, rows))))


def prove_screenshots(options: argparse.Namespace) -> list[str]:
    """Every page in both themes and at both widths, into var/screens."""
    forms = screenshots.SHORT if options.scale == "short" else screenshots.FORMS
    return screenshots.lines(screenshots.take(SCREENS, forms))


def prove_frames(_: argparse.Namespace) -> list[str]:
    """A scroll through 10,000 agents in a real browser: no long task."""
    return frames.lines(frames.measure())


def prove_bench(options: argparse.Namespace) -> list[str]:
    """The table of figures, with 200,000 messages of each kind."""

    async def measured() -> dict[str, float]:
        site = Site()
        try:
            await site.open()
            bench = Bench(site, options_of(["--count", str(int(COUNT * _factor(options)))]))
            await bench.run()
            return bench.figures
        finally:
            await site.close()

    return table.lines(asyncio.run(measured()), table.last())


def prove_fuzz(options: argparse.Namespace) -> list[str]:
    """Decoders, parsers, and every operation of the API as every role, 200 examples each."""
    examples = max(int(FUZZ_EXAMPLES * _factor(options)), 1)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"]
    status = child.run([*command, "--fuzz-examples", str(examples), *FUZZED], faults.ROOT, os.environ)
    outcome = "passed" if status == 0 else "FAILED"
    return ["| fuzz | examples an operation | outcome |", "| --- | --- | --- |",
            f"| decoders, parsers, every operation as every role | {examples} | {outcome} |"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """`minutes`: of the full form, alone on two cores."""

    minutes: int
    prove: Callable[[argparse.Namespace], list[str]]

    @property
    def about(self) -> str:
        return (self.prove.__doc__ or "").strip()


PARTS: dict[str, Part] = {
    "faults": Part(15, prove_faults),
    "soak": Part(11, prove_soak),
    "depth": Part(8, prove_depth),
    "screenshots": Part(3, prove_screenshots),
    "frames": Part(1, prove_frames),
    "bench": Part(8, prove_bench),
    "fuzz": Part(60, prove_fuzz),
}
"""The most telling ones first."""


def prove(name: str, options: argparse.Namespace) -> tuple[list[str], bool]:
    """The part's table, and whether it held. What it raises is its outcome."""
    try:
        lines = PARTS[name].prove(options)
    except Exception as error:
        traceback.print_exc()
        said = " ".join(str(error).split()).replace("|", "/")[:300]
        return ["| outcome | |", "| --- | --- |", f"| FAILED | {type(error).__name__}: {said} |"], False
    return lines, not any("FAILED" in line for line in lines)


def prove_all(names: Sequence[str], options: argparse.Namespace) -> int:
    """One after the other; each is kept as soon as it ends."""
    outcomes: dict[str, str] = {}
    where = f"{table.machine()}, {_today()}{', shortened' if _shortened(options) else ''}"
    for number, name in enumerate(names, 1):
        part = PARTS[name]
        print(f"\n== {number} of {len(names)}: {name}. {part.about}", flush=True)
        began = time.monotonic()
        try:
            lines, held = prove(name, options)
        except KeyboardInterrupt:
            print(f"\ninterrupted in {name}; finished: {', '.join(outcomes) or 'nothing'}", file=sys.stderr)
            return 130
        outcomes[name] = "held" if held else "FAILED"
        if not options.printed:
            document.write({name: lines}, where)
        minutes = (time.monotonic() - began) / 60
        print("\n" + "\n".join(lines) + f"\n\n{name}: {outcomes[name]}, {minutes:.1f} minutes", flush=True)
    print("\n" + "\n".join(f"{name:12} {outcome}" for name, outcome in outcomes.items()))
    return int("FAILED" in outcomes.values())


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _shortened(options: argparse.Namespace) -> bool:
    return bool(options.scale != "full" or options.seconds)


def _factor(options: argparse.Namespace) -> float:
    return {"short": SHORT, "full": 1.0}.get(options.scale) or float(options.scale)


def _scale(text: str) -> str:
    if text not in ("full", "short") and not 0 < float(text) <= 1:
        raise ValueError(text)
    return text


def main(argv: list[str]) -> int:
    parts = "\n".join(f"    {name:12} {part.minutes:3} min  {part.about}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="./run prove",
        description=(__doc__ or "").format(parts=parts),
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    parser.add_argument("--scale", type=_scale, default="full", help="full, short, or a factor below 1")
    parser.add_argument("--seconds", type=float, help=f"of the soak; {SECONDS:.0f} in the full form")
    parser.add_argument("--rows", type=int, help=f"of the depth; {ROWS:,} in the full form")
    parser.add_argument("--only", default="", help="faults whose title holds this")
    parser.add_argument("--print", action="store_true", dest="printed", help="leave the document alone")
    options = parser.parse_args(argv)
    return prove_all(options.parts or list(PARTS), options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
