"""Prove what is promised: the long part that CI runs shortly, with the outcome written into docs/proof.md.

    ./run prove                          everything: about two hours on two cores, alone on the machine
    ./run prove faults --scale short     the faults as CI runs them
    ./run prove soak --seconds 60        a short soak
    ./run prove bench depth --scale 0.1  a tenth of the messages and rows
    ./run prove faults --only disk --print

Parts: faults, soak, depth, bench, fuzz. A part that was not run keeps what the document says of it.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import table
from bench.run import Bench, options_of
from bench.site import Site

from proof import depth, document, faults, soak

SECONDS, RATE = 600.0, 2_000
ROWS, PORTION = 3_000_000, 250_000
COUNT = 200_000
FUZZ_EXAMPLES = 200
FUZZED = ["tests/conformance/test_fuzzed_api.py", "tests/values"]


def prove_faults(options: argparse.Namespace) -> list[str]:
    """All faults, by the tests that show them."""
    return faults.lines(faults.run(long=options.scale != "short", only=options.only), options.only)


def prove_soak(options: argparse.Namespace) -> list[str]:
    """Flat memory, no lag."""
    return asyncio.run(soak.soak(options.seconds, RATE)).lines


def prove_depth(options: argparse.Namespace) -> list[str]:
    """Results into a deep table."""
    scale = _factor(options)
    return depth.lines(asyncio.run(depth.depth(int(ROWS * scale), int(PORTION * scale))))


def prove_bench(options: argparse.Namespace) -> list[str]:
    """The table of figures."""

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
    """Decoders, parsers and every operation of the API."""
    examples = max(int(FUZZ_EXAMPLES * _factor(options)), 1)
    command = [sys.executable, "-m", "pytest", "-q", "--fuzz-examples", str(examples), *FUZZED]
    done = subprocess.run(command, cwd=faults.ROOT, check=False)
    outcome = "passed" if done.returncode == 0 else "FAILED"
    return ["| fuzz | examples an operation | outcome |", "| --- | --- | --- |",
            f"| decoders, parsers, every operation as every role | {examples} | {outcome} |"]  # fmt: skip


PARTS: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "faults": prove_faults,
    "soak": prove_soak,
    "depth": prove_depth,
    "bench": prove_bench,
    "fuzz": prove_fuzz,
}


def _factor(options: argparse.Namespace) -> float:
    return 0.05 if options.scale == "short" else 1.0 if options.scale == "full" else float(options.scale)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./run prove", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART")
    parser.add_argument("--scale", default="full", help="full, short, or a factor")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of the soak")
    parser.add_argument("--only", default="", help="faults whose title holds this")
    parser.add_argument("--print", action="store_true", dest="printed", help="leave the document alone")
    options = parser.parse_args(argv)
    proven = {name: PARTS[name](options) for name in options.parts or PARTS}
    if not options.printed:
        document.write(proven, f"{table.machine()}, {datetime.now(UTC):%Y-%m-%d}")
    for name, lines in proven.items():
        print(f"\n{name}\n")
        print("\n".join(lines))
    return int(any("FAILED" in line for lines in proven.values() for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
