"""Copies of whole buckets, kept by a watch that is made anew whenever it could have missed something."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import nats.errors
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from nats.js.kv import KeyValue

RENEW_SECONDS = 120.0
LOOK_SECONDS = 1.0
PAUSE_SECONDS = 2.0


class Mirror:
    """`values` by key. `on_change` is called after each change, with the key, or None for many."""

    def __init__(self, js: JetStreamContext, bucket: str, on_change: Callable[[str | None], None]) -> None:
        self.bucket = bucket
        self.values: dict[str, bytes] = {}
        self.complete = asyncio.Event()
        self._js = js
        self._on_change = on_change
        self._renew = False

    def renew(self) -> None:
        """The connection was away: a watch of nats-py is blind for seconds after that."""
        self._renew = True

    async def run(self) -> None:
        """Until cancelled; a missing bucket is waited for."""
        while True:
            self._renew = False
            try:
                bucket = await self._js.key_value(self.bucket)
                watcher = await bucket.watchall()
                try:
                    await self._follow(watcher)
                finally:
                    with contextlib.suppress(nats.errors.Error):
                        await watcher.stop()  # type: ignore[no-untyped-call]
            except (nats.errors.Error, JetStreamError, TimeoutError):
                await asyncio.sleep(PAUSE_SECONDS)

    async def _follow(self, watcher: KeyValue.KeyWatcher) -> None:
        """Collect what is there, then each change, until it is time for a new watch."""
        loop = asyncio.get_running_loop()
        end = loop.time() + RENEW_SECONDS
        found: dict[str, bytes] | None = {}
        while not self._renew and loop.time() < end:
            try:
                entry = await watcher.updates(timeout=LOOK_SECONDS)  # type: ignore[no-untyped-call]
            except nats.errors.TimeoutError:
                continue
            if entry is None:
                if found is not None and found != self.values:
                    self.values = found
                    self._on_change(None)
                found = None
                self.complete.set()
                continue
            values = self.values if found is None else found
            if entry.operation in ("DEL", "PURGE"):
                values.pop(entry.key, None)
            else:
                values[entry.key] = entry.value or b""
            if found is None:
                self._on_change(entry.key)
