"""Starting order, unmet requirements, circles, and what the configuration switches off."""

from __future__ import annotations

from kanade_host.loading.find import choose
from kanade_host.loading.order import order
from kanade_host.loading.state import Manifest, PluginState


def state(
    name: str, *, requires: tuple[str, ...] = (), after: tuple[str, ...] = (), foreign: bool = False
) -> PluginState:
    return PluginState(
        Manifest(name, name, f"m_{name}", f"d-{name}", "1", requires=requires, after=after, foreign=foreign)
    )


def names(states: list[PluginState]) -> list[str]:
    return [one.name for one in states]


def test_requirements_and_soft_order_come_first() -> None:
    a, b, c = state("a", requires=("c",)), state("b", after=("a", "absent")), state("c")
    assert names(order([a, b, c])) == ["c", "a", "b"]


def test_plugins_from_outside_come_last() -> None:
    assert names(order([state("aaa", foreign=True), state("zzz")])) == ["zzz", "aaa"]


def test_a_missing_requirement_takes_out_whoever_needs_it_too() -> None:
    a, b, c = state("a", requires=("b",)), state("b", requires=("gone",)), state("c")
    assert names(order([a, b, c])) == ["c"]
    assert b.phase == "failed"
    assert "'gone', which is not installed" in b.reason
    assert a.phase == "failed"
    assert "'b', which is failed" in a.reason


def test_a_circle_is_named_and_the_rest_runs() -> None:
    a, b, c = state("a", requires=("b",)), state("b", requires=("a",)), state("c")
    assert names(order([a, b, c])) == ["c"]
    assert "circle" in a.reason
    assert "circle" in b.reason


def test_disabled_and_only() -> None:
    a, b, c = state("a"), state("b"), state("c")
    warnings = choose([a, b, c], disabled=["b", "typo"], only=["a", "b"])
    assert [one.phase for one in (a, b, c)] == ["found", "disabled", "disabled"]
    assert warnings == ["[plugins] names 'typo', which is not installed"]


def test_requiring_a_disabled_plugin_says_so() -> None:
    a, b = state("a", requires=("b",)), state("b")
    choose([a, b], disabled=["b"], only=None)
    assert order([a, b]) == []
    assert "which is disabled" in a.reason
