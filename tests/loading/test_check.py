"""Conflicts between plugins, as data: who keeps what, and what the report says."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from kanade_host.loading.check import check
from kanade_host.loading.collect import Loaded
from kanade_host.loading.state import Manifest, PluginState
from kanade_host.plugin import Bucket, Page, Permission, Projection, Role, Route, Stream

READ = Permission("area.read", Role.VIEWER)


class Anything(msgspec.Struct):
    """A message."""


async def handler(request: Any) -> None:
    """Answers nothing."""


def plugin(name: str, *, foreign: bool = False, **collected: Any) -> Loaded:
    manifest = Manifest(name, name, name, f"d-{name}", "1", foreign=foreign)
    loaded = Loaded(PluginState(manifest), ModuleType(name))
    for kind, found in collected.items():
        setattr(loaded, kind, found)
    return loaded


def route(path: str, method: Any = "GET", permission: Permission | None = READ) -> Route:
    return Route(method, path, handler, permission, "summary")


def projection(name: str, durable: str) -> Projection:
    return Projection(name, stream="RESULTS", durable=durable, message=Anything, apply=lambda tx, batch: None)


def reasons(*plugins: Loaded, host: tuple[Route, ...] = ()) -> dict[str, str]:
    return {one.plugin: f"{one.owner}: {one.reason}" for one in check(plugins, host)}


def test_the_first_keeps_what_two_claim() -> None:
    first, second = (plugin(name, routes=[route("/api/x/{id}")]) for name in ("a", "b"))
    second.routes = [route("/api/x/{other}", permission=None)]
    assert reasons(first, second) == {
        "b": "a: route GET /api/x/{other} clashes with GET /api/x/{id} of 'a'",
    }


def test_other_methods_and_fixed_segments_do_not_clash() -> None:
    first = plugin("a", routes=[route("/api/x/{id}")])
    second = plugin("b", routes=[route("/api/x/{id}", "PUT", None), route("/api/x/fixed", permission=None)])
    assert reasons(first, second) == {}


def test_the_host_keeps_its_own() -> None:
    assert "'host'" in reasons(plugin("a", routes=[route("/api/live")]), host=(route("/api/live"),))["a"]


def test_names_durables_pages_and_permissions() -> None:
    first = plugin(
        "a",
        subscriptions=[projection("a.one", "d1")],
        pages=[Page("p", {"en": "P"})],
        routes=[route("/api/a")],
    )
    claims = {
        "same projection": plugin("b", subscriptions=[projection("a.one", "d2")]),
        "same durable": plugin("b", subscriptions=[projection("b.one", "d1")]),
        "same page": plugin("b", pages=[Page("p", {"en": "P"})]),
        "same permission": plugin("b", routes=[route("/api/b")]),
    }
    for what, second in claims.items():
        assert set(reasons(first, second)) == {"b"}, what
        assert reasons(first, second)["b"].startswith("a: "), what


def test_one_permission_has_one_role() -> None:
    other = Permission("area.read", Role.ADMIN)
    found = reasons(plugin("a", routes=[route("/api/a"), route("/api/b", permission=other)]))
    assert "two different roles" in found["a"]


def test_a_plugin_from_outside_stays_under_its_name() -> None:
    own = Permission("ext.read", Role.VIEWER)
    well = plugin("ext", foreign=True, routes=[route("/api/ext/x", permission=own)])
    assert reasons(well) == {}
    for bad in (
        {"routes": [route("/api/other", permission=own)]},
        {"routes": [route("/api/external", permission=own)]},
        {"routes": [route("/api/ext/x")]},
        {"subscriptions": [projection("ext.x", "backend_results_projector")]},
        {"subscriptions": [projection("results.x", "ext_x")]},
        {"subscriptions": [projection("ext.x", "extended")]},
        {"pages": [Page("other", {"en": "O"})]},
        {"pages": [Page("extra.page", {"en": "E"})]},
        {"resources": [Bucket("anything")]},
        {"resources": [Stream("ANY", ("any.>",))]},
    ):
        assert set(reasons(plugin("ext", foreign=True, **bad))) == {"ext"}, bad


def test_a_route_that_cannot_be_served_is_named_and_hides_nobody_else() -> None:
    found = reasons(plugin("a", routes=[route("no-slash")]), plugin("b", routes=[route("/api/b")]))
    assert set(found) == {"a"}
    assert "no-slash" in found["a"]


def test_a_page_needs_a_permission_that_somebody_asks_for() -> None:
    page = Page("p", {"en": "P"}, permission="area.read")
    assert "area.read" in reasons(plugin("a", pages=[page]))["a"]
    assert reasons(plugin("a", pages=[page], routes=[route("/api/a")])) == {}
    assert check([plugin("a", pages=[page])], [route("/api/host")]) == []  # a permission of the host's


def test_two_plugins_cannot_both_have_the_site(tmp_path: Path) -> None:
    found = reasons(plugin("a", site=tmp_path), plugin("b", site=tmp_path))
    assert set(found) == {"b"}


def test_a_projection_comes_after_one_of_its_stream_and_never_after_itself() -> None:
    ours = projection("a.first", "d-a")
    other = after("b.second", "a.first", "EVENTS")
    chain = [after("c.one", "c.two"), after("c.two", "c.one")]
    sound = after("d.third", "a.first")
    absent = after("e.fourth", "not.there")
    found = check(
        [
            plugin("a", subscriptions=[ours]),
            plugin("b", subscriptions=[other]),
            plugin("c", subscriptions=chain),
            plugin("d", subscriptions=[sound]),
            plugin("e", subscriptions=[absent]),
        ]
    )
    assert [(one.plugin, one.owner) for one in found] == [("b", "a"), ("c", "c")]
    assert "reads EVENTS" in found[0].reason
    assert "after itself" in found[1].reason


def after(name: str, ahead: str, stream: str = "RESULTS") -> Projection:
    return Projection(
        name, stream=stream, durable=f"d-{name}", message=Anything, apply=lambda tx, batch: None, after=ahead
    )
