"""Messages of a real broker become rows of a real file: once, in order, whatever happens between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import counting
import pytest

FILE = Path(counting.__file__)
pytestmark = [pytest.mark.kanade(files=[FILE]), pytest.mark.timeout(90)]


async def publish(host: Any, *ids: str, **fields: Any) -> None:
    for one in ids:
        await host.publish("obs.pc-1", {"id": one, **fields})


def names(start: int, stop: int) -> list[str]:
    return [f"m{number:04d}" for number in range(start, stop)]


async def counted(host: Any) -> dict[str, int]:
    return {row["id"]: row["times"] for row in await host.rows("SELECT id, times FROM counted")}


async def project(host: Any) -> Any:
    rows = (await host.get("/api/projections")).json()["projections"]
    return next(row for row in rows if row["name"] == "counting.counted")


async def test_every_message_becomes_one_row_and_a_restart_adds_nothing(host: Any) -> None:
    await publish(host, *names(0, 100))
    await host.settle()
    await host.restart()
    await publish(host, *names(100, 120))
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 120), 1)
    assert (await project(host))["sequence"] == 120


async def test_messages_that_came_while_the_host_was_down_are_projected(host: Any) -> None:
    await publish(host, *names(0, 5))
    await host.settle()
    await host.stop()
    await publish(host, *names(5, 50))
    await host.start()
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 50), 1)


async def test_poison_is_set_aside_and_no_neighbour_is_lost(host: Any) -> None:
    await host.stop()
    await publish(host, *names(0, 20))
    await publish(host, "poison", fail=True)
    await host.publish("obs.pc-1", b"not json")
    await publish(host, *names(20, 40))
    await host.start()
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 40), 1)
    letters = await host.dead_letters()
    assert [(row["sequence"], row["status"]) for row in letters] == [(21, "waiting"), (22, "waiting")]
    assert "poison is poison" in letters[0]["error"]
    assert "does not decode" in letters[1]["error"]
    assert "Traceback" in letters[0]["traceback"]


async def test_a_broken_plugin_is_paused_and_goes_on_where_it_stood(host: Any) -> None:
    module = host.module("counting")
    module.broken["apply"] = True
    await publish(host, *names(0, 60))

    async def paused() -> bool:
        return bool((await project(host))["state"] == "paused")

    await host.until(paused, what="the projection to be paused")
    assert len(await host.dead_letters()) <= 20
    assert (await host.plugin_states())["counting"]["state"] == "degraded"
    module.broken["apply"] = False
    host.running.app.feeds.runners["counting.counted"].resume()
    await host.settle()
    letters = len(await host.dead_letters())
    assert len(await counted(host)) == 60 - letters
    assert (await host.plugin_states())["counting"]["state"] == "running"


@pytest.mark.parametrize("step", ["apply", "unprepared"])
async def test_a_broken_plugin_sets_little_aside_and_goes_on_once_it_works(
    host: Any, monkeypatch: Any, step: str
) -> None:
    monkeypatch.setattr("kanade_host.projection.runner.PAUSE_SECONDS", 0.05)
    module = host.module("counting")
    await publish(host, *names(0, 5))
    await host.settle()
    module.broken[step] = True
    await publish(host, *names(5, 150))

    async def paused() -> bool:
        return bool((await project(host))["state"] == "paused")

    await host.until(paused, what="the projection to be paused")
    await asyncio.sleep(1.0)  # several pauses
    letters = len(await host.dead_letters())
    assert letters <= 40
    module.broken[step] = False
    await host.settle()
    assert len(await host.dead_letters()) == letters
    assert set((await counted(host)).values()) == {1}
    assert len(await counted(host)) == 150 - letters


async def test_a_cause_outside_the_messages_is_waited_out(host: Any) -> None:
    module = host.module("counting")
    module.broken["prepare"] = 3
    await publish(host, *names(0, 10))
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 10), 1)
    assert not await host.dead_letters()


async def test_a_database_locked_by_another_program_loses_nothing(host: Any) -> None:
    with contextlib.closing(sqlite3.connect(host.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await publish(host, *names(0, 30))

        async def waits() -> bool:
            return bool((await project(host))["state"] == "waiting")

        await host.until(waits, seconds=20, what="the projection to wait for the database")
        other.execute("ROLLBACK")
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 30), 1)
    assert not await host.dead_letters()


async def test_a_deleted_consumer_is_made_again(host: Any) -> None:
    await publish(host, *names(0, 10))
    await host.settle()
    await host.broker.api("CONSUMER.DELETE.OBS_EVENTS.backend_obs_events_projector")
    await publish(host, *names(10, 20))
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 20), 1)


async def test_a_deleted_stream_is_made_again_and_new_messages_count(host: Any) -> None:
    await publish(host, *names(0, 10))
    await host.settle()
    await host.broker.api("STREAM.DELETE.OBS_EVENTS")
    await host.running.app.resources.ensure()
    await publish(host, *names(10, 20))
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 20), 1)


async def test_a_deleted_database_is_projected_again(host: Any) -> None:
    await publish(host, *names(0, 25))
    await host.settle()
    before = await host.rows("SELECT * FROM counted ORDER BY id")
    await host.stop()
    for file in host.folder.glob("backend.db*"):
        file.unlink()
    await host.start()
    await host.settle()
    assert [tuple(row) for row in await host.rows("SELECT * FROM counted ORDER BY id")] == [
        tuple(row) for row in before
    ]


async def test_a_database_copied_back_from_earlier_catches_up(host: Any) -> None:
    await publish(host, *names(0, 10))
    await host.settle()
    await host.stop()
    shutil.copy(host.database, host.folder / "copy.db")
    await host.start()
    await publish(host, *names(10, 30))
    await host.settle()
    await host.stop()
    for file in host.folder.glob("backend.db*"):
        file.unlink()
    shutil.copy(host.folder / "copy.db", host.database)
    await host.start()
    await publish(host, *names(30, 35))
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 35), 1)


async def test_a_broker_copied_back_from_earlier_skips_nothing_new(host: Any) -> None:
    await publish(host, *names(0, 10))
    await host.settle()
    await host.broker.stop()
    shutil.copytree(host.broker.folder, host.folder / "copy")
    await host.broker.start()
    await publish(host, *names(10, 30))
    await host.settle()
    await host.stop()
    await host.broker.stop()
    shutil.rmtree(host.broker.folder)
    shutil.copytree(host.folder / "copy", host.broker.folder)
    await host.broker.start()
    # As many new ones as to stand beyond the position again, before the host looks.
    await publish(host, *names(30, 60))
    await host.start()
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 60), 1)


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_a_broker_that_ends_and_comes_back(host: Any, how: str) -> None:
    await publish(host, *names(0, 10))
    await getattr(host.broker, how)()
    await host.broker.start()
    await publish(host, *names(10, 20))
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 20), 1)


@pytest.mark.kanade(files=[FILE], start=False)
async def test_the_host_comes_up_before_its_broker(host: Any) -> None:
    await host.broker.stop()
    starting = asyncio.create_task(host.start())
    await asyncio.sleep(0.3)
    assert not starting.done()
    await host.broker.start()
    await starting
    await publish(host, *names(0, 5))
    await host.settle()
    assert await counted(host) == dict.fromkeys(names(0, 5), 1)


async def test_a_dead_letter_is_replayed_when_an_admin_asks(host: Any) -> None:
    await publish(host, "late", fail=True)
    await host.settle()
    [letter] = await host.dead_letters()
    assert (await host.get("/api/dead-letters", role="operator")).status == 403
    assert (await host.post(f"/api/dead-letters/{letter['id']}/replay")).status in (200, 202, 204)

    async def tried() -> bool:
        rows = await host.dead_letters()
        return len(rows) == 1 and rows[0]["status"] == "waiting"

    await host.until(tried, what="the replay to fail again")
    module = host.module("counting")
    module.broken["forgiving"] = True
    assert (await host.post(f"/api/dead-letters/{letter['id']}/replay")).status in (200, 202, 204)

    async def gone() -> bool:
        return not await host.dead_letters()

    await host.until(gone, what="the replay to succeed")
    assert await counted(host) == {"late": 1}


async def test_many_dead_letters_are_replayed_together_and_a_cause_only_delays_it(
    host: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("kanade_host.upkeep.REPLAY_SECONDS", 0.1)
    app = host.running.app
    ids = names(0, 250)

    def marked(tx: Any) -> None:
        tx.executemany(
            "INSERT INTO host_dead_letters (projection, plugin, stream, stream_created, sequence, subject,"
            " time_ns, body, status)"
            " VALUES ('counting.counted', 'counting', 'OBS_EVENTS', 'before', ?, 'obs.x', 1, ?, 'replay')",
            [(number, json.dumps({"id": one}).encode()) for number, one in enumerate(ids)],
        )

    await app.store.writer.run("host", marked)
    host.module("counting").broken["prepare"] = 1
    app.replay()

    async def gone() -> bool:
        return not await host.dead_letters()

    await host.until(gone, what="all of them to be replayed")
    assert await counted(host) == dict.fromkeys(ids, 1)


async def test_a_dead_letter_is_discarded(host: Any) -> None:
    await host.publish("obs.pc-1", b"not json")
    await host.settle()
    [letter] = await host.dead_letters()
    assert (await host.post(f"/api/dead-letters/{letter['id']}/discard")).status in (200, 204)
    assert not await host.dead_letters()


async def test_samples_keep_the_newest_of_each_key(host: Any) -> None:
    for value in (1, 5, 3):
        await host.publish("heartbeat.a", {"id": "a", "value": value})
    await host.publish("heartbeat.b", {"id": "b", "value": 7})
    await host.publish("heartbeat.b", b"no json")
    await host.settle()
    rows = {row["id"]: row["value"] for row in await host.rows("SELECT id, value FROM sampled")}
    assert rows["b"] == 7
    assert rows["a"] in (3, 5)


async def test_what_a_transaction_sends_goes_out_once(host: Any) -> None:
    await publish(host, *names(0, 50), send="audit.test.sent")
    await host.settle()
    sent = [
        body.decode() for subject, body in await host.stream_messages("AUDIT") if subject == "audit.test.sent"
    ]
    assert sorted(sent) == names(0, 50)
    assert not await host.rows("SELECT * FROM host_outbox")


async def test_an_answer_is_kept_until_a_commit_changes_it(host: Any) -> None:
    first = await host.get("/api/counting")
    again = await host.get("/api/counting", headers={"If-None-Match": first.headers["etag"]})
    assert (first.json(), again.status) == (0, 304)
    await publish(host, "one")
    await host.settle()
    after = await host.get("/api/counting", headers={"If-None-Match": first.headers["etag"]})
    assert (after.status, after.json()) == (200, 1)
