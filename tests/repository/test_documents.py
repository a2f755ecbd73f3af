"""Documents keep up with the code: links lead somewhere, every key, command and exit status is described."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from kanade_host.cli.root import COMMANDS
from kanade_host.config.model import Config
from kanade_host.platform.exits import Exit

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    missing = [to for to in LINK.findall(document.read_text("utf-8")) if not (document.parent / to).exists()]
    assert missing == []


def test_every_key_of_the_configuration_is_described() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    sections = {"server", "nats", "db", "log", "broker", "plugins"}
    assert sections < set(Config.__struct_fields__)
    for section in sections:
        assert f"[{section}]" in text
        fields = next(f.type for f in msgspec.structs.fields(Config) if f.name == section)
        for key in fields.__struct_fields__:
            if key not in ("tables", "only"):
                assert re.search(rf"^{key} = ", text, re.MULTILINE), f"{section}.{key}"


def test_every_exit_status_is_described() -> None:
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    for status in Exit:
        assert f"\n| {int(status)} | " in text


def test_every_command_is_mentioned() -> None:
    text = "\n".join(path.read_text("utf-8") for path in DOCUMENTS)
    for command in COMMANDS:
        assert f"kanade-host {command}" in text or f"./run {command}" in text
