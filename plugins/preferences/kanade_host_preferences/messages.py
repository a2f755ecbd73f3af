"""Bodies of the routes."""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_host.plugin import Instant


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Any JSON."""

    value: Any


class NewView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`page`: the path of a page, as `/agents`; `state`: the query string of its URL, without `?`."""

    page: str
    name: str
    state: str = ""
    shared: bool = False


class ViewChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is absent or null stays as it is."""

    name: str | None = None
    state: str | None = None
    shared: bool | None = None


class View(msgspec.Struct, frozen=True):
    """A saved view. `mine`: the caller saved it."""

    view_id: str
    page: str
    name: str
    state: str
    shared: bool
    owner: str
    mine: bool
    updated_at: Instant


class ViewsQuery(msgspec.Struct, frozen=True):
    """`page`: only the views of that page."""

    page: str | None = None
