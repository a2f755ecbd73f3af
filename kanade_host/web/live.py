"""Live events: what changed, told to whoever listens (`GET /api/live?after=N`).

Server-Sent Events, read by fetch with the Authorization header, one stream for each browser. An event is
a hint that something is worth asking for again, never the data. Changes are gathered for a moment and
told together; a client that is slow to read has its keys merged, and beyond 1,000 told "all".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

import msgspec
import structlog

from kanade_host.plugin.authenticators import Credentials, Principal, Refusal, Role
from kanade_host.plugin.errors import HttpError
from kanade_host.web.authentication import Authentication
from kanade_host.web.changes import Changes, Topics, merge
from kanade_host.web.endpoint import Mount

GATHER = 0.05
HEARTBEAT = 15.0
RECHECK = 60.0
CLIENTS = 1_000
_OURS = {"dead-letters": Role.ADMIN}
"""Topics of the host whose routes are never kept, so that no route names them."""

log = structlog.get_logger("kanade_host.web.live")


def event(kind: str, commit: int, body: object) -> bytes:
    """One event, as it goes over the wire."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (commit, kind.encode(), msgspec.json.encode(body))


class _Client:
    """What one listener has not been told yet."""

    __slots__ = ("pending", "role", "told", "woken")

    def __init__(self, role: Role, told: int) -> None:
        self.role = role
        self.told = told
        """The commit up to which everything is in `pending` or was said. What comes after it may still be
        being gathered, so no event may carry a later number: a client resumes after the one it has.
        """
        self.pending: Topics = {}
        self.woken = asyncio.Event()


class Live:
    """Tells changes to clients, each what its role may see."""

    def __init__(
        self,
        changes: Changes,
        authentication: Authentication,
        *,
        heartbeat: float = HEARTBEAT,
        recheck: float = RECHECK,
    ) -> None:
        self._changes, self._authentication = changes, authentication
        self.heartbeat, self.recheck = heartbeat, recheck
        self._roles: dict[str, Role] = {}
        self._clients: set[_Client] = set()
        self._gathered: Topics = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        changes.listen(self._changed)

    @property
    def clients(self) -> int:
        """How many listen now."""
        return len(self._clients)

    def serve(self, mounts: Iterable[Mount]) -> None:
        """A topic is for whoever may ask one of the routes that depend on it; others are for viewers."""
        roles = dict(_OURS)
        for mount in mounts:
            permission = mount.route.permission
            role = Role.VIEWER if permission is None else permission.role
            for topic in mount.route.fresh:
                roles[topic] = min(role, roles.get(topic, Role.ADMIN))
        self._roles = roles

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for client in self._clients:
            client.woken.set()

    # -- gathering ---------------------------------------------------------------------------

    def _changed(self, topics: Topics) -> None:
        if not self._clients:
            return
        merge(self._gathered, topics)
        if self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(GATHER, self._tell)

    def _tell(self) -> None:
        self._timer = None
        gathered, self._gathered = self._gathered, {}
        for client in self._clients:
            client.told = self._changes.commit
            seen = self._visible(gathered, client.role)
            if seen:
                merge(client.pending, seen)
                client.woken.set()

    def _visible(self, topics: Topics, role: Role) -> Topics:
        return {topic: keys for topic, keys in topics.items() if role >= self._roles.get(topic, Role.VIEWER)}

    # -- one stream --------------------------------------------------------------------------

    async def stream(
        self, principal: Principal, shown: Credentials, after: int | None, epoch: str | None
    ) -> AsyncIterator[bytes]:
        """The events for one client, from commit `after` on where that is still known."""
        client = _Client(principal.role, self._changes.commit)
        self._clients.add(client)
        try:
            yield self._opening(client, after, epoch)
            checked = time.monotonic()
            while not self._closed:
                try:
                    async with asyncio.timeout(self.heartbeat):
                        await client.woken.wait()
                except TimeoutError:
                    yield b": still here\n\n"
                client.woken.clear()
                if time.monotonic() - checked >= self.recheck:
                    checked = time.monotonic()
                    if not await self._still(client, shown):
                        return
                if client.pending:
                    pending, client.pending = client.pending, {}
                    yield self._commit(client.told, pending)
        finally:
            self._clients.discard(client)

    def _opening(self, client: _Client, after: int | None, epoch: str | None) -> bytes:
        commit = client.told
        missed = None
        if after is not None and epoch in (None, self._changes.epoch):
            missed = self._changes.since(after)
        if after is not None and missed is None:
            return event("reset", commit, {"commit": commit, "epoch": self._changes.epoch})
        return self._commit(commit, self._visible(missed or {}, client.role))

    def _commit(self, commit: int, topics: Topics) -> bytes:
        told = {topic: "all" if keys is None else sorted(keys) for topic, keys in sorted(topics.items())}
        return event("commit", commit, {"commit": commit, "epoch": self._changes.epoch, "topics": told})

    async def _still(self, client: _Client, shown: Credentials) -> bool:
        """Is the caller still who they were? A store that cannot be asked is no reason to say no."""
        found = await self._authentication.ask_within(shown)
        if isinstance(found, Refusal):
            return found.status == 503
        client.role = found.role
        return True

    def full(self) -> None:
        """Raise 503 when nobody more can be told."""
        if self._closed or len(self._clients) >= CLIENTS:
            raise HttpError(503, "too many clients listen to live events", {"retry-after": "30"})
