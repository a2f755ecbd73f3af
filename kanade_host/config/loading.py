"""Load a configuration, with upstream's chain of errors (host.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kanade_host.config.decoding import decode
from kanade_host.config.documents import Documents
from kanade_host.config.errors import ConfigError
from kanade_host.config.model import Config


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in that file. Raises `ConfigError`."""
    documents = Documents(environ)
    try:
        table = documents.read(path)
    except ConfigError as error:
        raise error.within(f'teravars load_merged: "{path}"').within(f'load config from "{path}"') from None
    try:
        return decode(table, path, documents.origins)
    except ConfigError as error:
        chain = error.within(f'decode config from "{path}"')
        raise chain.within(f'load config from "{path}"') from None


def load_text(text: str, name: str = "<text>", environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in a text, as `demo` and tests have it; includes count from here."""
    documents = Documents(environ)
    return decode(documents.read_text(text, name, Path.cwd()), None, documents.origins)
