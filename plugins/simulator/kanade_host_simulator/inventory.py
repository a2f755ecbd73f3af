"""Output of inventory jobs: JSON with what the job's manifest says it shows.

The fields of a manifest are whatever its author wrote. Known names get the machine's facts; others get
something of the declared type.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from kanade_host_simulator.dice import dice
from kanade_host_simulator.machine import GIB, Machine
from kanade_host_simulator.messages import Explode, Field, Inventory

_SOFTWARE = (
    ("Microsoft Edge", "Microsoft Corporation", 131),
    ("Google Chrome", "Google LLC", 131),
    ("Mozilla Firefox", "Mozilla", 133),
    ("7-Zip 24.08 (x64)", "Igor Pavlov", 24),
    ("Microsoft 365 Apps", "Microsoft Corporation", 16),
    ("Zoom Workplace", "Zoom Communications, Inc.", 6),
    ("Visual Studio Code", "Microsoft Corporation", 1),
    ("Notepad++ (64-bit x64)", "Notepad++ Team", 8),
    ("Adobe Acrobat Reader", "Adobe", 24),
    ("Python 3.12.7 (64-bit)", "Python Software Foundation", 3),
    ("Git", "The Git Development Community", 2),
    ("Slack", "Slack Technologies", 4),
    ("TeamViewer", "TeamViewer", 15),
    ("VLC media player", "VideoLAN", 3),
)


def inventory(machine: Machine, wanted: Inventory, seed: int, run: int) -> dict[str, Any]:
    """One scan. Little changes from run to run; software does now and then."""
    facts = _facts(machine, seed, run)
    found: dict[str, Any] = {}
    for field in [*wanted.display, *(wanted.summary or [])]:
        if field.field in found:
            continue
        if field.type == "table" or field.columns:
            found[field.field] = _rows(machine, field.field, field.columns or [], seed, run)
        else:
            rolls = dice(seed, machine.pc_id, "field", field.field)
            found[field.field] = facts.get(field.field, _value(rolls, field.type))
    for spec in wanted.explode or []:
        found[spec.field] = _merged(found.get(spec.field), _rows_of(machine, spec, seed, run))
    return found


def _facts(machine: Machine, seed: int, run: int) -> dict[str, Any]:
    rolls = dice(seed, machine.pc_id, "scan", run)
    free = int(machine.disk * rolls.uniform(0.2, 0.7))
    hardware = {
        **dict.fromkeys(("hostname", "computer_name", "name", "pc_name"), machine.pc_id),
        **dict.fromkeys(("os", "os_name", "caption"), machine.os_name),
        **dict.fromkeys(("os_version", "version"), machine.os_version),
        **dict.fromkeys(("os_build", "build"), machine.os_version.rpartition(".")[2]),
        **dict.fromkeys(("vendor", "manufacturer"), machine.vendor),
        **dict.fromkeys(("cpu", "cpu_model", "cpu_name", "processor"), machine.cpu),
        **dict.fromkeys(("cores", "cpu_cores", "cpu_count"), machine.cores),
        **dict.fromkeys(("ram", "ram_bytes", "memory", "memory_bytes", "mem_total_bytes"), machine.memory),
        **dict.fromkeys(("serial", "serial_number"), machine.serial),
        **dict.fromkeys(("user", "username", "logged_on_user"), machine.user),
        **dict.fromkeys(("disk_total", "disk_bytes", "size_bytes"), machine.disk),
        **dict.fromkeys(("disk_free", "free_bytes", "disk_free_bytes"), free),
    }
    other = {
        "model": machine.model,
        "ram_gb": machine.memory // GIB,
        "site": machine.site,
        "department": machine.department,
        "arch": "x86_64",
        "bitlocker": rolls.random() < 0.9,
        "uptime_secs": rolls.randrange(600, 900_000),
    }
    return hardware | other


def _rows_of(machine: Machine, spec: Explode, seed: int, run: int) -> list[dict[str, Any]]:
    """Rows that differ in their primary key."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in _rows(machine, spec.field, spec.columns, seed, run):
        rows[tuple(str(row.get(key)) for key in spec.primary_key)] = row
    return list(rows.values())


def _merged(shown: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A field that is both shown and exploded has the columns of both."""
    if not isinstance(shown, list):
        return rows
    return [{**(shown[at] if at < len(shown) else {}), **row} for at, row in enumerate(rows)]


def _rows(machine: Machine, what: str, columns: list[Field], seed: int, run: int) -> list[dict[str, Any]]:
    if "disk" in what or "drive" in what or "volume" in what:
        known = [_disk(machine, letter, seed, run) for letter in ("C:", "D:")[: 1 + machine.cores % 2]]
    elif any(word in what for word in ("soft", "app", "program", "package")):
        known = [_program(machine, one, seed, run) for one in _SOFTWARE]
        known = [row for row in known if row]
    else:
        known = [{"name": f"{what}-{number}"} for number in range(1, 5)]
    return [
        {
            column.field: row.get(
                column.field, _value(dice(seed, machine.pc_id, what, column.field, at), column.type)
            )
            for column in columns
        }
        if columns
        else row
        for at, row in enumerate(known)
    ]


def _disk(machine: Machine, letter: str, seed: int, run: int) -> dict[str, Any]:
    rolls = dice(seed, machine.pc_id, "disk", letter, run)
    free = int(machine.disk * rolls.uniform(0.2, 0.7))
    return {
        **dict.fromkeys(("device_id", "name", "drive", "letter"), letter),
        **dict.fromkeys(("size", "size_bytes", "total_bytes"), machine.disk),
        **dict.fromkeys(("free", "free_bytes"), free),
        "file_system": "NTFS",
    }


def _program(machine: Machine, program: tuple[str, str, int], seed: int, run: int) -> dict[str, Any]:
    """Installed on most machines; each tenth run or so brings an update."""
    name, publisher, major = program
    rolls = dice(seed, machine.pc_id, "program", name)
    if rolls.random() < 0.25:
        return {}
    updates = sum(
        dice(seed, machine.pc_id, "update", name, past).random() < 0.1 for past in range(min(run, 50))
    )
    version = f"{major}.{rolls.randrange(10)}.{rolls.randrange(7000) + updates}"
    installed = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=rolls.randrange(300))
    return {
        **dict.fromkeys(("name", "display_name", "title"), name),
        **dict.fromkeys(("version", "display_version"), version),
        **dict.fromkeys(("publisher", "vendor"), publisher),
        "install_date": f"{installed:%Y-%m-%d}",
        "size_bytes": rolls.randrange(5, 900) * 1024 * 1024,
    }


def _value(rolls: random.Random, kind: str | None) -> Any:
    match kind:
        case "number" | "integer":
            return rolls.randrange(1000)
        case "real":
            return round(rolls.uniform(0, 100), 2)
        case "bytes":
            return rolls.randrange(1024**3)
        case "timestamp":
            at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=rolls.randrange(30_000))
            return f"{at:%Y-%m-%dT%H:%M:%SZ}"
        case _:
            return rolls.choice(("alpha", "beta", "gamma", "delta"))
