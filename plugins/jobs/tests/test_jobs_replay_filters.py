"""What the agents' durables are narrowed to."""

from __future__ import annotations

import pytest
from kanade_host_jobs.replay_filters import durable_of, wanted_filters


@pytest.mark.parametrize(
    "pc_id, name",
    [
        ("pc-1", "agent_replay_pc-1"),
        ("PC.1", "agent_replay_PC_1"),
        ("PC_1", "agent_replay_PC_1"),
        ("日本 x", "agent_replay____x"),
    ],
)
def test_names(pc_id: str, name: str) -> None:
    assert durable_of(pc_id) == name


def test_a_pc_gets_its_own_subject_and_its_groups() -> None:
    assert wanted_filters(["pc-1"], {"pc-1": ["b", "a", "my group"]}) == {
        "agent_replay_pc-1": ("commands.all", "commands.group.a", "commands.group.b", "commands.pc.pc-1")
    }


def test_pcs_that_share_a_durable_share_their_subjects() -> None:
    assert wanted_filters(["PC.1", "PC_1"], {"PC_1": ["g"]}) == {
        "agent_replay_PC_1": ("commands.all", "commands.group.g", "commands.pc.PC.1", "commands.pc.PC_1")
    }


def test_who_can_be_no_subject_keeps_what_the_agent_made() -> None:
    assert wanted_filters(["*", "_", "a b", "pc-1"], {}) == {
        "agent_replay_pc-1": ("commands.all", "commands.pc.pc-1")
    }


def test_who_is_in_too_many_groups_keeps_what_the_agent_made() -> None:
    assert wanted_filters(["pc-1", "pc-2"], {"pc-1": [f"g{i}" for i in range(3_000)]}) == {
        "agent_replay_pc-2": ("commands.all", "commands.pc.pc-2")
    }
