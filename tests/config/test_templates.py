"""The template language, against host.md 3.3."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.config import ConfigError
from kanade_host.config.templates import Renderer

ENVIRON = {"X": "value", "EMPTY": ""}
VARS: dict[str, Any] = {
    "base": "/srv",
    "list": ["b", "a"],
    "on": True,
    "deep": {"er": "found"},
    "win": "C:\\temp",
}

RENDERED = {
    "{{ env(name='X') }}": "value",
    "{{ env(name='EMPTY', default='d') }}": "",
    "{{ env(name='NOPE', default='d') }}": "d",
    '{{ env(name="NOPE", default=5) }}': "5",
    "{{ get_env(name='X') }}": "value",
    "{{ vars.base }}/log": "/srv/log",
    "{{ vars.deep.er }}{{ vars['base'] }}": "found/srv",
    "{{ vars.on }} {{ 1 == 2 }}": "true false",
    "{{ vars.list }}": "[b, a]",
    "{{ vars.win }}": "C:\\temp",
    '{{ "C:\\temp\\new" }}': "C:\\temp\\new",
    "{{ 'it' ~ `s \"ok\"` }}": 'its "ok"',
    "{{ 'a' | upper }}{{ ' b ' | trim }}": "Ab",
    "{{ 'foobar' | hash }}": "9625390261332436968",
    "{{ 8007 | port_offset(start=1000, range=10) }}": "1007",
    "{{ 'a-b' | replace(from='-', to='+') }}": "a+b",
    "{{ vars.list | sort | join(sep='/') }}": "a/b",
    "{{ nope | default(value='d') }}": "d",
    "{% if vars.nope is defined %}a{% else %}b{% endif %}": "b",
    "{% if is_windows() %}w{% elif is_linux() or is_mac() %}u{% endif %}": "u",
    "{% for i in range(end=3) %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}": "0,1,2",
    "{% set a = 3 %}{{ a * 2 + 1 }}": "7",
    "{% raw %}{{ untouched }}{% endraw %}": "{{ untouched }}",
    "{# a comment with {{ nope }} #}x": "x",
    "a\r\n{{ 1 }}": "a\n1",
    "x {%- if true %} y{% endif %}": "x y",
    "{{ 'x.toml' is ending_with('toml') }}": "true",
}

FAILING = {
    "{{ nope }}": "Failed to render '__tera_one_off': Variable `nope` not found in context while rendering"
    " '__tera_one_off'",
    "{{ vars.nope }}": "Failed to render '__tera_one_off': Variable `vars.nope` not found in context while"
    " rendering '__tera_one_off'",
    "{{ env(name='NOPE') }}": "env(): environment variable 'NOPE' is not set and no default was provided",
    "{{ bash(command='id') }}": "Function 'bash' not found",
    "{{ 'a' | center }}": "Filter 'center' not found",
    "{{ ": "Failed to parse '__tera_one_off': ",
    "{% if %}": "Failed to parse '__tera_one_off': ",
    "{% include 'other' %}": "Failed to render '__tera_one_off': ",
    "{{ throw(message='no way') }}": "no way",
    # what could hold the start up, or reach beyond the template
    "{{ range(end=1000000000) }}": "range(): more than 10000 numbers",
    "{{ 'a' * 1000000000 }}": "`*` is only for numbers",
    "{{ 9 ** 99999999 }}": "there is no operator `**`",
    "{{ 'a'.ljust(1000000000) }}": "only functions and macros can be called",
    "{{ ''.__class__.__mro__ }}": "Variable `__class__` not found",
    "{{ env.__globals__ }}": "not found",
    "{{ '%999999999d' % 1 }}": "`%` is only for numbers",
}


@pytest.mark.parametrize("text", RENDERED)
def test_rendered(text: str) -> None:
    assert Renderer(ENVIRON).render(text, VARS, "f.toml") == RENDERED[text]


@pytest.mark.parametrize("text", FAILING)
def test_failing(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Renderer(ENVIRON).render(text, VARS, "f.toml")
    assert str(caught.value).startswith("template render failed: f.toml: Failed to ")
    assert FAILING[text] in str(caught.value)


def test_system_facts_are_there() -> None:
    text = Renderer({"USER": "ann"}).render(
        "{{ system.os }} {{ system.arch }} {{ system.user }} {{ system.host }}", {}, "f"
    )
    assert text.split()[0] in ("linux", "windows", "macos")
    assert text.split()[2] == "ann"


def test_output_is_bounded() -> None:
    long = {"text": "x" * 3_000_000}
    with pytest.raises(ConfigError, match="longer than"):
        Renderer({}).render("{{ vars.text }}{{ vars.text }}", long, "f")
