"""What an operator can set in `[plugins.header_login]`."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

import msgspec

from kanade_host.plugin import Settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Header = Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]*$")]


class HeaderLoginSettings(Settings, frozen=True, kw_only=True):
    """The keys of `[plugins.header_login]`. An address that is none is an error of the configuration."""

    addresses: Annotated[
        tuple[str, ...], msgspec.Meta(description="Addresses or networks of the proxy that is believed.")
    ] = ()
    user_header: Annotated[Header, msgspec.Meta(min_length=1, description="Who it is; in lower case.")] = (
        "x-remote-user"
    )
    role_header: Annotated[Header, msgspec.Meta(description='Their role; "" ignores the header.')] = (
        "x-remote-role"
    )
    role: Annotated[
        Literal["viewer", "operator", "admin"],
        msgspec.Meta(description="The role of whoever comes without that header."),
    ] = "viewer"

    def __post_init__(self) -> None:
        self.networks()

    def networks(self) -> tuple[Network, ...]:
        """The addresses as networks. Raises `ValueError`."""
        return tuple(ipaddress.ip_network(one) for one in self.addresses)
