"""What the host's own routes ask of the running host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kanade_host.plugin.authenticators import Permission, Role
from kanade_host.plugin.errors import HttpError
from kanade_host.plugin.routes import Request, Response, Route
from kanade_host.web.endpoint import Mount

if TYPE_CHECKING:
    from kanade_host.app import App

READ = Permission("host.read", Role.VIEWER)


class HostProvider:
    """Stands between the web's host routes and the app."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.complete = False

    def mounts(self) -> Sequence[Mount]:
        """The host's own routes."""
        return [
            Mount("host", Route("GET", "/health", self._health, None, "Liveness")),
            Mount("host", Route("GET", "/api/plugins", self._plugins, READ, "Plugins")),
            Mount("host", Route("GET", "/api/projections", self._projections, READ, "Projections")),
        ]

    async def _health(self, request: Request) -> Response:
        if not self.complete:
            raise HttpError(503, "starting")
        return Response.text("ok")

    async def _plugins(self, request: Request) -> Any:
        plan = self._app.plan
        return {"plugins": [state.as_json() for state in plan.states] if plan else []}

    async def _projections(self, request: Request) -> Any:
        runners = self._app.feeds.runners.values() if self._app.feeds else ()
        return {
            "projections": [
                {
                    "name": runner.status.name,
                    "plugin": runner.status.plugin,
                    "state": runner.status.state,
                    "reason": runner.status.reason,
                    "sequence": runner.status.sequence,
                    "lag": runner.status.lag,
                }
                for runner in runners
            ]
        }
