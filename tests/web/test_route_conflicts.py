"""Routes that clash, or hide one another, as data for the report of the loader."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kanade_host.plugin import Permission, PluginError, Role, Route
from kanade_host.web.endpoint import checked
from kanade_host.web.matching import Table, conflicts, shadows

V = Permission("c.view", Role.VIEWER)


async def handler(_: Any) -> None:
    return None


def route(method: str, path: str, **options: Any) -> Route:
    return Route(method, path, handler, V, "x", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "first, second, clash, shadow",
    [
        (("GET", "/api/a"), ("GET", "/api/a"), True, False),
        (("GET", "/api/a"), ("POST", "/api/a"), False, False),
        (("GET", "/api/{x}"), ("GET", "/api/{y}"), True, False),
        (("GET", "/api/{x}/b"), ("GET", "/api/{y}/c"), False, False),
        (("GET", "/api/a"), ("GET", "/api/{y}"), False, True),
        (("POST", "/api/a"), ("GET", "/api/{y}"), False, False),
        (("GET", "/api/a/{x}"), ("GET", "/api/{y}/{z}"), False, True),
        (("GET", "/api/a/{x}"), ("GET", "/api/{y}/b"), False, False),
        (("GET", "/api/a"), ("GET", "/api/a/"), False, False),
    ],
)
def test_pairs(first: tuple[str, str], second: tuple[str, str], clash: bool, shadow: bool) -> None:
    one, two = ("shop", route(*first)), ("store", route(*second))
    assert conflicts([one, two]) == ([(one, two)] if clash else [])
    assert shadows([one, two]) == ([(one, two)] if shadow else [])


def test_each_clash_names_the_first_owner() -> None:
    owned = [(name, route("GET", "/api/a")) for name in ("one", "two", "three")]
    assert [(a[0], b[0]) for a, b in conflicts(owned)] == [("one", "two"), ("one", "three")]


@pytest.mark.parametrize("path", ["api/a", "/api/{}", "/api/{a b}", "/api/{a}/{a}", "/api/x{a}", "/api/{a"])
def test_patterns_that_are_none(path: str) -> None:
    with pytest.raises(PluginError):
        checked(route("GET", path))


class Bad(msgspec.Struct):
    where: dict[str, int]


@pytest.mark.parametrize("options", [{"query": Bad}, {"body": "json"}, {"query": int}])
def test_routes_that_cannot_be_compiled(options: dict[str, Any]) -> None:
    with pytest.raises(PluginError):
        checked(route("POST", "/api/a", **options))


def test_a_walk_steps_back_where_the_fixed_branch_ends() -> None:
    table: Table[str] = Table()
    for path in ("/a/b/c", "/a/{x}/d", "/{y}/b/e", "/{y}/{z}/{w}"):
        table.add("GET", path, path)
    found = {
        path: table.find(path) for path in ("/a/b/c", "/a/b/d", "/a/b/e", "/a/b/f", "/a//d", "a/b/c", "/")
    }
    shown = {path: (hit[0].methods["GET"], hit[1]) if hit else None for path, hit in found.items()}
    assert shown == {
        "/a/b/c": ("/a/b/c", ()),
        "/a/b/d": ("/a/{x}/d", ("b",)),
        "/a/b/e": ("/{y}/b/e", ("a",)),
        "/a/b/f": ("/{y}/{z}/{w}", ("a", "b", "f")),
        "/a//d": None,
        "a/b/c": None,
        "/": None,
    }


async def test_a_bad_route_does_not_stand_in_the_way_of_the_others(site: Any) -> None:
    bad = [route("GET", "/api/{"), route("GET", "/api/bad", query=Bad), route("GET", "no/slash")]
    assert conflicts([("shop", one) for one in bad]) == []
    assert shadows([("shop", one) for one in bad]) == []
    site.serve([*bad, route("GET", "/api/good")])
    assert (await site.get("/api/good")).status == 204
    assert (await site.get("/api/bad")).status == 404
    assert (await site.get("/api/openapi.json")).status == 200
