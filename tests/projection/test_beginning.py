"""Beginning, when the broker changes or ends in the middle of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import counting
import pytest

from kanade_host.plugin.errors import BrokerUnavailable
from kanade_host.projection import beginning

FILE = Path(counting.__file__)
pytestmark = [pytest.mark.kanade(files=[FILE]), pytest.mark.timeout(90)]
DURABLE = "backend_obs_events_projector"


async def publish(host: Any, *ids: str) -> None:
    for one in ids:
        await host.publish("obs.pc-1", {"id": one})


async def counted(host: Any) -> dict[str, int]:
    return {row["id"]: row["times"] for row in await host.rows("SELECT id, times FROM counted")}


async def test_a_stream_that_is_made_anew_while_a_reader_begins(host: Any, monkeypatch: Any) -> None:
    """A durable that begins at 21 would wait for the 21st message of the new stream."""
    await publish(host, *(f"m{n}" for n in range(20)))
    await host.settle()
    await host.stop()
    remake, done = beginning.remake_consumer, []

    async def at_the_wrong_moment(bus: Any, stream: str, durable: str, **options: Any) -> None:
        if not done:
            done.append(stream)
            config = (await host.broker.api(f"STREAM.INFO.{stream}"))["config"]
            await host.broker.api(f"STREAM.DELETE.{stream}")
            await host.broker.api(f"STREAM.CREATE.{stream}", json.dumps(config).encode())
        await remake(bus, stream, durable, **options)

    monkeypatch.setattr(beginning, "remake_consumer", at_the_wrong_moment)
    await host.start()
    assert done
    await publish(host, "new")
    await host.settle()
    assert await counted(host) == {**{f"m{n}": 1 for n in range(20)}, "new": 1}


async def test_what_the_durable_of_kanade_backend_says_is_kept_before_it_is_deleted(
    host: Any, monkeypatch: Any
) -> None:
    await host.stop()
    await publish(host, *(f"m{n}" for n in range(20)))
    await host.broker.api(f"CONSUMER.DELETE.OBS_EVENTS.{DURABLE}")
    config = {
        "durable_name": DURABLE,
        "name": DURABLE,
        "ack_policy": "explicit",
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": 13,
        "filter_subject": "obs.>",
    }
    body = json.dumps({"stream_name": "OBS_EVENTS", "config": config}).encode()
    await host.broker.api(f"CONSUMER.CREATE.OBS_EVENTS.{DURABLE}", body)
    monkeypatch.setattr("kanade_host.app.Feeds", _of_a_database_of_kanade_backend())
    remake, done = beginning.remake_consumer, []

    async def deleted_only(bus: Any, stream: str, durable: str, **options: Any) -> None:
        if not done:
            done.append(stream)
            await host.broker.api(f"CONSUMER.DELETE.{stream}.{durable}")
            raise BrokerUnavailable("away at this very moment")
        await remake(bus, stream, durable, **options)

    monkeypatch.setattr(beginning, "remake_consumer", deleted_only)
    await host.start()
    assert done
    await publish(host, "new")
    await host.settle()
    assert await counted(host) == {**{f"m{n}": 1 for n in range(12, 20)}, "new": 1}


def _of_a_database_of_kanade_backend() -> Any:
    from kanade_host.projection.feeds import Feeds

    return lambda **options: Feeds(**{**options, "ours": False})
