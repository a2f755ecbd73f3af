"""Silver: what people need who install, configure, call or change the plugin."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import msgspec

from kanade_host.authoring.rule import Grade, rule
from kanade_host.authoring.subject import Subject


@rule(
    "settings",
    Grade.SILVER,
    "every setting says what it means and has a default",
    reason="Operators read the reference that is made of it; without a default an update does not start.",
    repair='Annotated[int, msgspec.Meta(description="…, in seconds.")] = 5',
)
def settings(subject: Subject) -> Iterator[str]:
    loaded = subject.collected
    if loaded is None or loaded.settings is None:
        return
    kind = type(loaded.settings)
    for one in msgspec.structs.fields(kind):
        if not described(one.type):
            yield f"{one.encode_name}: no description"
        if one.required:
            yield f"{one.encode_name}: no default"


def described(kind: Any) -> str | None:
    """The description in an annotation, also where another annotation encloses it."""
    if get_origin(kind) is Annotated:
        base, *notes = get_args(kind)
        for note in notes:
            if isinstance(note, msgspec.Meta) and note.description:
                return note.description
        return described(base)
    return None


@rule(
    "described-routes",
    Grade.SILVER,
    "every route has a summary, and those that answer JSON name its type",
    reason="The OpenAPI document, and clients made of it, know nothing else.",
    repair="Give summary, and response= a struct (or list[struct]).",
)
def described_routes(subject: Subject) -> Iterator[str]:
    for route in subject.collected.routes if subject.collected else ():
        if not route.summary.strip():
            yield f"{route.method} {route.path} has no summary"
        raw = str(getattr(route.handler, "__annotations__", {}).get("return", "")).endswith(
            ("Response", "Response'>")
        )
        if route.method == "GET" and route.status == 200 and route.response is None and not raw:
            yield f"{route.method} {route.path} names no response"


@rule(
    "tests",
    Grade.SILVER,
    "it has tests that run it in a real host",
    reason="What no test runs is broken by the next change.",
    repair='tests/test_….py with pytestmark = pytest.mark.kanade(plugins=["NAME"]) and the fixture host.',
    needs="source",
)
def tests(subject: Subject) -> Iterator[str]:
    found = 0
    for path in subject.test_files:
        tree = ast.parse(path.read_text("utf-8"))
        found += sum(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
            and any(one.arg == "host" for one in node.args.args)
            for node in ast.walk(tree)
        )
    if not found:
        yield "no test under tests/ takes the fixture host"


@rule(
    "package",
    Grade.SILVER,
    "the distribution says what it is, what it needs, and that it is typed",
    reason="pip refuses or warns by this, and type checkers of others skip what is not marked.",
    repair="description, requires-python and kanade-host among the dependencies; an empty py.typed.",
    needs="source",
)
def package(subject: Subject) -> Iterator[str]:
    project = subject.project.get("project", {})
    for key in ("description", "requires-python"):
        if not str(project.get(key, "")).strip():
            yield f"pyproject.toml: no {key}"
    needs = [re.split(r"[\s<>=!~\[;]", one)[0] for one in project.get("dependencies", [])]
    if "kanade-host" not in needs:
        yield "pyproject.toml: kanade-host is not among the dependencies"
    if not (subject.package / "py.typed").exists():
        yield f"{subject.package.name}/py.typed is missing"


@rule(
    "typed",
    Grade.SILVER,
    "functions say what they take and answer",
    reason="The API is typed throughout; a renamed or changed name is then found before anything runs.",
    repair="Annotate parameters and results; `mypy --strict` finds what is left.",
    needs="source",
)
def typed(subject: Subject) -> Iterator[str]:
    for source in subject.sources:
        for node in ast.walk(source.tree) if source.tree is not None else ():
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            bare = [one.arg for one in given if one.annotation is None and one.arg not in ("self", "cls")]
            if bare or node.returns is None:
                lacks = ", ".join(bare) or "its result"
                yield f"{subject.where(source.path, node.lineno)} {node.name}: no type for {lacks}"
