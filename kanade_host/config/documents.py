"""From files to one table: includes first, `[vars]` resolved, each file rendered, parsed and merged.

The order is upstream's (host.md 3.3); what each key's file was is kept for `config show`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kanade_host.config.errors import ConfigError
from kanade_host.config.skeleton import read_includes, read_vars
from kanade_host.config.templates import Renderer

PASSES = 10


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge, arrays append, anything else is replaced."""
    result = dict(under)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merge(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            result[key] = [*old, *value]
        else:
            result[key] = value
    return result


def leaves(table: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The dotted keys of all values that are no tables."""
    found = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        found += leaves(value, f"{name}.") if isinstance(value, dict) else [name]
    return found


class Documents:
    """Reads a file and all that it includes."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._renderer = Renderer(environ)
        self._seen: set[Path] = set()
        self._vars: dict[str, Any] = {}
        self._table: dict[str, Any] = {}
        self.origins: dict[str, str] = {}

    def read(self, path: Path) -> dict[str, Any]:
        """The merged table. Raises `ConfigError`."""
        self._file(path)
        return self._finish()

    def read_text(self, text: str, name: str, folder: Path) -> dict[str, Any]:
        """The same for a text that is no file."""
        self._text(text, name, folder)
        return self._finish()

    def _finish(self) -> dict[str, Any]:
        self._vars = self._resolve(self._vars, "vars")
        return self._table

    def _file(self, path: Path) -> None:
        real = path.resolve()
        if real in self._seen:
            raise ConfigError(f"include cycle detected at: {path}")
        self._seen.add(real)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror} (os error {error.errno})") from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: not valid UTF-8 at byte {error.start}") from None
        self._text(text, str(path), path.parent)

    def _text(self, text: str, name: str, folder: Path) -> None:
        for entry in read_includes(text, name):
            self._file(folder / self._renderer.render(entry, {}, name))
        self._vars = merge(self._vars, read_vars(text))
        try:
            self._vars = self._resolve(self._vars, name)
        except ConfigError:
            pass  # what stays unresolved is an error where it is used, or at the end
        rendered = self._renderer.render(text, self._vars, name)
        try:
            table = tomllib.loads(rendered.replace("\r\n", "\n"))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"vars extraction failed: {name}: {error}") from None
        except RecursionError:
            raise ConfigError(f"vars extraction failed: {name}: nested too deeply") from None
        table.pop("include", None)
        table.pop("teravars", None)
        if isinstance(table.get("vars"), dict):
            self._vars = merge(self._vars, table["vars"])
        self._table = merge(self._table, table)
        self.origins.update(dict.fromkeys(leaves(table), name))

    def _resolve(self, variables: dict[str, Any], where: str) -> dict[str, Any]:
        """Render values until none changes any more."""
        for _ in range(PASSES):
            rendered = self._rendered(variables, variables, where)
            if rendered == variables:
                return variables
            variables = rendered
        raise ConfigError(f"vars resolution did not converge after {PASSES} iterations")

    def _rendered(self, value: Any, variables: dict[str, Any], where: str) -> Any:
        if isinstance(value, str):
            return self._renderer.render(value, variables, where)
        if isinstance(value, dict):
            return {key: self._rendered(item, variables, where) for key, item in value.items()}
        if isinstance(value, list):
            return [self._rendered(item, variables, where) for item in value]
        return value
