"""All layers together (wire.md 9, http-fleet.md 7.3)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from kanade_host_fleet.effective import resolve
from kanade_host_fleet.messages import ConfigScope, EffectiveConfig

from kanade_host.plugin import Instant

AT = Instant.parse("2026-11-23T10:00:00Z")
NONE = ConfigScope()
BUILT_IN = {
    "target_version": None,
    "target_version_jitter": "0s",
    "heartbeat_interval": "30s",
    "host_perf_interval": "60s",
    "process_perf_enabled": False,
    "process_perf_expires_at": None,
    "process_perf_top_n": 20,
}


def conflict(key: str, names: str, last: str) -> str:
    return f"multi-group conflict on `{key}` — set by [{names}]; alphabetical last wins (=> {last})"


@pytest.mark.parametrize(
    ("everywhere", "groups", "own", "changed", "warnings"),
    [
        (NONE, [], NONE, {}, []),
        (ConfigScope(heartbeat_interval="45s"), [], NONE, {"heartbeat_interval": "45s"}, []),
        (
            ConfigScope(heartbeat_interval="45s", process_perf_top_n=3),
            [("a", ConfigScope(heartbeat_interval="1m"))],
            ConfigScope(process_perf_top_n=4),
            {"heartbeat_interval": "1m", "process_perf_top_n": 4},
            [],
        ),
        (
            NONE,
            [
                ("canary", ConfigScope(heartbeat_interval="5s")),
                ("wave1", ConfigScope(heartbeat_interval="6s")),
            ],
            NONE,
            {"heartbeat_interval": "6s"},
            [conflict("heartbeat_interval", "canary, wave1", "wave1")],
        ),
        (  # equal values and an override by the PC still warn; keys in ascending order
            NONE,
            [
                ("a", ConfigScope(target_version="1", host_perf_interval="1s")),
                ("b", ConfigScope(target_version="1")),
                ("c", ConfigScope(target_version="1", host_perf_interval="2s")),
            ],
            ConfigScope(target_version="9"),
            {"target_version": "9", "host_perf_interval": "2s"},
            [conflict("host_perf_interval", "a, c", "c"), conflict("target_version", "a, b, c", "c")],
        ),
        (
            ConfigScope(process_perf_enabled=True, process_perf_expires_at=AT),
            [("a", ConfigScope(process_perf_enabled=False))],
            ConfigScope(process_perf_top_n=0),
            {"process_perf_enabled": False, "process_perf_expires_at": AT, "process_perf_top_n": 0},
            [],
        ),
    ],
)
def test_the_later_layer_wins(
    everywhere: ConfigScope,
    groups: list[tuple[str, ConfigScope]],
    own: ConfigScope,
    changed: dict[str, Any],
    warnings: list[str],
) -> None:
    effective, found = resolve(everywhere, groups, own)
    assert msgspec.structs.asdict(effective) == msgspec.structs.asdict(EffectiveConfig()) | changed
    assert found == warnings


@pytest.mark.kanade(plugins=["fleet"])
class TestOverHttp:
    async def effective(self, host: Any, pc_id: str = "pc-01") -> Any:
        answer = await host.get(f"/api/agents/{pc_id}/effective_config", role="viewer")
        assert answer.status == 200
        return answer.json()

    async def test_a_pc_that_nobody_knows(self, host: Any) -> None:
        assert await self.effective(host, "nobody") == {
            "pc_id": "nobody",
            "effective": BUILT_IN,
            "warnings": [],
        }

    async def test_every_layer(self, host: Any) -> None:
        await host.put("/api/config", json={"heartbeat_interval": "45s"})
        await host.put("/api/groups/wave1/config", json={"heartbeat_interval": "6s"})
        await host.put("/api/groups/canary/config", json={"heartbeat_interval": "5s"})
        await host.put("/api/groups/other/config", json={"heartbeat_interval": "1s"})
        await host.put("/api/agents/PC_1/groups", json={"groups": ["wave1", "no-scope", "canary"]})
        found = await self.effective(host, "PC_1")
        assert found["effective"] == BUILT_IN | {"heartbeat_interval": "6s"}
        assert found["warnings"] == [conflict("heartbeat_interval", "canary, wave1", "wave1")]
        await host.put("/api/pcs/PC_1/config", json={"heartbeat_interval": "7s"})
        assert (await self.effective(host, "PC_1"))["effective"]["heartbeat_interval"] == "7s"
        await host.delete("/api/pcs/PC_1/config")
        await host.delete("/api/groups/wave1/config")
        found = await self.effective(host, "PC_1")
        assert (found["effective"]["heartbeat_interval"], found["warnings"]) == ("5s", [])

    async def test_what_does_not_decode_is_ignored_and_named(self, host: Any) -> None:
        config, rows = await host.kv("agent_config"), await host.kv("agent_groups")
        await config.put("groups.bad", b"[")
        await config.put("groups.good", b'{"process_perf_top_n":5}')
        await config.put("target_version", b"0.40.0")  # a key of old versions: raw text
        await rows.put("pc-01", b'{"groups":["good","bad"]}')
        found = await self.effective(host)
        assert found["effective"] == BUILT_IN | {"process_perf_top_n": 5}
        assert len(found["warnings"]) == 1
        assert found["warnings"][0].startswith("scope `groups.bad` is ignored: it does not decode: ")
        await rows.put("pc-01", b"[]")
        found = await self.effective(host)
        assert found["effective"] == BUILT_IN
        assert found["warnings"][0].startswith("the groups of `pc-01` are ignored: ")

    @pytest.mark.parametrize("key", ["global", "pcs.pc-01"])
    async def test_a_broken_global_or_own_scope_is_an_error(self, host: Any, key: str) -> None:
        await (await host.kv("agent_config")).put(key, b"{")
        answer = await host.get("/api/agents/pc-01/effective_config")
        assert answer.status == 500
        assert answer.text.startswith(
            f"decode ConfigScope at {key}: EOF while parsing an object at line 1 column 1"
        )
