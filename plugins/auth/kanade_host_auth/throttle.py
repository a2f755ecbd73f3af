"""Failed log-ins cost time: from the sixth in a minute on, for each user and address, ever more.

Delays only, and only for the address that failed: nobody can be locked out, the last administrator
neither. Attempts of one user from one address are verified one after the other, so that many at once
are no way around it. Time is the monotonic clock's; memory is bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from kanade_host.plugin import HttpError

WINDOW = 60.0
FREE_FAILURES = 6
MAX_WAITING = 16
MAX_REMEMBERED = 10_000
MAX_NAME = 256


@dataclass(slots=True)
class _Record:
    failures: deque[float] = field(default_factory=deque)
    streak: int = 0
    closed_until: float = 0.0
    waiting: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Attempt:
    """One try with a password. Say `failed()` or `succeeded()`; saying neither counts for nothing."""

    def __init__(self, throttle: Throttle, record: _Record) -> None:
        self._throttle = throttle
        self._record = record

    def failed(self) -> None:
        self._throttle.note_failure(self._record)

    def succeeded(self) -> None:
        self._record.failures.clear()
        self._record.streak = 0


class Throttle:
    """Remembers failures by user and address. `longest` delay in seconds."""

    def __init__(self, longest: float, timer: Callable[[], float] = time.monotonic) -> None:
        self._longest = longest
        self._timer = timer
        self._records: OrderedDict[tuple[str, str], _Record] = OrderedDict()

    @asynccontextmanager
    async def attempt(self, username: str, address: str) -> AsyncIterator[Attempt]:
        """Wait for the turn; raises 429 with `retry-after` while the delay of the last failure runs."""
        key = (username[:MAX_NAME], network(address))
        record = self._records.setdefault(key, _Record())
        self._records.move_to_end(key)
        if record.waiting >= MAX_WAITING:
            raise _too_many(1)
        record.waiting += 1
        try:
            async with record.turn:
                left = record.closed_until - self._timer()
                if left > 0:
                    raise _too_many(math.ceil(left))
                yield Attempt(self, record)
        finally:
            record.waiting -= 1
            self._shrink(key, record)

    def note_failure(self, record: _Record) -> None:
        now = self._timer()
        record.failures.append(now)
        while record.failures[0] <= now - WINDOW or len(record.failures) > FREE_FAILURES:
            record.failures.popleft()
        if len(record.failures) < FREE_FAILURES and now > record.closed_until + WINDOW:
            record.streak = 0
        if len(record.failures) >= FREE_FAILURES or record.streak:
            record.closed_until = now + min(self._longest, 2.0**record.streak)
            record.streak = min(record.streak + 1, 30)

    def _shrink(self, key: tuple[str, str], record: _Record) -> None:
        if not record.failures and not record.waiting:
            self._records.pop(key, None)
        if len(self._records) > MAX_REMEMBERED:
            first = itertools.islice(self._records, MAX_WAITING)
            idle = next((one for one in first if not self._records[one].waiting), None)
            if idle is not None:
                del self._records[idle]


def _too_many(seconds: int) -> HttpError:
    text = f"too many failed log-ins; try again in {seconds} s"
    return HttpError(429, text, {"retry-after": str(seconds)})


def network(address: str) -> str:
    """The address, or for IPv6 its /64: one host commonly has all of that."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:MAX_NAME]
    if parsed.version == 6:
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)


class Allowance:
    """At most `limit` in each window of a minute; what goes beyond is counted."""

    def __init__(self, limit: int, timer: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._timer = timer
        self._ends = 0.0
        self._used = 0
        self.beyond = 0

    def take(self) -> bool:
        now = self._timer()
        if now >= self._ends:
            self._ends, self._used = now + WINDOW, 0
        self._used += 1
        if self._used > self._limit:
            self.beyond += 1
            return False
        return True
