"""Run hosts with a plugin on examples of its messages: live, replayed, rebuilt, killed.

All on one broker, so that a message has the same sequence and time wherever it is projected: rows then have
to be equal to the byte. Each host has a database of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kanade_host.app import App
from kanade_host.authoring.subject import Subject
from kanade_host.plugin.errors import KanadeError
from kanade_host.plugin.subscriptions import Batch, Message, Projection, Tx
from kanade_host.plugin.testing.broker import TestBroker
from kanade_host.plugin.testing.clock import MovableClock
from kanade_host.plugin.testing.host import Host
from kanade_host.plugin.testing.inprocess import InProcess
from kanade_host.plugin.testing.options import Options
from kanade_host.plugin.testing.process import ProcessRunning

Findings = dict[str, list[str]]
"""Rule -> what is wrong."""
Rows = dict[str, list[str]]
"""Table -> its rows as text, sorted."""
KILLED_AT = ("before-commit", "after-commit")
_SHOWN = 160
_STILL_SECONDS, _STILL_LOOKS = 0.15, 20
_done: weakref.WeakKeyDictionary[Subject, Findings] = weakref.WeakKeyDictionary()


def proof(subject: Subject) -> Findings:
    """What the runs found, by rule; made once for each subject. Takes some seconds."""
    if subject not in _done:
        with tempfile.TemporaryDirectory(prefix="kanade-proof-") as folder:
            _done[subject] = asyncio.run(_prove(subject, Path(folder)))
    return _done[subject]


async def _prove(subject: Subject, folder: Path) -> Findings:
    broker = TestBroker(folder / "nats")
    await broker.start()
    try:
        return await _Proving(subject, folder, broker).run()
    finally:
        await broker.close()


class _Proving:
    def __init__(self, subject: Subject, folder: Path, broker: TestBroker) -> None:
        self._subject, self._folder, self._broker = subject, folder, broker
        self._seen: list[tuple[Projection, list[Message[Any]]]] = []
        self.found: Findings = {}

    async def run(self) -> Findings:
        try:
            live = await self._live()
        except (KanadeError, AssertionError, TimeoutError) as error:
            self._note("runs", str(error))
            return self.found
        if live is None or not live:
            return self.found
        fresh = await self._again("rebuild", ())
        differs = "gives other rows than the messages did as they came"
        self._compare("rebuild", live, fresh, differs)
        if "rebuild" not in self.found:
            self._compare("kill", fresh, await self._again("kill", KILLED_AT), "gives other rows")
        return self.found

    def _note(self, rule: str, text: str) -> None:
        self.found.setdefault(rule, []).append(text)

    def _options(self, name: str) -> Options:
        folder = self._folder / name
        folder.mkdir()
        needed, broker = self._subject.needed(), self._broker
        return Options(
            folder=str(folder), broker_url=broker.url, broker_token=broker.token, plugins=needed, strict=True
        )

    # -- the messages as they come, each in a batch of its own, and then all of them again -----------

    async def _live(self) -> Rows | None:
        running = _Observed(self._options("live"), MovableClock(), self._observe)
        host = Host(self._folder / "live", self._broker, running, running.clock)
        await host.start()
        try:
            state = (await host.plugin_states())[self._subject.name]
            if state["state"] != "running":
                self._note("runs", f"it is {state['state']}: {state['reason']}")
            tables = tuple(state["contributes"].get("tables", ()))
            if self._subject.examples.is_file():
                for subject, body in self._subject.messages:
                    await host.publish(subject, body)
                    await host.settle()
            for letter in await host.dead_letters():
                self._note("runs", f"an example on {letter['subject']} was set aside: {letter['error']}")
            if not self._seen:
                return None
            rows = await _rows(host.database, tables)
            await self._replay(running.app)
            self._compare(
                "replay", rows, await _rows(host.database, tables), "are others when they come again"
            )
            return rows
        finally:
            await host.stop()

    def _observe(self, projection: Projection) -> Projection:
        """The same projection, noting what its `apply` is given."""
        given = projection.apply

        def apply(tx: Tx, batch: Batch) -> None:
            given(tx, batch)
            self._seen.append((projection, list(batch)))

        return replace(projection, apply=apply)

    async def _replay(self, app: App) -> None:
        """Each message once more, the oldest last: as a dead letter would come."""
        assert app.store is not None
        for projection, batch in reversed(list(self._seen)):

            def work(tx: Tx, projection: Projection = projection, batch: Batch = batch) -> None:
                projection.apply(tx, batch)

            try:
                await app.store.writer.run(self._subject.name, work)
            except Exception as error:
                sequence = batch[0].meta.sequence
                self._note(
                    "replay", f"message {sequence} of {projection.stream} raises when it comes again: {error}"
                )

    # -- a new database, in a process of its own ----------------------------------------------------

    async def _again(self, name: str, kill_at: Sequence[str]) -> Rows:
        assert self._subject.site is not None
        running = ProcessRunning(self._options(name), self._broker)
        paths = (
            str(self._subject.site),
            str(self._subject.folder_of_packages),
            os.environ.get("PYTHONPATH", ""),
        )
        running.environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        host = Host(self._folder / name, self._broker, running, MovableClock())
        try:
            for point in kill_at:
                await host.killed_at(point)
            await host.start()
            await host.settle()
            state = (await host.plugin_states())[self._subject.name]
            return await _rows(host.database, tuple(state["contributes"].get("tables", ())))
        except AssertionError as error:
            self._note(name, str(error))
            return {}
        finally:
            await host.stop()

    def _compare(self, rule: str, one: Rows, other: Rows, said: str) -> None:
        if rule in self.found:
            return
        for table in one:
            before, after = one[table], other.get(table, [])
            if before != after:
                lines = [f"- {row[:_SHOWN]}" for row in before if row not in after][:2]
                lines += [f"+ {row[:_SHOWN]}" for row in after if row not in before][:2]
                self._note(rule, f"{table}: {len(before)} rows, then {len(after)}; " + "; ".join(lines))


class _Observed(InProcess):
    """A host in this process whose projections of one plugin are observed."""

    def __init__(self, options: Options, clock: MovableClock, observe: Any) -> None:
        super().__init__(options, clock)
        self.clock, self._observed = clock, observe

    async def begin(self) -> None:
        await self.app.start()
        assert self.app.plan is not None
        name = self.options.plugins[0]
        for loaded in self.app.plan.loaded:  # before the loop gets a turn, in which the start goes on
            if loaded.name == name:
                loaded.subscriptions = [
                    self._observed(one) if isinstance(one, Projection) else one
                    for one in loaded.subscriptions
                ]


async def _rows(database: Path, tables: Sequence[str]) -> Rows:
    """What stands in the tables once they stand still: tasks of the plugin may lag behind."""
    found = _look(database, tables)
    for _ in range(_STILL_LOOKS):
        await asyncio.sleep(_STILL_SECONDS)
        again = _look(database, tables)
        if again == found:
            break
        found = again
    return found


def _look(database: Path, tables: Sequence[str]) -> Rows:
    found: Rows = {}
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        for table in tables:
            found[table] = sorted(repr(row) for row in db.execute(f'SELECT * FROM "{table}"'))
    return found
