"""What an operator may set in `[plugins.auth]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings


class AuthSettings(Settings, frozen=True):
    """Secrets are not here: they come from the registry or the environment (`contract/host.md` 5)."""

    token_hours: Annotated[
        int,
        msgspec.Meta(ge=1, le=24 * 31, description="How long a token from a log-in is good for, in hours."),
    ] = 12
    generate_admin: Annotated[
        bool,
        msgspec.Meta(
            description="With no account and no configured password, make an administrator with a random one."
        ),
    ] = True
    hash_threads: Annotated[
        int, msgspec.Meta(ge=1, le=16, description="Passwords hashed at the same time; each takes 19 MiB.")
    ] = 2
    longest_delay: Annotated[
        int,
        msgspec.Meta(ge=1, le=3600, description="Upper bound of the delay after failed log-ins, in seconds."),
    ] = 30
    api_token_days: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=3660,
            description="The longest life of an API token, in days; 0: it may also never expire.",
        ),
    ] = 366
