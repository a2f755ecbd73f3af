"""The plugin API has a version; what is going is said with plugin, replacement and removal version."""

from __future__ import annotations

import sys
from pathlib import Path

import pluggy
import probes
import pytest

from kanade_host.loading.collect import adopt, manager
from kanade_host.loading.find import find
from kanade_host.loading.plan import make_plan
from kanade_host.loading.state import Manifest, PluginState
from kanade_host.plugin import API_VERSION, Route, hookimpl
from kanade_host.plugin.deprecation import DEPRECATED, Deprecated, going
from kanade_host.plugin.versions import refusal

MAJOR = int(API_VERSION.partition(".")[0])
NEWER = "upgrade kanade-host, or install an older version of the plugin"


@pytest.mark.parametrize(
    "asked,expected",
    [
        (API_VERSION, None),
        (str(MAJOR), None),
        (f"{MAJOR}.99", NEWER),
        (str(MAJOR + 1), NEWER),
        ("0", "no longer offers"),
        ("one", "is no version of the plugin API"),
        ("1.2.3", "is no version of the plugin API"),
        ("", "is no version of the plugin API"),
    ],
)
def test_what_a_plugin_may_ask_for(asked: str, expected: str | None) -> None:
    found = refusal(asked, "0.1.0")
    assert (found is None) == (expected is None)
    assert expected is None or (found is not None and expected in found)


def test_a_plugin_that_asks_for_a_newer_api_is_refused_and_never_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = probes.Probe("probe_later", "raise SystemExit('it was imported')")
    probe.install(tmp_path)
    static = next(tmp_path.rglob("kanade-plugin.toml"))
    static.write_text(static.read_text().replace('api = "1"', 'api = "1.99"'))
    monkeypatch.syspath_prepend(str(tmp_path))
    (state,) = [one for one in make_plan(only=["probe_later"]).states if one.name == "probe_later"]
    assert state.phase == "incompatible"
    assert state.reason.startswith("it asks for plugin API 1.99, and this host (kanade-host ")
    assert NEWER in state.reason
    assert {one.manifest.api for one in find() if one.manifest.distribution.startswith("kanade-host-")} == {
        "1"
    }


@pytest.fixture
def old_route(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if `Endpoint` had been the name of `Route`."""
    monkeypatch.setitem(DEPRECATED, "Endpoint", Deprecated(Route, "kanade_host.plugin.Route", "2.0"))


@pytest.mark.usefixtures("old_route")
def test_a_name_that_is_going_works_and_says_who_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from kanade_host.plugin import Endpoint\nassert Endpoint is Route\n"
    probes.Probe("probe_old", code).install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        (state,) = [one for one in make_plan(only=["probe_old"]).states if one.name == "probe_old"]
    finally:
        for module in [name for name in sys.modules if name.startswith("probe_probe_old")]:
            del sys.modules[module]
    assert state.phase == "checked", state.reason
    (told,) = state.as_json()["deprecations"]
    assert told == (
        "probe_probe_old_pkg.plugin uses kanade_host.plugin.Endpoint, which plugin API 2.0 no longer has:"
        " use kanade_host.plugin.Route"
    )


def test_a_hook_that_is_going_is_said_too() -> None:
    class Old:
        @hookimpl
        def kanade_old(self) -> None: ...

    class OldSpec:
        @pluggy.HookspecMarker("kanade_host")(  # type: ignore[misc]
            warn_on_impl=going("the hook kanade_old", "kanade_routes", "2.0")
        )
        def kanade_old(self) -> None: ...

    plugins = manager()
    plugins.add_hookspecs(OldSpec)
    state = PluginState(Manifest("probe", "probe", "probe", "a file", "0"))
    assert adopt(state, Old(), plugins, {}) is not None
    assert state.deprecations == [
        "a plugin uses the hook kanade_old, which plugin API 2.0 no longer has: use kanade_routes"
    ]


def test_an_unknown_name_is_an_ordinary_mistake() -> None:
    import kanade_host.plugin

    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        kanade_host.plugin.Nonsense  # noqa: B018
