"""Windows binaries made to order, and multipart bodies byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

RSRC = 0x1000
RAW = 0x400


def _block(
    key: str, value: bytes = b"", *inner: bytes, text: bool = False, count: int | None = None
) -> bytes:
    body = key.encode("utf-16-le") + b"\0\0"
    body += b"\0" * (-(6 + len(body)) % 4) + value
    for one in inner:
        body += b"\0" * (-(6 + len(body)) % 4) + one
    if count is None:
        count = len(value) // 2 if text else len(value)
    return struct.pack("<HHH", 6 + len(body), count, int(text)) + body


def version_info(
    tables: Mapping[str, Mapping[str, str]],
    translations: Sequence[tuple[int, int]],
    *,
    strings_first: bool = True,
) -> bytes:
    """VS_VERSIONINFO with those string tables and that list of translations."""
    strings = [
        _block(
            key,
            b"",
            *(_block(name, (text + "\0").encode("utf-16-le"), text=True) for name, text in texts.items()),
        )
        for key, texts in tables.items()
    ]
    listed = b"".join(struct.pack("<HH", *pair) for pair in translations)
    parts = [
        _block("StringFileInfo", b"", *strings),
        _block("VarFileInfo", b"", _block("Translation", listed)),
    ]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, 9 << 16, 9 << 16, *([0] * 9))
    return _block("VS_VERSION_INFO", fixed, *(parts if strings_first else reversed(parts)))


def _directory(entries: Sequence[tuple[int, int]]) -> bytes:
    packed = b"".join(struct.pack("<II", *entry) for entry in entries)
    return struct.pack("<IIHHHH", 0, 0, 0, 0, 0, len(entries)) + packed


def _resources(resource: bytes, kind: int, name: int) -> bytes:
    deeper = 0x80000000
    head = _directory([(kind, deeper | 24)]) + _directory([(name, deeper | 48)]) + _directory([(1033, 72)])
    return head + struct.pack("<IIII", RSRC + 88, len(resource), 0, 0) + resource


def binary(resource: bytes | None, *, bits: int = 64, kind: int = 16, name: int = 1) -> bytes:
    """A PE file with one section, which holds the resources."""
    section = _resources(resource, kind, name) if resource is not None else b"\0" * 16
    size = -(-len(section) // 0x200) * 0x200
    if bits == 64:
        fields = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, size, 0, 0, 0x1000)
        fields += struct.pack("<QIIHHHHHHIIIIHHQQQQII", 0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0,
                              0x10000, RAW, 0, 3, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)  # fmt: skip
    else:
        fields = struct.pack("<HBBIIIIII", 0x10B, 14, 0, 0, size, 0, 0, 0x1000, 0x1000)
        fields += struct.pack("<IIIHHHHHHIIIIHHIIIIII", 0x400000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0,
                              0x10000, RAW, 0, 3, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)  # fmt: skip
    place = (RSRC, len(section)) if resource is not None else (0, 0)
    directories = b"".join(struct.pack("<II", *(place if at == 2 else (0, 0))) for at in range(16))
    optional = fields + directories
    machine = 0x8664 if bits == 64 else 0x14C
    coff = struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, len(optional), 0x22)
    table = struct.pack("<8sIIIIIIHHI", b".rsrc", len(section), RSRC, size, RAW, 0, 0, 0, 0, 0x40000040)
    dos = b"MZ" + b"\0" * 58 + struct.pack("<I", 64)
    head = dos + b"PE\0\0" + coff + optional + table
    return head.ljust(RAW, b"\0") + section.ljust(size, b"\0")


@pytest.fixture
def pe() -> Callable[..., bytes]:
    return binary


@pytest.fixture
def info() -> Callable[..., bytes]:
    return version_info


@pytest.fixture
def agent() -> Callable[..., bytes]:
    """An agent's binary of a version; `more` makes its bytes others."""

    def build(version: str, more: bytes = b"") -> bytes:
        return binary(version_info({"040904b0": {"ProductVersion": version}}, [(0x409, 0x4B0)])) + more

    return build


@pytest.fixture
def form() -> Callable[..., dict[str, Any]]:
    """Body and header of a multipart request with these fields, without its last `cut` bytes."""

    def build(*fields: tuple[str, bytes], cut: int = 0, end: bytes = b"--xXx--\r\n") -> dict[str, Any]:
        parts = [
            b'--xXx\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n%s\r\n'
            % (name.encode(), value)
            for name, value in fields
        ]
        body = b"".join(parts) + end
        headers = {"content-type": "multipart/form-data; boundary=xXx"}
        return {"data": body[: len(body) - cut], "headers": headers}

    return build
