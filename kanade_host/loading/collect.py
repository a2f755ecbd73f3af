"""Import plugins and call their hooks, each by itself: what one raises is that plugin's failure alone."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pluggy
import structlog

from kanade_host.loading.state import PluginState
from kanade_host.plugin import hooks
from kanade_host.plugin.deprecation import KanadeDeprecationWarning
from kanade_host.plugin.migrations import Migrations
from kanade_host.plugin.pages import Page
from kanade_host.plugin.resources import Bucket, ObjectStore, Resource, Stream
from kanade_host.plugin.routes import Route
from kanade_host.plugin.settings import Settings
from kanade_host.plugin.subscriptions import Projection, Samples, Subscription, Watch

log = structlog.get_logger("kanade_host.loading")


@dataclass(slots=True)
class Loaded:
    """A plugin that is imported, with what its hooks returned."""

    state: PluginState
    module: Any
    settings: Settings | None = None
    migrations: Migrations | None = None
    resources: list[Resource] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    site: Path | None = None

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def web(self) -> Path | None:
        """The folder `web/` beside the module, with what its pages are made of; None without one."""
        file = getattr(self.module, "__file__", None)
        folder = Path(file).parent / "web" if file else None
        return folder if folder is not None and folder.is_dir() else None


@contextlib.contextmanager
def noting_deprecations(state: PluginState) -> Iterator[None]:
    """Note in the state, and log, what of the API the plugin uses that is going."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", KanadeDeprecationWarning)
        yield
    for one in caught:
        if issubclass(one.category, KanadeDeprecationWarning):
            text = str(one.message)
            if text in state.deprecations:
                continue  # an import asks for a name more than once
            state.deprecations.append(text)
            log.warning("deprecated", plugin=state.name, text=text)
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


class Rejected(Exception):
    """What a hook returned cannot be used; the text is for the author of the plugin."""


def manager() -> pluggy.PluginManager:
    """A pluggy manager that knows the hooks."""
    made = pluggy.PluginManager(hooks.PROJECT)
    made.add_hookspecs(hooks)
    return made


def load(state: PluginState, plugins: pluggy.PluginManager, table: dict[str, Any]) -> Loaded | None:
    """Import one plugin and collect its data; None when it failed (its state says in which phase)."""
    try:
        with noting_deprecations(state):
            module = importlib.import_module(state.manifest.module)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        state.fail("import", f"{type(error).__name__}: {error}")
        return None
    return adopt(state, module, plugins, table)


def adopt(
    state: PluginState, module: Any, plugins: pluggy.PluginManager, table: dict[str, Any]
) -> Loaded | None:
    """Register an imported module and collect its data."""
    try:
        with noting_deprecations(state):
            plugins.register(module, state.name)
            plugins.check_pending()
    except Exception as error:
        if plugins.has_plugin(state.name):
            plugins.unregister(name=state.name)
        state.fail("import", f"a hook is not as specified: {error}")
        return None
    state.enter("imported")
    loaded = Loaded(state, module)
    try:
        _collect(loaded, plugins, table)
    except Rejected as error:
        state.fail("checked", str(error))
        return None
    _note_contributions(loaded)
    return loaded


def call(plugins: pluggy.PluginManager, plugin: str, hook: str, **arguments: Any) -> Any:
    """Call one plugin's implementation of a hook; None when it has none. Raises `Rejected`."""
    caller = getattr(plugins.hook, hook)
    for implementation in caller.get_hookimpls():
        if implementation.plugin_name != plugin:
            continue
        try:
            result = implementation.function(*(arguments[name] for name in implementation.argnames))
        except Exception as error:
            raise Rejected(f"{hook} raised {type(error).__name__}: {error}") from error
        if inspect.iscoroutine(result):
            result.close()
            raise Rejected(f"{hook} must not be async: it returns data")
        return result
    return None


def _collect(loaded: Loaded, plugins: pluggy.PluginManager, table: dict[str, Any]) -> None:
    name = loaded.name
    kind = call(plugins, name, "kanade_settings")
    loaded.settings = _settings(name, kind, table)
    migrations = call(plugins, name, "kanade_migrations")
    if migrations is not None and not isinstance(migrations, Migrations):
        raise Rejected(f"kanade_migrations returned {type(migrations).__name__}, not Migrations")
    loaded.migrations = migrations
    loaded.resources = _listed(plugins, loaded, "kanade_resources", (Stream, Bucket, ObjectStore))
    loaded.subscriptions = _listed(plugins, loaded, "kanade_subscriptions", (Projection, Samples, Watch))
    loaded.routes = _listed(plugins, loaded, "kanade_routes", (Route,))
    loaded.pages = _listed(plugins, loaded, "kanade_pages", (Page,))
    _check_pages(loaded)
    loaded.site = _site(call(plugins, name, "kanade_site", settings=loaded.settings))


def _listed(plugins: pluggy.PluginManager, loaded: Loaded, hook: str, kinds: tuple[type, ...]) -> list[Any]:
    found = list(call(plugins, loaded.name, hook, settings=loaded.settings) or ())
    for one in found:
        if not isinstance(one, kinds):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise Rejected(f"{hook} returned {one!r}, which is no {wanted}")
    return found


def _check_pages(loaded: Loaded) -> None:
    for page in loaded.pages:
        if page.module is not None and (loaded.web is None or not (loaded.web / page.module).is_file()):
            raise Rejected(f"page {page.id!r}: there is no file web/{page.module} beside the plugin's module")


def _site(folder: Any) -> Path | None:
    if folder is None:
        return None
    if not isinstance(folder, Path):
        raise Rejected(f"kanade_site returned {folder!r}, which is no Path")
    if not folder.is_dir():
        raise Rejected(f"the folder of the web interface, {folder}, is not there: build it, or correct dist")
    return folder


def _settings(name: str, kind: Any, table: dict[str, Any]) -> Settings | None:
    if kind is None:
        if table:
            raise Rejected(f"[plugins.{name}] has keys, but the plugin has no settings: {', '.join(table)}")
        return None
    if not (isinstance(kind, type) and issubclass(kind, Settings)):
        raise Rejected(f"kanade_settings returned {kind!r}, not a subclass of Settings")
    known = [one.encode_name for one in msgspec.structs.fields(kind)]
    for key in table:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(known) or 'none'}"
            raise Rejected(f"[plugins.{name}] has an unknown key {key!r}{hint}")
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise Rejected(f"[plugins.{name}]: {error}") from error


def _note_contributions(loaded: Loaded) -> None:
    contributes = loaded.state.contributes
    contributes["routes"] = [f"{route.method} {route.path}" for route in loaded.routes]
    contributes["pages"] = [page.id for page in loaded.pages]
    for one in loaded.subscriptions:
        kind = type(one).__name__.lower()
        name = one.bucket if isinstance(one, Watch) else one.name
        contributes.setdefault(kind, []).append(name)
