"""Which PCs are meant: one filter, as a query string and as JSON.

Saved views, dynamic groups, the target picker and exports all speak this language. An unknown key is
refused everywhere: a misspelt condition would otherwise mean everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from kanade_host.plugin import BadJson, BadShape, HttpError, decode, encode

VALUES_AT_MOST, TESTS_AT_MOST, NAMES_AT_MOST = 1_000, 50, 100_000
TEXT_AT_MOST, TOLD_AT_MOST = 1_000, 4_000

Text = Annotated[str, msgspec.Meta(max_length=TEXT_AT_MOST)]
Values = Annotated[list[Text], msgspec.Meta(max_length=VALUES_AT_MOST)]
Names = Annotated[list[Text], msgspec.Meta(max_length=NAMES_AT_MOST)]
State = Literal["active", "stale"]
Operator = Literal["eq", "ne", "lt", "le", "gt", "ge", "contains", "prefix", "suffix", "exists"]
OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "contains", "prefix", "suffix", "exists", "some", "none")


class AttributeTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A condition on an own attribute. `exists` takes the value `true` or `false`."""

    name: Text
    value: Text
    op: Operator = "eq"


class InventoryTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A condition on inventory: some row of the PC fulfils it.

    `table`: a derived table of the job, or `facts`, whose columns are the fields that the job displays.
    """

    manifest: Text
    table: Text
    column: Text
    value: Text = ""
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "contains", "prefix", "suffix", "some", "none"] = "eq"


class AgentFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Every condition that is given has to hold; of a list, one value has to.

    - `q`: part of the pc_id or host name, ASCII letters in either case
    - `group`, `not_group`: in one of these groups; in none of them
    - `version`, `not_version`: agent versions, exactly; `""` is a PC that named none
    - `os`: `windows`, `linux`, `macos`; `""` as above
    - `online`: heard within three of its own heartbeat intervals, by the time of receipt
    - `state`: `active` when the last heartbeat is at most two minutes old by the agent's clock
    - `pcs`: these PCs, by pc_id or host name
    - `doubled`: two PCs seem to use this id
    """

    q: Text | None = None
    group: Values = []
    not_group: Values = []
    version: Values = []
    not_version: Values = []
    os: Values = []
    online: bool | None = None
    state: State | None = None
    pcs: Names | None = None
    doubled: bool | None = None
    attributes: Annotated[list[AttributeTest], msgspec.Meta(max_length=TESTS_AT_MOST)] = []
    inventory: Annotated[list[InventoryTest], msgspec.Meta(max_length=TESTS_AT_MOST)] = []


class FilterQuery(msgspec.Struct, frozen=True):
    """The filter as a query string: `group=a&group=b&attribute.site=Tokyo&inventory.M.TABLE.COLUMN=x`.

    `attribute.NAME__OP` and `inventory.MANIFEST.TABLE.COLUMN__OP` take another comparison than `eq`.
    `pcs` may be repeated, and holds names between white space, commas or semicolons.
    """

    q: str | None = None
    group: list[str] = []
    not_group: list[str] = []
    version: list[str] = []
    not_version: list[str] = []
    os: list[str] = []
    online: bool | None = None
    state: State | None = None
    pcs: list[str] = []
    doubled: bool | None = None
    more: dict[str, list[str]] = {}


def from_query(query: FilterQuery) -> AgentFilter:
    """The filter that a query string names. Raises `HttpError` 400."""
    attributes, inventory = [], []
    for key, values in query.more.items():
        kind, _, rest = key.partition(".")
        name, op = _operator(rest)
        for value in values:
            if kind == "attribute" and name:
                attributes.append({"name": name, "op": op, "value": value})
            elif kind == "inventory" and name.count(".") >= 2:
                manifest, table, column = name.rsplit(".", 2)
                found = {"manifest": manifest, "table": table, "column": column, "op": op, "value": value}
                inventory.append(found)
            else:
                raise HttpError(400, f"unknown filter `{key[:100]}`: {_KNOWN}")
    own = {name: getattr(query, name) for name in FilterQuery.__struct_fields__ if name != "more"}
    own["pcs"] = names_of(query.pcs) if query.pcs else None
    return from_json(own | {"attributes": attributes, "inventory": inventory})


def from_json(tree: Mapping[str, Any]) -> AgentFilter:
    """The filter that a decoded JSON object is. Raises `HttpError` 400."""
    try:
        return decode(AgentFilter, encode(tree))
    except (BadJson, BadShape) as error:
        raise HttpError(400, f"filter: {error.message}") from None


def told(asked: AgentFilter | None) -> str | None:
    """A filter in an audit record: its JSON, cut where somebody pasted a thousand names."""
    if asked is None:
        return None
    text = encode(asked).decode()
    return text if len(text) <= TOLD_AT_MOST else text[:TOLD_AT_MOST] + "\u2026"


def names_of(texts: Sequence[str]) -> list[str]:
    """The names of pasted lists, each once, in their order."""
    words = (word for text in texts for word in text.replace(",", " ").replace(";", " ").split())
    return list(dict.fromkeys(words))


def _operator(name: str) -> tuple[str, str]:
    column, mark, operator = name.rpartition("__")
    if not mark:
        return name, "eq"
    if operator not in OPERATORS:
        known = ", ".join(OPERATORS)
        raise HttpError(400, f"unknown filter operator `{operator[:100]}`; there are {known}")
    return column, operator


_KNOWN = (
    "there are "
    + ", ".join(f"`{name}`" for name in FilterQuery.__struct_fields__ if name != "more")
    + ", `attribute.NAME` and `inventory.MANIFEST.TABLE.COLUMN`"
)
