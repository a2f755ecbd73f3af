"""Tasks that plugins begin by themselves, with `asyncio.create_task`: nobody supervises them, so they are
counted, and ended with their plugin.

A task belongs to the plugin whose code it runs. What the host runs for a plugin (its loops, its handlers) is
code of the host and does not count. A task that never ends costs some 2 KiB: a few thousand are a fault of
the plugin, many more are everybody's memory.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary

import structlog

MANY = 1_000
"""More than that, which are there at three looks in a row: the plugin is degraded."""
LASTING_LOOKS = 3
TOO_MANY = 20_000
"""More than that: the plugin is taken out of service, and its tasks are ended."""
LOOK_SECONDS = 2.0
END_SECONDS = 2.0

PluginOf = Callable[[str], str | None]
"""The plugin that a module belongs to, by the module's name."""
AnyTask = asyncio.Task[Any]
log = structlog.get_logger("kanade_host.tasks")


def by_plugin(plugin_of: PluginOf) -> dict[str, list[AnyTask]]:
    """The tasks of the running loop that run the code of plugins."""
    modules: dict[str, list[AnyTask]] = {}
    for task in asyncio.all_tasks():
        modules.setdefault(_module(task), []).append(task)
    found: dict[str, list[AnyTask]] = {}
    for module, tasks in modules.items():
        plugin = plugin_of(module)
        if plugin is not None:
            found.setdefault(plugin, []).extend(tasks)
    return found


def end(plugin_of: PluginOf, plugin: str) -> None:
    """Cancel what a plugin has begun."""
    for task in by_plugin(plugin_of).get(plugin, []):
        task.cancel()


async def end_all(plugin_of: PluginOf) -> None:
    """Cancel what plugins have left behind, and wait for it within bounded time. What refuses to end is
    forgotten, so that the loop can close without it: it would wait for ever."""
    left: set[AnyTask] = set()
    for plugin, tasks in by_plugin(plugin_of).items():
        log.warning("a plugin left tasks behind; they are ended", plugin=plugin, tasks=described(tasks))
        left |= {*tasks}
    for task in left:
        task.cancel()
    if left:
        _, left = await asyncio.wait(left, timeout=END_SECONDS)
    if left:
        log.error("tasks do not end and are left behind", tasks=described(left))
    for task in left:
        task._log_destroy_pending = False  # type: ignore[attr-defined] # it was said, once for all
        asyncio._unregister_task(task)


class Watch:
    """Looks again and again: `degraded` hears a plugin's reason, and None when it is well again; `out` hears
    who has to go.

    A batch of messages may take thousands of tasks for a moment. What counts as left behind is what lasts.
    """

    def __init__(
        self,
        plugin_of: PluginOf,
        degraded: Callable[[str, str | None], None],
        out: Callable[[str, str], None],
    ) -> None:
        self._plugin_of, self._degraded, self._out = plugin_of, degraded, out
        self._looks: WeakKeyDictionary[AnyTask, int] = WeakKeyDictionary()
        self._told: set[str] = set()

    async def run(self) -> None:
        """Endless."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Count those that were there some looks ago, too; nothing of a plugin that has few."""
        many = {plugin: tasks for plugin, tasks in by_plugin(self._plugin_of).items() if len(tasks) > MANY}
        lasting = {plugin: self._lasting(tasks) for plugin, tasks in many.items()}
        lasting = {plugin: tasks for plugin, tasks in lasting.items() if len(tasks) > MANY}
        for plugin, tasks in lasting.items():
            self._degraded(plugin, f"{described(tasks)} run that it began by itself: does it end them?")
        for plugin in self._told - lasting.keys():
            self._degraded(plugin, None)
        self._told = {*lasting}
        for plugin, tasks in many.items():
            if len(tasks) > TOO_MANY:
                self._out(plugin, f"{described(tasks)} ran that it began by itself, more than {TOO_MANY:,}")
                end(self._plugin_of, plugin)

    def _lasting(self, tasks: Iterable[AnyTask]) -> list[AnyTask]:
        found = []
        for task in tasks:
            self._looks[task] = looks = self._looks.get(task, 0) + 1
            if looks >= LASTING_LOOKS:
                found.append(task)
        return found


def described(tasks: Iterable[AnyTask]) -> str:
    """How many, and what most of them run."""
    names = Counter(_name(task) for task in tasks)
    [(name, _)] = names.most_common(1)
    total = names.total()
    return f"{total:,} task{'s' if total > 1 else ''} ({name}{', …' if len(names) > 1 else ''})"


def _module(task: AnyTask) -> str:
    frame = getattr(task.get_coro(), "cr_frame", None)
    return str(frame.f_globals.get("__name__", "")) if frame is not None else ""


def _name(task: AnyTask) -> str:
    coroutine = task.get_coro()
    return f"{_module(task)}.{getattr(coroutine, '__qualname__', type(coroutine).__name__)}"
