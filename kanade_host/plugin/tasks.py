"""Supervised work in the background of a plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """A loop that runs as long as the plugin does.

    `run` is an async function without arguments. When it raises or returns, it is started again
    with back-off, and the plugin is shown as degraded until it has run for a while.
    """

    name: str
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A periodic piece of work: once at the start, then every `every` seconds after the last end.

    `run` is async and returns how many rows it touched (logged when not 0). It works in batches that
    hold the writer briefly, each its own `ctx.write`.
    """

    name: str
    run: Callable[[], Awaitable[int]]
    every: float = 300.0


Job = Task | Sweep
