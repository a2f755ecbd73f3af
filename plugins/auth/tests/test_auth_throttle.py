"""Failed log-ins: when delays begin, how they grow, that they end."""

from __future__ import annotations

import asyncio

import pytest
from kanade_host_auth.throttle import MAX_REMEMBERED, Allowance, Throttle, network

from kanade_host.plugin import HttpError


class Timer:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def fail(throttle: Throttle, user: str = "vera", address: str = "192.0.2.1") -> None:
    async with throttle.attempt(user, address) as attempt:
        attempt.failed()


async def refused(throttle: Throttle, user: str = "vera", address: str = "192.0.2.1") -> int | None:
    """Seconds of `retry-after`, or None when the attempt is heard."""
    try:
        async with throttle.attempt(user, address):
            return None
    except HttpError as error:
        return int(error.headers["retry-after"]) if error.status == 429 else -1


async def test_six_failures_in_a_minute_are_free_and_then_delays_double() -> None:
    timer = Timer()
    throttle = Throttle(30, timer)
    for _ in range(6):
        assert await refused(throttle) is None
        await fail(throttle)
    delays = []
    for _ in range(7):
        wait = await refused(throttle)
        assert wait is not None
        delays.append(wait)
        timer.now += wait
        await fail(throttle)
    assert delays == [1, 2, 4, 8, 16, 30, 30]


async def test_refused_attempts_do_not_prolong_the_delay() -> None:
    timer = Timer()
    throttle = Throttle(30, timer)
    for _ in range(6):
        await fail(throttle)
    assert [await refused(throttle) for _ in range(20)] == [1] * 20
    timer.now += 1
    assert await refused(throttle) is None


async def test_slow_failures_are_never_delayed() -> None:
    timer = Timer()
    throttle = Throttle(30, timer)
    for _ in range(30):
        assert await refused(throttle) is None
        await fail(throttle)
        timer.now += 13


async def test_quiet_for_a_minute_is_forgiven() -> None:
    timer = Timer()
    throttle = Throttle(30, timer)
    for _ in range(6):
        await fail(throttle)
    timer.now += 200
    for _ in range(6):
        assert await refused(throttle) is None
        await fail(throttle)


async def test_others_are_not_held_up() -> None:
    throttle = Throttle(30, Timer())
    for _ in range(6):
        await fail(throttle)
    assert await refused(throttle) == 1
    assert await refused(throttle, address="192.0.2.2") is None
    assert await refused(throttle, user="otto") is None


async def test_success_forgives() -> None:
    throttle = Throttle(30, Timer())
    for _ in range(5):
        await fail(throttle)
    async with throttle.attempt("vera", "192.0.2.1") as attempt:
        attempt.succeeded()
    for _ in range(6):
        assert await refused(throttle) is None
        await fail(throttle)


async def test_many_at_once_are_no_way_around_it() -> None:
    throttle = Throttle(30, Timer())
    heard = 0

    async def guess() -> None:
        nonlocal heard
        async with throttle.attempt("vera", "192.0.2.1") as attempt:
            heard += 1
            await asyncio.sleep(0)
            attempt.failed()

    await asyncio.gather(*(guess() for _ in range(100)), return_exceptions=True)
    assert heard == 6


async def test_memory_is_bounded() -> None:
    throttle = Throttle(30, Timer())
    for number in range(MAX_REMEMBERED + 50):
        await fail(throttle, user=f"user-{number}")
    assert len(throttle._records) == MAX_REMEMBERED


async def test_who_never_failed_is_not_remembered() -> None:
    throttle = Throttle(30, Timer())
    async with throttle.attempt("vera", "192.0.2.1") as attempt:
        attempt.succeeded()
    assert len(throttle._records) == 0


@pytest.mark.parametrize(
    "address, key",
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_addresses_of_one_host_are_one(address: str, key: str) -> None:
    assert network(address) == key


def test_an_allowance_counts_what_goes_beyond() -> None:
    timer = Timer()
    allowance = Allowance(2, timer)
    assert [allowance.take() for _ in range(4)] == [True, True, False, False]
    assert allowance.beyond == 2
    timer.now += 60
    assert allowance.take() is True


def test_the_key_of_an_attempt_is_bounded() -> None:
    assert len(network("x" * 10_000)) == 256
