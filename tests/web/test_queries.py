"""Query strings, as the contract reads them (http-fleet.md 2.4, http-jobs.md 1.2)."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from kanade_host.plugin import I64, U32, U64, HttpError, Instant, PluginError
from kanade_host.web.query import QueryReader, grouped

PREFIX = "Failed to deserialize query string: "


class Shell(Enum):
    POWERSHELL = "powershell"
    CMD = "cmd"
    BASH = "bash"


class Query(msgspec.Struct, frozen=True):
    limit: U32 = 50
    offset: I64 | None = None
    big: U64 | None = None
    page: Annotated[int, msgspec.Meta(ge=1, le=9)] | None = None
    actor: str | None = None
    since: Instant | None = None
    all: bool = False
    order: Literal["asc", "desc"] | None = None
    shell: Shell | None = None
    tag: list[str] = []
    job: str | None = msgspec.field(default=None, name="job_id")


READER = QueryReader(Query)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", {}),
        ("unknown=1&unknown=2", {}),
        ("limit=%2B5", {"limit": 5}),
        ("limit=05", {"limit": 5}),
        ("limit=4294967295", {"limit": 4294967295}),
        ("offset=-9223372036854775808", {"offset": -(2**63)}),
        ("big=18446744073709551615", {"big": 2**64 - 1}),
        ("actor=", {"actor": ""}),
        ("actor", {"actor": ""}),
        ("actor=a+b%20c%2B", {"actor": "a b c+"}),
        ("actor=%FF", {"actor": "\ufffd"}),
        ("actor=a=b", {"actor": "a=b"}),
        ("&&actor=x&", {"actor": "x"}),
        ("all=true", {"all": True}),
        ("order=desc", {"order": "desc"}),
        ("shell=cmd", {"shell": Shell.CMD}),
        ("tag=a&tag=b", {"tag": ["a", "b"]}),
        ("job_id=x", {"job": "x"}),
        ("job=x", {}),
        ("since=2026-11-23T10:00:00Z", {"since": Instant("2026-11-23T10:00:00+00:00")}),
        ("since=2026-11-23%2010:00:00%2B01:00", {"since": Instant("2026-11-23T09:00:00+00:00")}),
    ],
)
def test_read(text: str, expected: dict[str, Any]) -> None:
    assert READER.read(text) == Query(**expected)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("limit=abc", "limit: invalid digit found in string"),
        ("limit=-1", "limit: invalid digit found in string"),
        ("limit=5.0", "limit: invalid digit found in string"),
        ("limit=%205", "limit: invalid digit found in string"),
        ("limit=+5", "limit: invalid digit found in string"),
        ("limit=%2B", "limit: invalid digit found in string"),
        ("limit=%D9%A5", "limit: invalid digit found in string"),
        ("limit=1_000", "limit: invalid digit found in string"),
        ("limit=", "limit: cannot parse integer from empty string"),
        ("limit", "limit: cannot parse integer from empty string"),
        ("limit=4294967296", "limit: number too large to fit in target type"),
        ("limit=99999999999x", "limit: number too large to fit in target type"),
        ("limit=" + "9" * 5000, "limit: number too large to fit in target type"),
        ("offset=-", "offset: invalid digit found in string"),
        ("offset=-9223372036854775809", "offset: number too small to fit in target type"),
        ("big=-1", "big: invalid digit found in string"),
        ("page=10", "page: number too large to fit in target type"),
        ("all=1", "all: provided string was not `true` or `false`"),
        ("all=", "all: provided string was not `true` or `false`"),
        ("order=up", "order: unknown variant `up`, expected `asc` or `desc`"),
        ("shell=zsh", "shell: unknown variant `zsh`, expected one of `powershell`, `cmd`, `bash`"),
        ("limit=1&limit=2", "duplicate field `limit`"),
        ("job_id=1&job_id=2", "duplicate field `job_id`"),
        ("limit=x&all=x", "limit: invalid digit found in string"),
        ("since=", "since: premature end of input"),
        ("since=2026-05-20", "since: premature end of input"),
        ("since=nonsense", "since: input contains invalid characters"),
        ("since=2026-13-01T00:00:00Z", "since: input is out of range"),
        ("since=2026-11-23T10:00:00+01:00", None),
    ],
)
def test_refuse(text: str, reason: str | None) -> None:
    with pytest.raises(HttpError) as caught:
        READER.read(text)
    assert caught.value.status == 400
    if reason is not None:
        assert caught.value.text == PREFIX + reason


def test_required_keys_are_missed() -> None:
    class Needs(msgspec.Struct):
        name: str

    with pytest.raises(HttpError) as caught:
        QueryReader(Needs).read("other=1")
    assert caught.value.text == PREFIX + "missing field `name`"


def test_types_that_no_query_holds_are_the_authors_fault() -> None:
    class Bad(msgspec.Struct):
        where: dict[str, int]

    with pytest.raises(PluginError, match=r"Bad\.where"):
        QueryReader(Bad)


def test_without_a_type_every_value_of_every_key() -> None:
    assert grouped("a=1&b=%2B&a=2&c") == {"a": ["1", "2"], "b": ["+"], "c": [""]}


class Gathering(msgspec.Struct, frozen=True):
    limit: U32 = 50
    more: dict[str, list[str]] = {}


def test_a_field_may_gather_the_unknown_keys() -> None:
    reader = QueryReader(Gathering)
    assert reader.read("attribute.a=1&limit=3&b=2&attribute.a=%20") == Gathering(
        3, {"attribute.a": ["1", " "], "b": ["2"]}
    )
    assert reader.read("") == Gathering()
