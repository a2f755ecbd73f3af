"""A rule: what it asks for, why, how to repair it, and the grade that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kanade_host.authoring.subject import Subject


class Grade(IntEnum):
    """How far a plugin has come. A grade is reached when every rule of it, and of those below, is kept."""

    NONE = 0
    BRONZE = 1
    SILVER = 2
    GOLD = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is not kept. `what` says where and what; waivers are matched against it."""

    rule: str
    what: str


Check = Callable[["Subject"], Iterable[str]]
"""Answers what is wrong, one text for each place; nothing when the rule is kept."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`needs`: `source` (files only), `loaded` (its hooks were called) or `proof` (a host is run)."""

    id: str
    grade: Grade
    title: str
    reason: str
    repair: str
    needs: str
    check: Check


RULES: dict[str, Rule] = {}
"""By id, as the modules of `rules` register them."""


def rule(
    id: str, grade: Grade, title: str, *, reason: str, repair: str, needs: str = "loaded"
) -> Callable[[Check], Check]:
    """Register a check as a rule."""

    def register(check: Check) -> Check:
        assert id not in RULES
        RULES[id] = Rule(id, grade, title, reason, repair, needs, check)
        return check

    return register
