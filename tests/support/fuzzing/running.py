"""One run of schemathesis for one role, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from fuzzing.document import told

CHECKS = "no_fault,response_schema_conformance,status_code_conformance"


class Outcome(NamedTuple):
    """`cases`: requests that were sent; `links`: how many ways from one answer to the next were walked."""

    status: int
    printed: str
    cases: int
    links: int


async def fuzz(host: Any, found: Any, role: str, *, examples: int, seed: int, phases: str) -> Outcome:
    """Ask every operation `examples` times as that role."""
    plain = (await host.get("/api/openapi.json")).json()
    manifest = (await host.get("/api/schemas/manifest.json")).json()
    schedule = (await host.get("/api/schemas/schedule.json")).json()
    document = Path(host.folder) / f"told-{role}.json"
    document.write_text(json.dumps(told(plain, manifest, schedule, found)))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", str(document), "--url", host.base),
        *("--header", f"Authorization: Bearer {role}"),
        *("--phases", phases, "--checks", CHECKS),
        *("--max-examples", str(examples), "--seed", str(seed), "--generation-database", "none"),
        *("--request-timeout", "60", "--continue-on-failure", "--no-color", "--warnings", "off"),
        *("--suppress-health-check", "all"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=host.folder,
        env={
            **os.environ,
            "PYTHONHASHSEED": "0",  # sets are walked, too: the same seed has to make the same requests
            "SCHEMATHESIS_HOOKS": "fuzzing.checks",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        },
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    printed = output.decode()
    return Outcome(process.returncode or 0, printed, _number(r"(\d+) generated", printed), _links(printed))


def _number(pattern: str, printed: str) -> int:
    found = re.search(pattern, printed)
    return int(found[1]) if found else 0


def _links(printed: str) -> int:
    return _number(r"API Links:\s+(\d+) covered", printed)
