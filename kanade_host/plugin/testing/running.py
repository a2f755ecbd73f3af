"""How a test's host runs: in this process, or as a process of its own that can be killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from kanade_host.plugin.testing.options import Options


class Running(Protocol):
    """A host that can be started and ended."""

    options: Options

    @property
    def base(self) -> str:
        """`http://127.0.0.1:port` of the host that runs now."""
        ...

    def enable(self, *plugins: str) -> None:
        """Run these installed plugins too from the next start on."""
        ...

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        ...

    async def stop(self) -> None:
        """Stop it tidily."""
        ...

    async def kill(self) -> None:
        """End it with SIGKILL."""
        ...

    async def killed_at(self, point: str, passes: int) -> None:
        """Start it armed, and wait until it has been killed there."""
        ...

    async def ended(self) -> int:
        """Wait until it has ended by itself."""
        ...

    def module(self, plugin: str) -> Any:
        """The loaded module of a plugin; raises LookupError when it runs elsewhere or not at all."""
        ...

    async def unsettled(self, database: Path) -> str:
        """What is not projected or not sent yet, in words; empty when all is."""
        ...
