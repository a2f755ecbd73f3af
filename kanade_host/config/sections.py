"""From a table of the configuration to a struct, with errors that name the key and suggest the right one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from kanade_host.config.errors import ConfigError

S = TypeVar("S", bound=msgspec.Struct)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean `x`?`, or the list of what there is."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean `{close[0]}`?"
    return (
        f"; there {'are' if len(known) != 1 else 'is'}: {', '.join(known)}" if known else "; it takes no keys"
    )


def unknown(section: str, key: str, known: Iterable[str]) -> str:
    """What is said of a key that nobody reads."""
    return f"unknown key `{key}` in [{section}]{suggestion(key, known)}"


def described(value: Any) -> str:
    """A TOML value as upstream's errors name it."""
    match value:
        case bool():
            return f"boolean `{str(value).lower()}`"
        case int():
            return f"integer `{value}`"
        case float():
            return f"floating point `{value}`"
        case str():
            return f'string "{value}"'
        case list():
            return "sequence"
        case _:
            return "map"


def decode_section(table: Mapping[str, Any], struct: type[S], section: str) -> S:
    """An instance of `struct` from `[section]`: no unknown keys, no coercion.

    Raises `ConfigError` that names every unknown key, or the first value of a wrong type.
    """
    fields = {field.encode_name for field in msgspec.structs.fields(struct)}
    wrong = [unknown(section, key, fields) for key in table if key not in fields]
    if wrong:
        raise ConfigError("; ".join(wrong))
    try:
        return msgspec.convert(dict(table), struct, strict=True)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `$")
        key = path.rstrip("`")
        raise ConfigError(f"{text[:1].lower()}{text[1:]}\nin `{section}{key}`") from None
