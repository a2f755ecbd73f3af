"""The base of a plugin's settings."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of `[plugins.NAME]`, with defaults; subclass it and add fields.

    Types are checked when the configuration is read; an unknown key is an error with a suggestion.
    Say what a key means, and in which unit, with `Annotated[int, msgspec.Meta(description="…")]`.
    """
