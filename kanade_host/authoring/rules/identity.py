"""Bronze: the plugin can be found and loaded, and keeps to what is its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kanade_host.authoring.rule import Grade, rule
from kanade_host.authoring.subject import Source, Subject
from kanade_host.loading.check import clashing, misnamed, unservable
from kanade_host.loading.collect import Loaded
from kanade_host.store.errors import MigrationFailed
from kanade_host.store.ownership import inspect
from kanade_host.store.scripts import PluginMigrations

API = "kanade_host.plugin"
_WRITING = ("POST", "PUT", "PATCH", "DELETE")


@rule(
    "static-file",
    Grade.BRONZE,
    "kanade-plugin.toml is complete and agrees with the entry point",
    reason="The host reads it before it imports anything: who cannot be read cannot be switched off either.",
    repair="Write name, title and api beside __init__.py; name the entry point like the plugin.",
    needs="source",
)
def static_file(subject: Subject) -> Iterator[str]:
    state = subject.state
    if state is None:
        yield f"no plugin {subject.name!r} is found: the entry point and kanade-plugin.toml disagree"
    elif state.failed_in == "found":
        yield state.reason
    elif not state.manifest.title.strip():
        yield "the title is empty"


@rule(
    "api-version",
    Grade.BRONZE,
    "it is written for a plugin API that this host offers",
    reason="A host that lacks what a plugin relies on would fail later, and less clearly.",
    repair='Name the oldest API version that has all you use, such as api = "1".',
    needs="source",
)
def api_version(subject: Subject) -> Iterator[str]:
    state = subject.state
    if state is not None and state.phase == "incompatible":
        yield state.reason


@rule(
    "imports",
    Grade.BRONZE,
    "of the host it imports kanade_host.plugin alone, of other plugins their api",
    reason="Everything else may change with any release of the host, without a word.",
    repair="Import from kanade_host.plugin; ask another plugin for a service by name (ctx.service).",
    needs="source",
)
def imports(subject: Subject) -> Iterator[str]:
    top = subject.package.name
    for source in subject.sources:
        for line, module in _imported(source):
            if f"{module}.".startswith("kanade_host.") and not f"{module}.".startswith(f"{API}."):
                yield f"{subject.where(source.path, line)} imports {module}"
            elif module.startswith(f"{API}.testing"):
                yield f"{subject.where(source.path, line)} imports {module}, which is for tests"
            elif _other_plugin(module, top):
                yield f"{subject.where(source.path, line)} imports {module}"


def _other_plugin(module: str, top: str) -> bool:
    package = module.partition(".")[0]
    if package == top or not package.startswith("kanade_host_"):
        return False
    return module != f"{package}.api" and not module.startswith(f"{package}.api.")


def _imported(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree) if source.tree is not None else ():
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


@rule(
    "hooks",
    Grade.BRONZE,
    "it imports, and its hooks are as specified and return what they must",
    reason="What one hook raises keeps the whole plugin out.",
    repair="Run `kanade-host plugins NAME` for phase and reason; docs/plugins.md lists every hook.",
    needs="source",
)
def hooks(subject: Subject) -> Iterator[str]:
    for source in subject.sources:
        if source.tree is None:
            yield f"{subject.where(source.path)}, {source.error}"
    state = subject.state
    if state is not None and state.phase == "failed" and state.failed_in != "found":
        yield f"{state.failed_in}: {state.reason}"


@rule(
    "routes",
    Grade.BRONZE,
    "its routes can be served and none is there already",
    reason="Of two routes that match one request, only one can answer.",
    repair="Put routes under /api/NAME/, with parameters that its handler reads.",
)
def routes(subject: Subject) -> Iterator[str]:
    loaded = subject.collected
    if loaded is None:
        return
    bad = unservable([loaded])
    yield from (one.reason for one in bad or clashing([*subject.others, loaded]))


@rule(
    "names",
    Grade.BRONZE,
    "everything that it names begins with its own name",
    reason="Names are how two plugins that know nothing of each other keep apart.",
    repair="Rename: routes /api/NAME/…, permissions and projections NAME.…, durables and resources NAME_….",
)
def names(subject: Subject) -> Iterator[str]:
    loaded = subject.collected
    if loaded is not None:
        yield from (one.reason for one in misnamed([loaded]))


@rule(
    "tables",
    Grade.BRONZE,
    "its migrations run, and what they create is its own",
    reason="A start with a migration that fails leaves the plugin out.",
    repair="Name tables, indexes and triggers NAME_…; plain SQL, one file a step, named 0001_what.sql.",
)
def tables(subject: Subject) -> Iterator[str]:
    item = migrations_of(subject.collected)
    if item is not None:
        found = inspect([item])[item.plugin]
        if isinstance(found, MigrationFailed):
            yield found.reason


def migrations_of(loaded: Loaded | None) -> PluginMigrations | None:
    """Its migrations as the store wants them."""
    if loaded is None or loaded.migrations is None:
        return None
    given = loaded.migrations
    return PluginMigrations(loaded.name, given.folder, given.kept, loaded.state.manifest.foreign)


@rule(
    "permissions",
    Grade.BRONZE,
    "every route names a permission",
    reason="A route without one is public: whoever reaches the port may call it.",
    repair="Give it a Permission; where it has to be public, allow it in pyproject.toml and say why.",
)
def permissions(subject: Subject) -> Iterator[str]:
    for route in subject.collected.routes if subject.collected else ():
        if route.permission is None:
            yield f"{route.method} {route.path} names no permission"


@rule(
    "audits",
    Grade.BRONZE,
    "every route that changes something names the audit actions it leaves",
    reason="Who changed what must be answerable later.",
    repair='audits=("NAME_did",) and request.audit("NAME_did", …); a permission NAME.read if it only reads.',
)
def audits(subject: Subject) -> Iterator[str]:
    for route in subject.collected.routes if subject.collected else ():
        # A question may be too long for an address, and is a POST then; nothing else that writes only reads.
        permission = route.permission
        reads = route.method == "POST" and permission is not None and permission.name.endswith(".read")
        if route.method in _WRITING and not route.audits and not reads:
            yield f"{route.method} {route.path} names no audit action"
