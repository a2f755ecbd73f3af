"""A Windows binary that does nothing but say which version it has: what an agent's release looks like."""

from __future__ import annotations

import struct

SECTION_AT = 0x1000
RAW_AT = 0x400
ALIGNMENT = 0x200


def agent_binary(version: str) -> bytes:
    """A 64-bit PE file, about 1.5 kB, with `version` as its product version. It cannot run."""
    section = _resource(_version_info(version))
    size = -(-len(section) // ALIGNMENT) * ALIGNMENT
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, size, 0, 0, SECTION_AT)
    optional += struct.pack(
        "<QIIHHHHHHIIIIHHQQQQII",
        *(0x140000000, SECTION_AT, ALIGNMENT, 6, 0, 0, 0, 6, 0, 0, 0x10000, RAW_AT, 0, 3, 0),
        *(0x100000, 0x1000, 0x100000, 0x1000, 0, 16),
    )
    for directory in range(16):
        optional += struct.pack("<II", *((SECTION_AT, len(section)) if directory == 2 else (0, 0)))
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x22)
    table = struct.pack(
        "<8sIIIIIIHHI", b".rsrc", len(section), SECTION_AT, size, RAW_AT, 0, 0, 0, 0, 0x40000040
    )
    dos = b"MZ" + b"\0" * 58 + struct.pack("<I", 64)
    head = dos + b"PE\0\0" + coff + optional + table
    return head.ljust(RAW_AT, b"\0") + section.ljust(size, b"\0")


def _resource(data: bytes) -> bytes:
    """Resource 1 of kind 16 (version information), in English: three directories of one entry each."""
    deeper = 0x80000000
    entries = ((16, deeper | 24), (1, deeper | 48), (1033, 72))
    head = b"".join(struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, *entry) for entry in entries)
    return head + struct.pack("<IIII", SECTION_AT + 88, len(data), 0, 0) + data


def _version_info(version: str) -> bytes:
    """VS_VERSIONINFO with one table of strings and the list that names it."""
    text = _block("ProductVersion", (version + "\0").encode("utf-16-le"), text=True)
    strings = _block("StringFileInfo", b"", _block("040904b0", b"", text))
    listed = _block("VarFileInfo", b"", _block("Translation", struct.pack("<HH", 0x409, 0x4B0)))
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, *([0] * 11))
    return _block("VS_VERSION_INFO", fixed, strings, listed)


def _block(key: str, value: bytes = b"", *inner: bytes, text: bool = False) -> bytes:
    """A node: its length, that of its value (in characters, where it is text), its kind, key and parts."""
    body = key.encode("utf-16-le") + b"\0\0"
    body += b"\0" * (-(6 + len(body)) % 4) + value
    for one in inner:
        body += b"\0" * (-(6 + len(body)) % 4) + one
    return struct.pack("<HHH", 6 + len(body), len(value) // 2 if text else len(value), int(text)) + body
