"""Password hashes: the stored form, foreign parameters, and what is no hash at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from kanade_host_auth.passwords import MAX_WAITING, Passwords, too_long, too_short

from kanade_host.plugin import HttpError

FORM = r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(2)
    yield made
    made.close()


async def test_the_stored_form_is_the_contract_s(passwords: Passwords) -> None:
    stored = await passwords.hash("pässword ")
    assert re.fullmatch(FORM, stored)
    assert await passwords.verify(stored, "pässword ")
    assert not await passwords.verify(stored, "pässword")
    assert stored != await passwords.hash("pässword ")


async def test_parameters_are_those_of_the_stored_string(passwords: Passwords) -> None:
    stored = PasswordHasher(time_cost=1, memory_cost=64, parallelism=2).hash("other settings")
    assert await passwords.verify(stored, "other settings")


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$m=1$x", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_an_unparsable_string_lets_nobody_in(passwords: Passwords, stored: str) -> None:
    assert not await passwords.verify(stored, stored)


async def test_no_account_is_hashed_all_the_same_and_false(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "no account has this password")
    assert not await passwords.verify(await passwords.hash("x" * 1025), "x" * 1025)


async def test_only_so_many_wait(passwords: Passwords) -> None:
    stored = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("quick")
    answers = await asyncio.gather(
        *(passwords.verify(stored, "quick") for _ in range(MAX_WAITING + 5)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, HttpError)]
    assert len(refused) == 5
    assert refused[0].status == 429
    assert answers.count(True) == MAX_WAITING


@pytest.mark.parametrize(
    "password, short, long",
    [
        ("", True, False),
        ("1234567", True, False),
        ("12345678", False, False),
        ("ääääääää", False, False),
        ("\U0001f600" * 7, True, False),
        ("x" * 1024, False, False),
        ("x" * 1025, False, True),
        ("ü" * 513, False, True),
    ],
)
def test_lengths(password: str, short: bool, long: bool) -> None:
    assert (too_short(password), too_long(password)) == (short, long)
