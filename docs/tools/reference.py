"""The reference, made from the code: hooks, the plugin API, settings, routes, messages, commands, rules.

Nothing of it is kept in git: it is made with the site, so it cannot be stale.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from kanade_host import __version__
from kanade_host.authoring.grading import rules
from kanade_host.authoring.rules.described import described
from kanade_host.cli.root import COMMANDS, root
from kanade_host.loading.collect import Loaded
from kanade_host.loading.plan import make_plan
from kanade_host.observe.logs import setup_console
from kanade_host.plugin import hooks, patterns, testing, yaml
from kanade_host.plugin.subscriptions import Projection, Samples, Watch
from kanade_host.web.endpoint import Mount
from kanade_host.web.openapi import document

MODULES = {
    "kanade_host.plugin.testing": testing,
    "kanade_host.plugin.yaml": yaml,
    "kanade_host.plugin.patterns": patterns,
}
"""Public modules beside `kanade_host.plugin` itself."""


def write(folder: Path) -> list[str]:
    """Write all pages of the reference; answers their names, in the order of the contents."""
    setup_console("off")
    loaded = make_plan().loaded
    folder.mkdir(parents=True, exist_ok=True)
    pages: dict[str, Callable[[], str]] = {
        "hooks": hooks_page,
        "plugin-api": api_page,
        "settings": lambda: settings_page(loaded),
        "routes": lambda: routes_page(loaded),
        "messages": lambda: messages_page(loaded),
        "commands": commands_page,
        "rules": rules_page,
    }
    for name, made in pages.items():
        (folder / f"{name}.md").write_text(made(), "utf-8", newline="\n")
    mounts = [Mount(one.name, route) for one in loaded for route in one.routes]
    (folder / "openapi.json").write_text(json.dumps(document(mounts, __version__), indent=1), "utf-8")
    return list(pages)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(_cell(one) for one in row) + " |" for row in rows)]) + "\n"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", r"\|").replace("<", "&lt;")


def prose(thing: object) -> str:
    """A docstring as paragraphs."""
    return inspect.cleandoc(inspect.getdoc(thing) or "").replace("<", "&lt;")


# -- for authors of plugins -----------------------------------------------------------------------


def hook_names() -> list[str]:
    """Every hook, in the order of the specifications."""
    return [name for name in vars(hooks) if name.startswith("kanade_")]


def hooks_page() -> str:
    parts = ["# Hooks\n", prose(hooks) + "\n"]
    for name in hook_names():
        function = getattr(hooks, name)
        arguments = ", ".join(inspect.signature(function).parameters)
        parts.append(
            f"## {name}\n\n```python\n{name}({arguments}) -> {function.__annotations__['return']}\n```\n"
        )
        parts.append(prose(function) + "\n")
    return "\n".join(parts)


def public() -> Iterator[tuple[str, str, Any]]:
    """Module, name and value of everything public."""
    import kanade_host.plugin as api

    yield from (("kanade_host.plugin", name, getattr(api, name)) for name in api.__all__)
    for title, module in MODULES.items():
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == title]
        names = getattr(module, "__all__", [name for name in own if not name.startswith("_")])
        yield from ((title, name, getattr(module, name)) for name in names)


def api_page() -> str:
    parts = [
        "# Plugin API\n",
        "What a plugin may import. Everything else of the host may change at any time.\n",
    ]
    last = ""
    for module, name, value in public():
        if module != last:
            parts.append(f"## {module}\n")
            last = module
        parts.append(f"### {name}\n\n{_signature(name, value)}{prose(value) if _has_text(value) else ''}\n")
        parts.append(_members(value))
    return "\n".join(parts)


def _has_text(value: object) -> bool:
    return inspect.isclass(value) or inspect.isfunction(value)


def _signature(name: str, value: object) -> str:
    if inspect.isfunction(value):
        return f"```python\n{name}{inspect.signature(value)}\n```\n\n"
    if inspect.isclass(value):
        bases = ", ".join(one.__name__ for one in value.__bases__ if one is not object)
        return f"`class {name}({bases})`\n\n" if bases else f"`class {name}`\n\n"
    return f"`{name} = {_short(value)}`\n\n"


def _short(value: object) -> str:
    text = repr(value).replace("kanade_host.plugin.", "").replace("`", "")
    return text if len(text) < 200 else text[:197] + "..."


def _members(value: object) -> str:
    """Fields of records, and methods with what they say."""
    if not inspect.isclass(value):
        return ""
    rows = [(f"`{name}`", f"`{kind}`", text) for name, kind, text in _fields(value)]
    for name, member in vars(value).items():
        inner = getattr(member, "fget", None) or getattr(member, "__func__", None) or member
        if not name.startswith("_") and inspect.isfunction(inner):
            shown = str(inspect.signature(inner)).replace("(self, ", "(").replace("(self)", "()")
            rows.append((f"`{name}`", f"`{shown}`", inspect.getdoc(inner) or ""))
    return table(["member", "type", ""], rows) if rows else ""


def _fields(kind: type) -> Iterator[tuple[str, str, str]]:
    if dataclasses.is_dataclass(kind):
        for one in dataclasses.fields(kind):
            yield one.name, str(one.type), ""
    elif issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            yield field.encode_name, type_name(field.type), described(field.type) or ""


def rules_page() -> str:
    parts = [
        "# Rules of `plugin check`\n",
        "A grade is reached when every rule of it, and of those below, is kept.\n",
    ]
    parts += [
        f"## {one.id}\n\n*{one.grade.word}*: {one.title}.\n\n{one.reason}\n\nRepair: {_cell(one.repair)}.\n"
        for one in rules().values()
    ]
    return "\n".join(parts)


# -- for operators and clients --------------------------------------------------------------------


def settings_page(loaded: Sequence[Loaded]) -> str:
    parts = [
        "# Settings of plugins\n",
        "Keys of `[plugins.NAME]`. Those of the host: [configuration](../configuration.md).\n",
    ]
    for one in loaded:
        if one.settings is None:
            continue
        rows = [
            (f"`{f.encode_name}`", f"`{type_name(f.type)}`", f"`{json_of(f)}`", described(f.type) or "")
            for f in msgspec.structs.fields(type(one.settings))
        ]
        parts.append(f"## [plugins.{one.name}]\n\n{table(['key', 'type', 'default', 'means'], rows)}")
    return "\n".join(parts)


def json_of(field: Any) -> str:
    """A setting's default, as it would stand in the file."""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "none" if value is None else json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def type_name(kind: Any) -> str:
    """A type without its modules and annotations."""
    if typing.get_origin(kind) is typing.Annotated:
        return type_name(typing.get_args(kind)[0])
    text = getattr(kind, "__name__", str(kind)) if not typing.get_args(kind) else str(kind)
    text = re.sub(r"typing\.Annotated\[([^,\]]+), [^\]]*\)\]", r"\1", text)
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text)


