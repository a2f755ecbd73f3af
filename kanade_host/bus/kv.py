"""Key-value buckets on plain streams: `contract/wire.md` 4.

nats-py's own key-value layer makes buckets that upstream cannot use any more, and lists in as many round
trips as there are keys; hence reads by direct get, writes by publish, and one pass for all values.
"""

from __future__ import annotations

import asyncio
import base64
import random
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from nats.aio.msg import Msg

from kanade_host.bus.jetstream import MESSAGE_NOT_FOUND, NOT_FOUND, STREAM_NOT_FOUND
from kanade_host.bus.pull import Fetched
from kanade_host.bus.walk import walk
from kanade_host.plugin.context import Entry
from kanade_host.plugin.errors import (
    ApiError,
    BrokerUnavailable,
    InvalidKey,
    NoResponders,
    ResourceMissing,
    RevisionConflict,
)
from kanade_host.plugin.instants import Instant

if TYPE_CHECKING:
    from kanade_host.bus.bus import NatsBus

KEY = re.compile(r"[-/_=.a-zA-Z0-9]+", re.ASCII)
BAD_KEY = "key cannot be empty or start/end with `.`"
LOOKUP = "failed to get the bucket"
TIMED_OUT = "request error: timed out: request timed out: deadline has elapsed"
KEY_BYTES = 1_024
"""A key is part of several subjects; those have to fit into a line of the broker's protocol."""
WRONG_LAST_SEQUENCE = 10071
REVISIONS = 12
OPERATION = "KV-Operation"
EXPECTED = "Nats-Expected-Last-Subject-Sequence"


def check_key(key: str) -> None:
    """Raises `InvalidKey`, with the one text that upstream has for any bad key (wire.md 1.2)."""
    if len(key) > KEY_BYTES or not KEY.fullmatch(key) or key[0] == "." or key[-1] == ".":
        raise InvalidKey(BAD_KEY)


def is_marker(headers: dict[str, str] | None) -> bool:
    """Whether a message says that its key is gone: deleted, purged, or aged out by the broker."""
    if not headers:
        return False
    return headers.get(OPERATION) in ("DEL", "PURGE") or "Nats-Marker-Reason" in headers


def entry_of(fetched: Fetched, prefix: int) -> Entry:
    """The entry in a delivered message; `prefix` is the length of `$KV.<bucket>.`."""
    value = None if is_marker(fetched.headers) else fetched.data
    return Entry(fetched.subject[prefix:], value, fetched.sequence, Instant.from_ns(fetched.time_ns))


