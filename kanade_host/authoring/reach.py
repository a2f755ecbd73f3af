"""Which code a function reaches, as far as names tell: its own package's functions and methods, by source."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Reached:
    """One function of the package: its syntax, and the names that it can see."""

    file: Path
    first_line: int
    tree: ast.AST
    names: Mapping[str, Any]

    def line(self, node: ast.AST) -> int:
        """Where in the file a node of `tree` stands."""
        return self.first_line + int(getattr(node, "lineno", 1)) - 1

    def calls(self) -> Iterator[tuple[ast.Call, Any, str]]:
        """Each call: the node, what is called where that is a name that can be seen, and its text."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                text = ast.unparse(node.func)
                yield node, self.value(node.func), text

    def value(self, node: ast.expr) -> Any:
        """What a dotted name stands for; None where that cannot be told."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            return None if owner is None else getattr(owner, node.attr, None)
        return None

    def texts(self) -> Iterator[tuple[ast.AST, str]]:
        """String constants, those behind names of the module included; docstrings too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node, node.value
            elif isinstance(node, ast.Name) and isinstance(self.names.get(node.id), str):
                yield node, self.names[node.id]


def reach(start: Callable[..., Any], top: str) -> list[Reached]:
    """`start` and what it calls by name within the package `top`, each once."""
    found: dict[types.CodeType, Reached] = {}
    waiting: list[Any] = [start]
    while waiting:
        for function in _functions(waiting.pop()):
            if function.__code__ in found or not _of(function.__module__, top):
                continue
            reached = _read(function)
            if reached is None:
                continue
            found[function.__code__] = reached
            waiting += [value for value in _named(reached) if _of(getattr(value, "__module__", ""), top)]
    return list(found.values())


def _of(module: str | None, top: str) -> bool:
    return module is not None and (module == top or module.startswith(f"{top}."))


def _functions(one: Any) -> Iterator[types.FunctionType]:
    """The functions behind what may be called."""
    if isinstance(one, functools.partial):
        one = one.func
    one = inspect.unwrap(one) if callable(one) else one
    if isinstance(one, types.MethodType):
        yield from _functions(type(one.__self__))
    elif isinstance(one, types.FunctionType):
        yield one
    elif isinstance(one, type):
        for member in vars(one).values():
            inner = getattr(member, "fget", None) or getattr(member, "__func__", None) or member
            if isinstance(inner, types.FunctionType):
                yield inner


def _named(reached: Reached) -> Iterator[Any]:
    for node in ast.walk(reached.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            value = reached.value(node)
            if callable(value):
                yield value


def _read(function: types.FunctionType) -> Reached | None:
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError, TypeError):
        return None  # made by a library (a struct's own methods)
    names = {**inspect.getclosurevars(function).nonlocals, **function.__globals__}
    return Reached(Path(function.__code__.co_filename), first, tree, names)