def routes_page(loaded: Sequence[Loaded]) -> str:
    parts = ["# Routes\n", "By plugin. [openapi.json](openapi.json) has parameters, bodies and answers.\n"]
    for one in loaded:
        rows = [
            (
                f"`{route.method} {route.path}`",
                route.summary,
                f"`{route.permission.name}` ({route.permission.role.word})" if route.permission else "public",
                ", ".join(f"`{action}`" for action in route.audits),
            )
            for route in one.routes
        ]
        if rows:
            parts.append(
                f"## {one.name}\n\n{table(['route', '', 'permission (role)', 'leaves in the audit'], rows)}"
            )
    return "\n".join(parts)


def messages_page(loaded: Sequence[Loaded]) -> str:
    parts = ["# Messages\n", "What each plugin reads from the broker.\n"]
    for one in loaded:
        for sub in one.subscriptions:
            if isinstance(sub, Projection):
                parts.append(
                    f"## {sub.name}\n\nStream `{sub.stream}`, filter `{sub.filter or '>'}`, exactly once.\n"
                )
            elif isinstance(sub, Samples):
                parts.append(f"## {sub.name}\n\nSubject `{sub.subject}`, at most once.\n")
            elif isinstance(sub, Watch):
                parts.append(f"## {one.name}: bucket {sub.bucket}\n\nA live map of its values.\n")
                continue
            parts.append(prose(sub.message) + "\n")
            if isinstance(sub.message, type) and issubclass(sub.message, msgspec.Struct):
                rows = [(f"`{name}`", f"`{kind}`", text) for name, kind, text in _fields(sub.message)]
                parts.append(table(["key", "type", ""], rows))
    return "\n".join(parts)


def commands_page() -> str:
    parts = ["# Commands\n", prose(root) + "\n"]
    context = click.Context(root, info_name="kanade-host", terminal_width=100)
    for name in root.list_commands(context):
        found = root.get_command(context, name)
        assert found is not None
        parts += _command(found, context, name)
    assert all(f"kanade-host {name}" in "\n".join(parts) for name in COMMANDS)
    return "\n".join(parts)


def _command(command: click.Command, above: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, parent=above, info_name=name, terminal_width=100)
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _command(found, context, inner)
