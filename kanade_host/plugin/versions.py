"""The version of the plugin API, and which versions of it a plugin may ask for.

`kanade-plugin.toml` says `api = "1"` or `api = "1.2"`: the oldest version that has all that the plugin uses.
The first number changes when something is taken away or changed, the second when something is added.
"""

from __future__ import annotations

import re

API_VERSION = "1.0"

_VERSION = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?")


def refusal(asked: str, host: str) -> str | None:
    """Why a plugin that asks for this version cannot run here, and what to do; None when it can.

    `host` is the version of kanade-host.
    """
    found = _VERSION.fullmatch(asked)
    offered = _VERSION.fullmatch(API_VERSION)
    assert offered is not None
    if found is None:
        return f"api = {asked!r} is no version of the plugin API: write the oldest one that has all you use"
    wanted, there = _numbers(found), _numbers(offered)
    if wanted > there:
        return (
            f"it asks for plugin API {asked}, and this host (kanade-host {host}) offers {API_VERSION}:"
            " upgrade kanade-host, or install an older version of the plugin"
        )
    if wanted[0] < there[0]:
        return (
            f"it is written for plugin API {asked}, which kanade-host {host} no longer offers (it offers"
            f" {API_VERSION}): install a version of the plugin that is written for {there[0]}"
        )
    return None


def _numbers(found: re.Match[str]) -> tuple[int, int]:
    return int(found[1]), int(found[2] or 0)
