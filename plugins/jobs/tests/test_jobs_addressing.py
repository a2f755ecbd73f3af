"""Who a fire reaches (`contract/http-jobs.md` 2.4)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from kanade_host_jobs.addressing import (
    Addressing,
    Fleet,
    address,
    check_names,
    check_specified,
    delays,
)
from kanade_host_jobs.api import FanoutPlan

from kanade_host.plugin import HttpError

GROUPS = {
    "canary": ["pc-1", "pc-2"],
    "ring1": ["pc-2", "pc-3"],
    "empty": [],
    "my group": ["pc-9"],
    "odd": ["a b", "x"],
}


async def known() -> list[str]:
    return ["pc-1", "pc-2", "pc-3"]


async def nobody() -> list[str]:
    return []


async def members(group: str) -> list[str]:
    return GROUPS.get(group, [])


FLEET = Fleet(known, members)


def plan_of(**keys: Any) -> FanoutPlan:
    return msgspec.convert(keys, FanoutPlan)


def waves(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"waves": [{"group": group, "delay": delay} for group, delay in pairs]}


def pcs(*ids: str) -> list[str]:
    return [f"commands.pc.{id}" for id in ids]


@pytest.mark.parametrize(
    "target, subjects, expected",
    [
        ({"pcs": ["b", "a"]}, pcs("b", "a"), ("b", "a")),
        ({"pcs": ["a", "a"]}, pcs("a"), ("a",)),
        ({"groups": ["canary"]}, pcs("pc-1", "pc-2"), ("pc-1", "pc-2")),
        ({"groups": ["ring1", "canary"]}, pcs("pc-2", "pc-3", "pc-1"), ("pc-2", "pc-3", "pc-1")),
        ({"groups": ["canary"], "pcs": ["z", "pc-1"]}, pcs("pc-1", "pc-2", "z"), ("pc-1", "pc-2", "z")),
        ({"groups": ["empty", "unknown"]}, [], ()),
        ({"groups": ["my group"]}, pcs("pc-9"), ("pc-9",)),
        ({"groups": ["odd"]}, pcs("x"), ("x",)),
        ({"all": True}, ["commands.all"], ("pc-1", "pc-2", "pc-3")),
        (
            {"all": True, "groups": ["my group"], "pcs": ["pc-1", "new"]},
            ["commands.all"],
            ("pc-1", "pc-2", "pc-3", "pc-9", "new"),
        ),
    ],
)
async def test_targets(target: dict[str, Any], subjects: list[str], expected: tuple[str, ...]) -> None:
    found = await address(plan_of(target=target), FLEET, upstream=False)
    assert found.subjects == subjects
    assert found.expected == expected
    reached = [pc_id for message in found.messages for pc_id in message.pc_ids]
    assert tuple(reached) == expected


async def test_all_without_a_known_agent_expects_nobody() -> None:
    found = await address(plan_of(target={"all": True}), Fleet(nobody, members), upstream=False)
    assert found.subjects == ["commands.all"]
    assert found.expected == ()


async def test_waves_ignore_the_target_and_a_pc_goes_with_its_first() -> None:
    plan = plan_of(target={"all": True}, rollout=waves(("canary", "0s"), ("ring1", "1h 30m")))
    found = await address(plan, FLEET, upstream=False)
    assert found.subjects == pcs("pc-1", "pc-2", "pc-3")
    assert [message.delay for message in found.messages] == [0, 0, 5400 * 10**9]


async def test_an_empty_list_of_waves_is_no_rollout() -> None:
    plan = plan_of(target={"pcs": ["a"]}, rollout=waves())
    check_specified(plan)
    assert (await address(plan, FLEET, upstream=False)).subjects == pcs("a")


@pytest.mark.parametrize(
    "plan, subjects",
    [
        (
            {"target": {"all": True, "groups": ["g", "g"], "pcs": ["a", "a"]}},
            ["commands.all", "commands.group.g", "commands.group.g", *pcs("a", "a")],
        ),
        (
            {"target": {"all": True}, "rollout": waves(("ring0", "0s"), ("ring1", "1s"))},
            ["commands.group.ring0", "commands.group.ring1"],
        ),
    ],
)
async def test_upstreams_subjects(plan: dict[str, Any], subjects: list[str]) -> None:
    found = await address(plan_of(**plan), Fleet(known, None), upstream=True)
    assert found.subjects == subjects
    assert found.expected == ()


@pytest.mark.parametrize("plan", [{}, {"target": {}}, {"rollout": {"waves": []}}])
def test_a_plan_has_to_name_somebody(plan: dict[str, Any]) -> None:
    with pytest.raises(HttpError, match="target must specify at least one of `all` / `groups` / `pcs` "):
        check_specified(plan_of(**plan))


UNUSABLE = ["", "a b", "a\tb", "a\nb", "*", "a.*", ">", "a.>", ".a", "a.", "a..b", "x" * 2000, "a\u3000b"]


@pytest.mark.parametrize("name", UNUSABLE)
async def test_names_that_can_be_no_subject(name: str) -> None:
    with pytest.raises(HttpError) as raised:
        check_names(plan_of(target={"pcs": ["ok", name]}))
    assert raised.value.status == 400
    assert (raised.value.text or "").startswith("target.pcs[1]: ")
    for plan, where in [
        ({"target": {"groups": ["canary", name]}}, "target.groups[1]: "),
        ({"rollout": waves(("canary", "0s"), (name, "0s"))}, "rollout.waves[1].group: "),
    ]:
        for upstream in (False, True):
            with pytest.raises(HttpError) as raised:
                await address(plan_of(**plan), FLEET, upstream=upstream)
            assert raised.value.status == 400
            assert (raised.value.text or "").startswith(where)


@pytest.mark.parametrize("name", ["PC-LAB.x", "日本", "a/b", "a:b", "007", "-"])
def test_names_that_can_be_a_subject(name: str) -> None:
    check_names(plan_of(target={"pcs": [name]}))


@pytest.mark.parametrize("plan", [{"target": {"groups": ["g"]}}, {"rollout": waves(("g", "0s"))}])
async def test_groups_without_the_fleet_plugin(plan: dict[str, Any]) -> None:
    with pytest.raises(HttpError, match="the fleet plugin is off") as raised:
        await address(plan_of(**plan), Fleet(known, None), upstream=False)
    assert raised.value.status == 503


@pytest.mark.parametrize(
    "plan",
    [
        {"target": {"groups": ["cannary", "canary", "cannary"]}},
        {"target": {"all": True, "groups": ["cannary"]}},
        {"rollout": waves(("canary", "0s"), ("cannary", "1s"))},
    ],
)
async def test_groups_that_nobody_is_in_are_noted(plan: dict[str, Any]) -> None:
    assert (await address(plan_of(**plan), FLEET, upstream=False)).empty == ["cannary"]


async def test_all_and_pcs_do_not_need_the_fleet_plugin() -> None:
    plan = plan_of(target={"all": True, "groups": ["g"]})
    assert (await address(plan, Fleet(known, None), upstream=False)).subjects == ["commands.all"]


def test_delays_are_checked_in_order() -> None:
    with pytest.raises(HttpError, match=r"invalid rollout.waves\[1\].delay: time unit needed"):
        delays(plan_of(rollout=waves(("a", "1s"), ("b", "5"), ("c", "x"))))


def test_nothing_addressed_is_nothing_sent() -> None:
    assert Addressing((), ()).subjects == []
