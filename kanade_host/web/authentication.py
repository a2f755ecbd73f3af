"""Who asks: the authenticators in their order, and closed where none of them says so.

`contract/http-fleet.md` 3.1. An exception is a refusal; a database that cannot be asked is 503, because
clients log out on 401.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import structlog
from aiohttp import web

from kanade_host.plugin.authenticators import (
    Authenticator,
    Credentials,
    NotMine,
    Principal,
    Refusal,
    Role,
)
from kanade_host.plugin.errors import StoreUnavailable
from kanade_host.web import rejections
from kanade_host.web.within import TookTooLong, within

NOBODY = Principal("", Role.VIEWER)
"""Who asks a public route without a token."""

SECONDS = 10.0
log = structlog.get_logger("kanade_host.web.authentication")


class _Headers(Mapping[str, str]):
    """The first value of each header, by lower-case name; made a dictionary only for whoever iterates."""

    __slots__ = ("_sent",)

    def __init__(self, sent: Mapping[str, str]) -> None:
        self._sent = sent

    def __getitem__(self, name: str) -> str:
        return self._sent[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name in self._sent))

    def __len__(self) -> int:
        return len({name.lower() for name in self._sent})


def credentials(raw: web.BaseRequest, path: str) -> Credentials:
    """What an authenticator is shown of a request."""
    headers = raw.headers
    return Credentials(headers.get("authorization"), _Headers(headers), raw.remote or "", raw.method, path)


class Authentication:
    """Asks the authenticators; `authenticators` may be replaced while the host runs."""

    def __init__(self, authenticators: Sequence[Authenticator] = ()) -> None:
        self.authenticators: Sequence[Authenticator] = tuple(authenticators)

    def order(self, configured: Sequence[str]) -> None:
        """Those that the configuration names come first, in its order; then by order of starting."""
        places = {name: place for place, name in enumerate(configured)}
        self.authenticators = sorted(self.authenticators, key=lambda one: places.get(one.name, len(places)))
        offered = [one.name for one in self.authenticators]
        if not offered:
            log.warning("no plugin authenticates: requests to /api that need a role are refused (401)")
        for name in places:
            if name not in offered:
                said = "[plugins] authenticators names one that no plugin offers"
                log.warning(said, name=name, there=", ".join(offered) or "none")

    async def ask(self, shown: Credentials) -> Principal | Refusal:
        """A principal or a refusal; never an exception."""
        for one in self.authenticators:
            try:
                verdict: object = await one.authenticate(shown)
            except StoreUnavailable as error:
                log.warning("the account store cannot be asked", authenticator=one.name, reason=str(error))
                return Refusal(rejections.NO_AUTH_STORE, 503)
            except Exception:
                log.exception("an authenticator failed", authenticator=one.name)
                return Refusal(f"authenticator {one.name!r} failed")
            if isinstance(verdict, Principal | Refusal):
                return verdict
            if not isinstance(verdict, NotMine):
                log.error("an authenticator gave no verdict", authenticator=one.name, verdict=repr(verdict))
                return Refusal(f"authenticator {one.name!r} failed")
        return Refusal(rejections.NO_TOKEN)

    async def ask_within(self, shown: Credentials, seconds: float = SECONDS) -> Principal | Refusal:
        """The same, bounded in time: an authenticator that hangs is a store that cannot be asked."""
        try:
            return await within(seconds, self.ask(shown))
        except TookTooLong:
            log.error("authentication took too long", seconds=seconds, path=shown.path)
            return Refusal(rejections.NO_AUTH_STORE, 503)

    async def guess(self, shown: Credentials) -> Principal:
        """For public routes: whoever the token names, and nobody where it names nobody."""
        if shown.authorization is None or not self.authenticators:
            return NOBODY
        found = await self.ask_within(shown, 1.0)
        return found if isinstance(found, Principal) else NOBODY