class Bucket:
    """Implements `KeyValue`. Costs nothing to make; holds nothing between calls."""

    def __init__(self, bus: NatsBus, name: str) -> None:
        self.name, self.stream = name, f"KV_{name}"
        self._bus, self._prefix = bus, f"$KV.{name}."

    # -- reading -----------------------------------------------------------------------------

    async def get(self, key: str) -> Entry | None:
        entry = await self.last(key)
        return None if entry is None or entry.value is None else entry

    async def last(self, key: str) -> Entry | None:
        """The last write of a key, which may be a deletion marker (value None); None = never written."""
        check_key(key)
        try:
            answer = await self._bus.call(f"$JS.API.DIRECT.GET.{self.stream}.{self._prefix}{key}")
        except NoResponders:
            return await self._last_indirect(key)
        except BrokerUnavailable as error:
            raise self._away() from error
        return _direct(key, answer)

    async def _last_indirect(self, key: str) -> Entry | None:
        """For a bucket that somebody made without direct get, and for one that is missing."""
        body = msgspec.json.encode({"last_by_subj": self._prefix + key})
        try:
            message = (await self._bus.api(f"STREAM.MSG.GET.{self.stream}", body))["message"]
        except ApiError as error:
            if error.err_code == MESSAGE_NOT_FOUND:
                return None
            raise self._refused(error) from None
        except BrokerUnavailable as error:
            raise self._away() from error
        headers = base64.b64decode(message.get("hdrs", "")).decode(errors="replace")
        gone = any(f"{OPERATION}: {word}" in headers for word in ("DEL", "PURGE"))
        value = None if gone else base64.b64decode(message.get("data", ""))
        return Entry(key, value, message["seq"], Instant.parse(message["time"]))

    async def entries(self) -> list[Entry]:
        try:
            found = await walk(self._bus, self.stream, f"{self._prefix}>", last_per_subject=True)
        except ApiError as error:
            raise self._refused(error) from None
        except BrokerUnavailable as error:
            raise self._away() from error
        newest = {entry.key: entry for entry in (entry_of(one, len(self._prefix)) for one in found)}
        present = [entry for entry in newest.values() if entry.value is not None]
        return sorted(present, key=lambda entry: entry.revision)

    async def history(self, key: str) -> list[Entry]:
        check_key(key)
        try:
            found = await walk(self._bus, self.stream, self._prefix + key, last_per_subject=False)
        except ApiError as error:
            raise self._refused(error) from None
        except BrokerUnavailable as error:
            raise self._away() from error
        return [entry_of(one, len(self._prefix)) for one in found]

    # -- writing -----------------------------------------------------------------------------

    async def put(self, key: str, value: bytes) -> int:
        return await self._write(key, value, {})

    async def update(self, key: str, value: bytes, revision: int) -> int:
        return await self._write(key, value, {EXPECTED: str(revision)})

    async def delete(self, key: str, revision: int | None = None) -> None:
        headers = {OPERATION: "DEL"}
        if revision is not None:
            headers[EXPECTED] = str(revision)
        await self._write(key, b"", headers)

    async def revise(self, key: str, change: Callable[[bytes | None], bytes | None]) -> bytes | None:
        for attempt in range(REVISIONS):
            entry = await self.last(key)
            value = entry.value if entry is not None else None
            wanted = change(value)
            if wanted is None or wanted == value:
                return value
            try:
                await self.update(key, wanted, entry.revision if entry is not None else 0)
            except RevisionConflict:
                await asyncio.sleep(random.uniform(0, 0.002 * 2 ** min(attempt, 6)))
            else:
                return wanted
        raise RevisionConflict(
            f"bucket {self.name}: key {key} was changed by others during each of {REVISIONS} attempts"
        )

    async def _write(self, key: str, value: bytes, headers: dict[str, str]) -> int:
        check_key(key)
        try:
            ack = await self._bus.publish_acknowledged(self._prefix + key, value, headers or None)
        except ApiError as error:
            if error.err_code == WRONG_LAST_SEQUENCE:
                raise RevisionConflict(f"bucket {self.name}: key {key}: {error.description}") from None
            raise
        except ResourceMissing:
            raise self._missing() from None
        except BrokerUnavailable as error:
            raise self._away() from error
        return ack.sequence

    # -- errors ------------------------------------------------------------------------------

    def _refused(self, error: ApiError) -> Exception:
        return self._missing() if error.err_code == STREAM_NOT_FOUND else error

    @staticmethod
    def _missing() -> ResourceMissing:
        error = ApiError(NOT_FOUND, STREAM_NOT_FOUND, "stream not found")
        return ResourceMissing(f"{LOOKUP}: jetstream error: {error}")

    @staticmethod
    def _away() -> BrokerUnavailable:
        """The text that clients know (http-fleet.md 7.2); the cause says what really happened."""
        return BrokerUnavailable(f"{LOOKUP}: {TIMED_OUT}")


def _direct(key: str, answer: Msg) -> Entry | None:
    headers = answer.headers or {}
    if headers.get("Status") == "404":
        return None
    if "Nats-Sequence" not in headers:
        raise ApiError(int(headers.get("Status", 0)), 0, headers.get("Description", "no direct answer"))
    value = None if is_marker(headers) else answer.data
    return Entry(key, value, int(headers["Nats-Sequence"]), Instant.parse(headers["Nats-Time-Stamp"]))
