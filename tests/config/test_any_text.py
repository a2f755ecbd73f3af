"""Whatever stands in the file, the answer is a configuration or a `ConfigError`, and it comes soon."""

from __future__ import annotations

import contextlib
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from kanade_host.config import ConfigError, load_text
from kanade_host.config.templates import Renderer
from kanade_host.observe.directives import parse_lenient, parse_strict

WORDS = (
    "{{ }} {% %} {# #} if endif for endfor raw endraw vars system.os . | upper default(value= ) ("
    " env(name='X') range(end=9) ' \" ` \\ [vars] [server] [ ] = 1 x in bind true ~ + * set macro"
    " is defined not ,"
)
PIECES = st.sampled_from([*WORDS.split(" "), " ", "\n"])
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text(string.printable, max_size=60)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_rendering(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(Renderer({"X": "y"}).render(text, {"x": "1"}, "f"), str)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_loading(text: str) -> None:
    with contextlib.suppress(ConfigError):
        load_text(text, environ={})


@settings(max_examples=300, deadline=None)
@given(st.text("ab:=.,[]{}-_ 01info", max_size=40))
def test_directives(text: str) -> None:
    strict, complaints = parse_strict(text), list[str]()
    lenient = parse_lenient(text, complaints.append)
    assert (strict == lenient) is (not complaints)
