"""Which route a raw path belongs to (`contract/http-fleet.md` 1.1).

Patterns are compared with the path as it was sent; what a parameter captures is percent-decoded
afterwards, so `%2F` stays inside its segment. A fixed segment wins over a parameter at each place, an
empty segment is never captured, and nothing is normalised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from kanade_host.plugin.errors import PluginError
from kanade_host.plugin.routes import Route

METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")
"""The order of `allow`, as the contract's routes were registered."""

T = TypeVar("T")
Owned = tuple[str, Route]
"""A route and the name of the plugin that owns it."""


class NotUtf8(Exception):
    """A captured segment is no UTF-8; the argument is the parameter's name."""


def is_parameter(segment: str) -> bool:
    """`{name}` captures; everything else is fixed."""
    return segment.startswith("{") and segment.endswith("}")


def segments(path: str) -> tuple[str, ...]:
    """The segments of a pattern; raises `PluginError` for what is none."""
    if not path.startswith("/"):
        raise PluginError(f"route path {path!r} must begin with /")
    parts = tuple(path[1:].split("/"))
    names = [part[1:-1] for part in parts if is_parameter(part)]
    if any(not name.isidentifier() for name in names) or len(set(names)) != len(names):
        raise PluginError(f"route path {path!r}: parameters are {{name}}, each name once")
    if any("{" in part or "}" in part for part in parts if not is_parameter(part)):
        raise PluginError(f"route path {path!r}: a parameter fills a whole segment")
    return parts


def shape(path: str) -> str:
    """The pattern with its parameters' names left out: equal shapes match equal paths."""
    return "/" + "/".join("{}" if is_parameter(part) else part for part in segments(path))


def conflicts(routes: Iterable[Owned]) -> list[tuple[Owned, Owned]]:
    """Pairs that answer the same method of the same paths: the later one could never be reached.

    Paths that are no patterns are left out: `kanade_host.web.endpoint.checked` says what is wrong with them.
    """
    seen: dict[tuple[str, str], Owned] = {}
    found = []
    for owned in filter(_has_shape, routes):
        first = seen.setdefault((owned[1].method, shape(owned[1].path)), owned)
        if first is not owned:
            found.append((first, owned))
    return found


def shadows(routes: Iterable[Owned]) -> list[tuple[Owned, Owned]]:
    """Pairs (fixed, parameter) of one method where the fixed segment hides some of the other's paths.

    That is how the contract wants it (`/api/agents/releases` beside `/api/agents/{pc_id}`); between
    plugins it is worth a line in the report, because a thing of that name cannot be addressed.
    """
    listed = list(filter(_has_shape, routes))
    return [
        (one, other)
        for one in listed
        for other in listed
        if one[1].method == other[1].method and _hides(segments(one[1].path), segments(other[1].path))
    ]


def _has_shape(owned: Owned) -> bool:
    try:
        segments(owned[1].path)
    except PluginError:
        return False
    return True


def _hides(fixed: Sequence[str], other: Sequence[str]) -> bool:
    """Every path of `fixed` matches `other` too, and `fixed` wins."""
    if len(fixed) != len(other):
        return False
    pairs = list(zip(fixed, other, strict=True))
    covers = all(is_parameter(b) or a == b for a, b in pairs)
    return covers and any(is_parameter(b) and not is_parameter(a) for a, b in pairs)


class Place(Generic[T]):
    """Everything that is registered for one shape of path: what answers each method, and `allow`."""

    __slots__ = ("allow", "methods")

    def __init__(self) -> None:
        self.methods: dict[str, T] = {}
        self.allow = ""

    def add(self, method: str, what: T) -> None:
        """Register; GET answers HEAD too. The first one of a method stays."""
        self.methods.setdefault(method, what)
        if method == "GET":
            self.methods.setdefault("HEAD", what)
        self.allow = ",".join(name for name in METHODS if name in self.methods)


class _Node(Generic[T]):
    __slots__ = ("fixed", "parameter", "place")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node[T]] = {}
        self.parameter: _Node[T] | None = None
        self.place: Place[T] | None = None


class Table(Generic[T]):
    """Finds the place of a path: one look-up for paths without parameters, a walk for the others."""

    def __init__(self) -> None:
        self._plain: dict[str, Place[T]] = {}
        self._root: _Node[T] = _Node()

    def add(self, method: str, path: str, what: T) -> None:
        """Register what answers a method of a pattern."""
        node = self._root
        parts = segments(path)
        for part in parts:
            if is_parameter(part):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.fixed.setdefault(part, _Node())
        if node.place is None:
            node.place = Place()
        node.place.add(method, what)
        if not any(map(is_parameter, parts)):
            self._plain[path] = node.place

    def find(self, path: str) -> tuple[Place[T], tuple[str, ...]] | None:
        """The place and the captured segments, as they were sent; None when nothing matches."""
        place = self._plain.get(path)
        if place is not None:
            return place, ()
        if not path.startswith("/"):
            return None
        return _walk(self._root, path[1:].split("/"), 0, ())

    def places(self) -> list[Place[T]]:
        """All of them, in the order of their patterns."""
        found: list[Place[T]] = []
        _gather(self._root, found)
        return found


def _walk(
    node: _Node[T], parts: list[str], at: int, captured: tuple[str, ...]
) -> tuple[Place[T], tuple[str, ...]] | None:
    """Fixed first, then the parameter: as a tree walk that steps back where the fixed branch ends."""
    if at == len(parts):
        return None if node.place is None else (node.place, captured)
    part = parts[at]
    branch = node.fixed.get(part)
    if branch is not None:
        found = _walk(branch, parts, at + 1, captured)
        if found is not None:
            return found
    if node.parameter is not None and part:
        return _walk(node.parameter, parts, at + 1, (*captured, part))
    return None


def _gather(node: _Node[T], into: list[Place[T]]) -> None:
    if node.place is not None:
        into.append(node.place)
    for _, branch in sorted(node.fixed.items()):
        _gather(branch, into)
    if node.parameter is not None:
        _gather(node.parameter, into)


def decoded(names: Sequence[str], captured: Sequence[str]) -> dict[str, str]:
    """Percent-decode what was captured; `+` stays `+`. Raises `NotUtf8` with the parameter's name."""
    path = {}
    for name, raw in zip(names, captured, strict=True):
        if "%" not in raw and raw.isascii():
            path[name] = raw
            continue
        try:
            path[name] = unquote_to_bytes(raw.encode("utf-8", "surrogateescape")).decode()
        except UnicodeDecodeError:
            raise NotUtf8(name) from None
    return path
