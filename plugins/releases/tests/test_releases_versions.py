"""Which version a binary has (wire.md 5.2)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kanade_host_releases.versions import version_of_file, version_of_resource

Build = Callable[..., bytes]
US, JP, OLD = (0x409, 0x4B0), (0x411, 0x4B0), (0x409, 0x4E4)


def version_of(data: bytes) -> str | None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return version_of_file(file)


TABLES: dict[str, tuple[dict[str, dict[str, str]], list[tuple[int, int]], str | None]] = {
    "product version": ({"040904b0": {"ProductVersion": "0.44.0", "FileVersion": "9"}}, [US], "0.44.0"),
    "file version when there is no other": ({"040904b0": {"FileVersion": "1.2"}}, [US], "1.2"),
    "file version when the other is empty": (
        {"040904b0": {"ProductVersion": "", "FileVersion": "1.2"}}, [US], "1.2",
    ),
    "hexadecimal in any case": ({"040904B0": {"ProductVersion": "1"}}, [US], "1"),
    "a table that is not listed": ({"040904e4": {"ProductVersion": "1"}}, [US], None),
    "the order of the list": (
        {"040904b0": {"ProductVersion": "us"}, "041104b0": {"ProductVersion": "jp"}}, [JP, US], "jp",
    ),
    "the first that has one": (
        {"040904b0": {"ProductVersion": "us"}, "041104b0": {"Comments": "none"}}, [JP, US], "us",
    ),
    "nothing listed": ({"040904b0": {"ProductVersion": "1"}}, [], None),
    "space and NULs at the end": ({"040904b0": {"ProductVersion": "0.43 27 \t\0 \0"}}, [US], "0.43 27"),
    "space at the start stays": ({"040904b0": {"ProductVersion": " 1"}}, [US], " 1"),
    "only space": ({"040904b0": {"ProductVersion": "  ", "FileVersion": "1"}}, [US], ""),
    "neither": ({"040904b0": {"Comments": "x"}}, [US], None),
    "another character set": ({"040904e4": {"ProductVersion": "1"}}, [US, OLD], "1"),
}  # fmt: skip


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("case", TABLES)
def test_the_table_that_counts(pe: Build, info: Build, case: str, bits: int) -> None:
    tables, translations, version = TABLES[case]
    for strings_first in (True, False):
        resource = info(tables, translations, strings_first=strings_first)
        assert version_of(pe(resource, bits=bits)) == version


@pytest.mark.parametrize("change", [{"kind": 10}, {"name": 2}])
def test_only_resource_16_with_id_1_counts(pe: Build, info: Build, change: dict[str, Any]) -> None:
    resource = info({"040904b0": {"ProductVersion": "1"}}, [US])
    assert version_of(pe(resource)) == "1"
    assert version_of(pe(resource, **change)) is None


def test_what_is_no_such_binary(pe: Build) -> None:
    for data in (b"MZ agent", b"x", pe(None), pe(b""), pe(b"\0" * 40), b"MZ" + b"\0" * 5000):
        assert version_of(data) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.data())
def test_damaged_binaries_break_nothing(pe: Build, info: Build, data: st.DataObject) -> None:
    whole = bytearray(pe(info({"040904b0": {"ProductVersion": "1.2.3"}}, [US])))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    version_of(bytes(whole[: data.draw(st.integers(1, len(whole)))]))


@given(st.binary(max_size=300))
def test_any_resource_is_read_or_refused(resource: bytes) -> None:
    version_of_resource(resource)
