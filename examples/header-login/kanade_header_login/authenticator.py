"""A header of a reverse proxy becomes a principal; from anywhere else it is refused."""

from __future__ import annotations

import ipaddress

from kanade_header_login.settings import HeaderLoginSettings
from kanade_host.plugin import Credentials, NotMine, Principal, Refusal, Role, Verdict

_LONGEST = 256
_READS = ("GET", "HEAD")
_OTHER_SITES = ("cross-site", "same-site")


class HeaderLogin:
    """Believes what the proxy says. A request without the header is for another authenticator."""

    name = "header_login"

    def __init__(self, settings: HeaderLoginSettings) -> None:
        self._settings = settings
        self._networks = settings.networks()

    async def authenticate(self, credentials: Credentials) -> Verdict:
        """Answer the proxy's principal, a refusal, or `NotMine()`."""
        header = self._settings.user_header
        subject = credentials.headers.get(header)
        if subject is None:
            return NotMine()
        if not self._trusted(credentials.remote):
            return Refusal(f"{header} is not taken from {credentials.remote}")
        if not subject.strip() or len(subject) > _LONGEST or not subject.isprintable():
            return Refusal(f"{header} holds no name")
        # The proxy may have known the user by what a browser sends along for any page (a ticket, a
        # certificate): what changes something must come from a page of ours, or from no browser.
        site = credentials.headers.get("sec-fetch-site")
        if credentials.method not in _READS and site in _OTHER_SITES:
            return Refusal("requests of other sites change nothing here", 403)
        role = self._role(credentials)
        if role is None:
            return Refusal(f"{self._settings.role_header} must be viewer, operator or admin", 403)
        return Principal(subject.strip(), role)

    def _role(self, credentials: Credentials) -> Role | None:
        header = self._settings.role_header
        word = credentials.headers.get(header) if header else None
        return Role.from_word(self._settings.role if word is None else word.strip())

    def _trusted(self, remote: str) -> bool:
        try:
            address = ipaddress.ip_address(remote.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)
