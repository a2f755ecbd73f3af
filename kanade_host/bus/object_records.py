"""The record of an object, in the form of `contract/wire.md` 5.1."""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin.context import ObjectInfo

CHUNK_BYTES = 128 * 1024


class _Options(msgspec.Struct):
    max_chunk_size: int = CHUNK_BYTES
    link: Any = None


class Meta(msgspec.Struct):
    """An object's record, as it stands in the stream; unknown keys are ignored."""

    name: str
    bucket: str = ""
    nuid: str = ""
    size: int = 0
    chunks: int = 0
    mtime: str | None = None
    digest: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    headers: Any = None
    options: _Options | None = None
    deleted: bool = False

    @property
    def info(self) -> ObjectInfo:
        return ObjectInfo(self.name, self.size, self.digest or None, self.mtime or None)

    def encoded(self) -> bytes:
        """In upstream's form: every key, `deleted` on tombstones only."""
        record: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "metadata": self.metadata or {},
            "headers": self.headers,
            "options": {"link": None, "max_chunk_size": CHUNK_BYTES},
            "bucket": self.bucket,
            "nuid": self.nuid,
            "size": self.size,
            "chunks": self.chunks,
            "mtime": self.mtime,
            "digest": self.digest,
        }
        if self.deleted:
            record["deleted"] = True
        return msgspec.json.encode(record)
