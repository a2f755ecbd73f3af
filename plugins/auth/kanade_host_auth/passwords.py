"""Password hashes: argon2id in the PHC form of `contract/http-fleet.md` 3.5.

One hash takes about 20 ms and 19 MiB, so hashing runs on a few threads of its own, never on the event
loop, and no more than `MAX_WAITING` wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from kanade_host.plugin import HttpError

MIN_CHARS = 8
MAX_BYTES = 1024
MAX_WAITING = 64

T = TypeVar("T")

_hasher = PasswordHasher(
    time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)


def too_short(password: str) -> bool:
    """Fewer than eight Unicode scalar values."""
    return len(password) < MIN_CHARS


def too_long(password: str) -> bool:
    """More bytes than anybody types; without a bound, hashing them would be a way to hold us up."""
    return len(password.encode()) > MAX_BYTES


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError, ValueError):
        return False  # also an unparsable stored string: nobody gets in by it


class Passwords:
    """Hashes and verifies, off the loop."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="password")
        self._waiting = 0
        self._dummy: str | None = None

    async def prepare(self) -> None:
        """Make what stands for accounts that do not exist, so that the first such log-in is not slower."""
        self._dummy = await self.hash("no account has this password")

    async def hash(self, password: str) -> str:
        """A new PHC string."""
        return await self._run(lambda: _hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one of the stored string.

        None stands for "there is no such account": it takes as long and answers False, so that
        nobody can tell by the time which names exist.
        """
        if too_long(password):
            stored, password = None, ""
        if stored is None:
            if self._dummy is None:
                await self.prepare()
            dummy = self._dummy or ""
            await self._run(lambda: _matches(dummy, password + "\0"))
            return False
        known = stored
        return await self._run(lambda: _matches(known, password))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise HttpError(429, "too many log-ins at once; try again in a second", {"retry-after": "1"})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
