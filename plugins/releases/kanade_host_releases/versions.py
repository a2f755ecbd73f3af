"""The version that a Windows binary says it has (`contract/wire.md` 5.2, `http-fleet.md` 10.1).

pefile finds the resource. What stands in it is read here, because pefile loses which table belongs to
which entry of the list of translations, and that list decides which table counts.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import pefile  # type: ignore[import-untyped]

VERSION_RESOURCE = 16
NAME_ID = 1
_HEAD = struct.Struct("<HHH")
_PAIR = struct.Struct("<HH")
_TAIL = re.compile(r"[\s\0]+\Z")


def version_of_file(file: IO[bytes]) -> str | None:
    """The version in an open file; None when it is no PE file or has none. Blocks: not for the loop."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        resource = _resource(data)
    return None if resource is None else version_of_resource(resource)


def _resource(data: mmap.mmap) -> bytes | None:
    """VS_VERSIONINFO: type 16, name 1, first language."""
    try:
        image = pefile.PE(data=data, fast_load=True)
        try:
            image.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
            found = _first(image)
        finally:
            image.close()
    except Exception:  # pefile lets all kinds of errors through for files that are no PE files
        return None
    return found


def _first(image: Any) -> bytes | None:
    root = getattr(image, "DIRECTORY_ENTRY_RESOURCE", None)
    kinds = root.entries if root is not None else []
    for kind in (one for one in kinds if one.id == VERSION_RESOURCE):
        for named in (one for one in kind.directory.entries if one.id == NAME_ID):
            for language in named.directory.entries:
                place = language.data.struct
                return bytes(image.get_data(place.OffsetToData, place.Size))
    return None


@dataclass(frozen=True, slots=True)
class _Node:
    """A block of VS_VERSIONINFO: a key, a value and blocks within."""

    key: str
    value: bytes
    inner: bytes


def version_of_resource(resource: bytes) -> str | None:
    """`ProductVersion`, else `FileVersion`, of the first listed translation that has one.

    Only NULs and white space at the end are cut; the result may be empty.
    """
    root = next(_nodes(resource), None)
    if root is None or root.key != "VS_VERSION_INFO":
        return None
    blocks = list(_nodes(root.inner))
    tables = [table for block in blocks if block.key == "StringFileInfo" for table in _nodes(block.inner)]
    for wanted in _translations(blocks):
        for table in (one for one in tables if one.key.lower() == wanted):
            texts = {node.key: _text(node.value) for node in _nodes(table.inner)}
            version = texts.get("ProductVersion") or texts.get("FileVersion")
            if version:
                return _TAIL.sub("", version)
    return None


def _translations(blocks: list[_Node]) -> Iterator[str]:
    """The keys of the tables that count, in order, in lower case."""
    for block in blocks:
        if block.key != "VarFileInfo":
            continue
        for variable in _nodes(block.inner):
            if variable.key == "Translation":
                whole = variable.value[: len(variable.value) // _PAIR.size * _PAIR.size]
                for language, charset in _PAIR.iter_unpack(whole):
                    yield f"{language:04x}{charset:04x}"


def _nodes(data: bytes) -> Iterator[_Node]:
    """The blocks that lie one after the other, each on a multiple of four bytes."""
    at = 0
    while at + _HEAD.size < len(data):
        length, value_length, is_text = _HEAD.unpack_from(data, at)
        if length <= _HEAD.size:
            return
        node = data[at : at + length]
        end = _key_end(node)
        start = _aligned(end + 2)
        # Text counts characters, binary bytes; tools that count the bytes of text only reach the padding.
        stop = start + value_length * (2 if is_text == 1 else 1)
        key = node[_HEAD.size : end].decode("utf-16-le", "replace")
        yield _Node(key, node[start:stop], node[_aligned(stop) :])
        at += _aligned(length)


def _key_end(node: bytes) -> int:
    end = _HEAD.size
    while end + 1 < len(node) and node[end : end + 2] != b"\0\0":
        end += 2
    return end


def _aligned(offset: int) -> int:
    return (offset + 3) // 4 * 4


def _text(value: bytes) -> str:
    """One NUL at the end belongs to the format."""
    return value.decode("utf-16-le", "replace").removesuffix("\0")
