"""Deleting commands that lie in EXEC for agents that were away, and that nobody is to run any more.

Kill, revoke, expiry and superseding fires leave such commands behind (issue 3, "Firing jobs, decided").
The results plugin remembers which until they are gone, so a crash or a broker that is away only delays
the deletion. The broker finds the next message of a subject quickly, and EXEC holds 32 of each at most,
so each subject is walked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import defaultdict
from typing import Any

import msgspec
from kanade_host_results.api import SERVICE, Executions

from kanade_host.plugin import ApiError, Context, KanadeError, encode

CHUNK = 1_000
AT_ONCE = 16
LOOK_SECONDS = 30.0
RETRY_SECONDS = (0.5, 2.0, 5.0, 15.0)
NOT_FOUND = 404


class _Identified(msgspec.Struct):
    request_id: str


class Undelivered:
    """Deletes them as soon as the broker lets it."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is something to delete now."""
        self._wake.set()

    async def run(self) -> None:
        """The task: as long as the plugin runs."""
        failures = 0
        while True:
            self._wake.clear()
            done, left = await self.delete_some()
            if left:
                await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1
            elif not done:
                failures = 0
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()

    async def delete_some(self) -> tuple[int, int]:
        """Delete one chunk; answers how many commands are dealt with, and how many have to wait."""
        executions: Executions = self._ctx.service(SERVICE)
        pairs = await executions.unwanted(CHUNK)
        wanted: dict[str, set[str]] = defaultdict(set)
        for subject, request_id in pairs:
            wanted[subject].add(request_id)
        gate = asyncio.Semaphore(AT_ONCE)
        results = await asyncio.gather(*(self._subject(gate, *one) for one in wanted.items()))
        done = [request_id for some in results for request_id in some]
        if done:
            await executions.gone(done)
        return len(done), len(pairs) - len(done)

    async def _subject(self, gate: asyncio.Semaphore, subject: str, ids: set[str]) -> list[str]:
        """Delete the commands with those request ids; answers those that are certain to be gone."""
        async with gate:
            try:
                await self._walk(subject, set(ids))
            except KanadeError as error:
                self._ctx.log.warning(
                    "commands that nobody is to run any more stay in EXEC, and are tried again",
                    subject=subject,
                    commands=len(ids),
                    reason=str(error),
                )
                return []
        return list(ids)

    async def _walk(self, subject: str, ids: set[str]) -> None:
        sequence = 0
        while ids:
            found = await self._get({"seq": sequence + 1, "next_by_subj": subject})
            if found is None:
                return
            sequence = int(found["seq"])
            id = _request_id(found.get("data") or "")
            if id in ids:
                await self._delete(sequence)
                ids.discard(id)

    async def _get(self, which: dict[str, Any]) -> dict[str, Any] | None:
        """A message of EXEC, or None where there is none, or no stream."""
        try:
            found: dict[str, Any] = (await self._ctx.bus.api("STREAM.MSG.GET.EXEC", encode(which)))["message"]
        except ApiError as error:
            if error.code == NOT_FOUND:
                return None
            raise
        return found

    async def _delete(self, sequence: int) -> None:
        try:
            await self._ctx.bus.api("STREAM.MSG.DELETE.EXEC", encode({"seq": sequence, "no_erase": True}))
        except ApiError:
            # One code says both that it may not be deleted and that somebody else did so first.
            if await self._get({"seq": sequence}) is not None:
                raise


def _request_id(data: str) -> str | None:
    try:
        return msgspec.json.decode(base64.b64decode(data), type=_Identified).request_id
    except (msgspec.MsgspecError, ValueError):
        return None
