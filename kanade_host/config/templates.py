"""The template language of `backend.toml`: Tera as upstream has it, on a bounded Jinja2 sandbox.

What differs between the two is dealt with here: string literals (Tera knows no escape sequences, so
`"C:\\temp"` is what it looks like), `true` and `false`, named arguments, the words of errors. Only
Tera's own functions and filters exist, no method of any object can be called, and ranges, output and
products are bounded: a slip in the file is an error, not a hang.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError
from jinja2.exceptions import SecurityError, TemplateError, UndefinedError
from jinja2.runtime import Macro
from jinja2.sandbox import SandboxedEnvironment

from kanade_host.config.errors import ConfigError
from kanade_host.config.filters import FILTERS, TESTS
from kanade_host.config.functions import functions, system

OUTPUT_LIMIT = 4 * 1024 * 1024
_NAME = "'__tera_one_off'"
_BLOCK = re.compile(
    r"\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL
)
_LITERAL = re.compile(r'"[^"]*"|\'[^\']*\'|`[^`]*`')
_RAW = re.compile(r"\{%-?\s*raw\b")


class Scope(dict[str, Any]):
    """A mapping that knows its name, so that an error can say `vars.nope` as upstream does."""

    def __init__(self, path: str, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.path = path
        for key, value in values.items():
            self[key] = Scope(f"{path}.{key}", value) if isinstance(value, dict) else value


class _Undefined(StrictUndefined):
    """An undefined variable is an error in upstream's words."""

    @property
    def _undefined_message(self) -> str:
        owner = getattr(self._undefined_obj, "path", None)
        name = f"{owner}.{self._undefined_name}" if owner else str(self._undefined_name)
        return f"Variable `{name}` not found in context while rendering {_NAME}"


class _Environment(SandboxedEnvironment):
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def is_safe_callable(self, obj: Any) -> bool:
        """Only what we hand out and the file's own macros; no methods of values."""
        return isinstance(obj, Macro) or getattr(obj, "of_tera", False)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(obj, _Undefined):
            raise UndefinedError(f"Function '{obj._undefined_name}' not found")
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = all(isinstance(side, (int, float)) for side in (left, right))
        if operator in ("**", "//"):
            raise SecurityError(f"there is no operator `{operator}`")
        if not numbers:
            raise SecurityError(f"`{operator}` is only for numbers")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Keys of mappings and indexes of arrays, nothing else."""
        if isinstance(obj, dict):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


def _text(value: Any) -> Any:
    """How Tera writes a value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(str(_text(item)) for item in value) + "]"
    if isinstance(value, dict):
        return "[object]"
    return value


def _environment(environ: Mapping[str, str]) -> _Environment:
    env = _Environment(
        undefined=_Undefined,
        finalize=_text,
        keep_trailing_newline=True,
        autoescape=False,
        extensions=["jinja2.ext.loopcontrols"],
    )
    env.globals.clear()
    env.globals.update(functions(environ))
    env.filters = dict(FILTERS)
    env.tests = {**{name: env.tests[name] for name in ("defined", "undefined")}, **TESTS}
    return env


def _jinja_literals(text: str) -> str:
    """Rewrite Tera's string literals inside template blocks for Jinja's grammar."""

    def literal(found: re.Match[str]) -> str:
        body = found[0][1:-1].replace("\\", "\\\\").replace('"', '\\"')
        return f'"{body}"'

    def block(found: re.Match[str]) -> str:
        if found[0].startswith("{#") or _RAW.match(found[0]):
            return found[0]
        return _LITERAL.sub(literal, found[0])

    return _BLOCK.sub(block, text)


class Renderer:
    """Renders texts of one configuration: one environment, one bounded amount of work."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self._env = _environment(self._environ)
        self._system = Scope("system", system(self._environ))

    def render(self, text: str, variables: Mapping[str, Any], where: str) -> str:
        """The rendered text. Raises `ConfigError` with upstream's words; `where` names the file."""
        if "{" not in text:
            return text
        prefix = f"template render failed: {where}: Failed to "
        try:
            template = self._env.from_string(_jinja_literals(text))
        except TemplateSyntaxError as error:
            raise ConfigError(f"{prefix}parse {_NAME}: line {error.lineno}: {_words(error)}") from None
        except TemplateError as error:
            raise ConfigError(f"{prefix}parse {_NAME}: {error}") from None
        scope = {"vars": Scope("vars", variables), "system": self._system}
        try:
            return self._bounded(template.generate(scope))
        except RecursionError:
            raise ConfigError(f"{prefix}render {_NAME}: nested too deeply") from None
        except Exception as error:  # a filter may raise anything on a value that it was not made for
            raise ConfigError(f"{prefix}render {_NAME}: {_words(error)}") from None

    @staticmethod
    def _bounded(pieces: Iterable[str]) -> str:
        kept: list[str] = []
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > OUTPUT_LIMIT:
                raise SecurityError(f"the rendered text is longer than {OUTPUT_LIMIT} characters")
            kept.append(piece)
        return "".join(kept)


def _words(error: Exception) -> str:
    text = (error.message or "") if isinstance(error, TemplateSyntaxError) else str(error)
    found = re.fullmatch(r"No (filter|test) named '(\w+)'.*", text)
    if found:
        return f"{found[1].capitalize()} '{found[2]}' not found"
    if "is not safely callable" in text:
        return "only functions and macros can be called, no methods of values"
    return text or type(error).__name__
