"""From a file to the configuration: decoding, defaults, warnings, chains of errors (host.md 3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kanade_host.config import Broker, ConfigError, load, load_text

GOOD = """
[server]
bind = "0.0.0.0:8080"
[nats]
url = "nats://127.0.0.1:4222"
[db]
sqlite_path = "./backend.db"
[log]
path = "logs/backend.log"
level = "info"
"""


def test_a_typical_file() -> None:
    config = load_text(GOOD)
    assert config.server.bind == "0.0.0.0:8080"
    assert config.nats.url == "nats://127.0.0.1:4222"
    assert (config.log.keep_days, config.log.format) == (14, "text")
    assert not config.embedded
    assert config.broker == Broker()
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("broker", "with_url", "embedded"),
    [
        ("", True, False),
        ("", False, True),
        ("[broker]\nembedded = true", True, True),
        ("[broker]\nembedded = true", False, True),
        ("[broker]\nembedded = false", True, False),
        ('[broker]\nembedded = "auto"', False, True),
    ],
)
def test_which_broker(broker: str, with_url: bool, embedded: bool) -> None:
    text = GOOD if with_url else GOOD.replace('[nats]\nurl = "nats://127.0.0.1:4222"\n', "")
    assert load_text(text + broker).embedded is embedded


BROKEN = {
    "": "missing field `server`",
    "[server]\n": "missing field `bind`\nin `server`",
    "[server]\nbind = 5": "invalid type: integer `5`, expected a string\nin `server.bind`",
    'server = "x"': 'invalid type: string "x", expected struct\nin `server`',
    GOOD + "keep_days = -1": "invalid value: integer `-1`, expected usize\nin `log.keep_days`",
    GOOD + "keep_days = 1.5": "invalid type: floating point `1.5`, expected usize\nin `log.keep_days`",
    GOOD + "keep_days = true": "invalid type: boolean `true`, expected usize\nin `log.keep_days`",
    GOOD + 'format = "xml"': 'invalid value: string "xml", expected "text" or "json"\nin `log.format`',
    GOOD + "[broker]\nexpsoe = true": "unknown key `expsoe` in [broker]; did you mean `expose`?",
    GOOD + "[broker]\nport = 70000": "in `broker.port`",
    GOOD + '[broker]\nembedded = "maybe"': "in `broker.embedded`",
    GOOD + "[plugins]\ndisbaled = []": "unknown key `disbaled` in [plugins]; did you mean `disabled`?",
    GOOD + '[plugins]\ndisabled = "audit"': "in `plugins.disabled`",
    GOOD + "[plugins.strict]\na = 1": "in `plugins.strict`",
    GOOD + "[plugins]\nstart_seconds = 0": "in `plugins.start_seconds`",
    GOOD + '[plugins]\nonly = ["a"]\ndisabled = ["b"]': "both `only` and `disabled`",
    GOOD.replace("[nats]", "[natz]") + "[broker]\nembedded = false": "missing field `nats`",
}


@pytest.mark.parametrize("text", BROKEN)
def test_broken(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text)
    assert BROKEN[text] in str(caught.value)


def test_unknown_keys_of_upstreams_sections_are_warnings_with_a_suggestion() -> None:
    config = load_text(GOOD + "keep_dayz = 3\n[loging]\nx = 1\n[vars]\nfree = 1\n")
    assert config.warnings == (
        "unknown key `keep_dayz` in [log]; did you mean `keep_days`? (ignored)",
        "unknown section [loging] is ignored; did you mean `log`?",
    )


def test_tables_of_plugins_are_handed_on_raw() -> None:
    config = load_text(GOOD + '[plugins]\nstrict = true\n[plugins.results]\na = 1\n[plugins.x]\nb = ["c"]')
    assert config.plugins.strict
    assert config.plugins.tables == {"results": {"a": 1}, "x": {"b": ["c"]}}


@pytest.mark.parametrize(
    ("body", "causes"),
    [
        (None, ['teravars load_merged: "{path}"', "{path}: No such file or directory (os error 2)"]),
        (
            "[server]\nbind = '{{ nope }}'",
            [
                'teravars load_merged: "{path}"',
                "template render failed: {path}: Failed to render '__tera_one_off': Variable `nope` not",
            ],
        ),
        ("[vars]\na = {{ x }}", ['teravars load_merged: "{path}"', "vars extraction failed: "]),
        ("server = ", ['teravars load_merged: "{path}"', "vars extraction failed: {path}: "]),
        ("[nats]\nurl = 'x'", ['decode config from "{path}"', "missing field `server`"]),
    ],
)
def test_the_chain_of_errors(tmp_path: Path, body: str | None, causes: list[str]) -> None:
    path = tmp_path / "backend.toml"
    if body is not None:
        path.write_text(body)
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert caught.value.text == f'load config from "{path}"'
    assert len(caught.value.causes) == len(causes)
    for found, wanted in zip(caught.value.causes, causes):
        assert found.startswith(wanted.replace("{path}", str(path)))


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "backend.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path, {}).db.sqlite_path == "./backend.db"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(path, {})


def test_vars_refer_to_each_other() -> None:
    text = """
[vars]
root = '{{ env(name="ROOT", default="/srv") }}'
logs = '{{ vars.root }}/logs'
[vars.deep]
file = '{{ vars.logs }}/backend.log'
"""
    config = load_text(text + GOOD.replace('"logs/backend.log"', '"{{ vars.deep.file }}"'), environ={})
    assert config.log.path == "/srv/logs/backend.log"
    assert config.warnings == ()


def test_vars_that_never_settle() -> None:
    with pytest.raises(ConfigError, match="did not converge after 10 iterations"):
        load_text("[vars]\na = 'x{{ vars.a }}'\n" + GOOD, environ={})


def test_blocks_are_outside_of_what_is_read_before_rendering() -> None:
    text = "{% if is_windows() %}\n[vars]\na = broken\n{% else %}\n{% endif %}\n" + GOOD
    assert load_text(text, environ={}).server.bind == "0.0.0.0:8080"


class TestIncludes:
    def test_the_including_file_wins_and_arrays_append(self, tmp_path: Path) -> None:
        (tmp_path / "base.toml").write_text(GOOD + '[vars]\nport = "1"\n[plugins]\ndisabled = ["a"]\n')
        main = tmp_path / "backend.toml"
        main.write_text(
            'include = ["{{ env(name=\'WHICH\') }}.toml"]\n[server]\nbind = "127.0.0.1:{{ vars.port }}"\n'
            '[plugins]\ndisabled = ["b"]\n'
        )
        config = load(main, {"WHICH": "base"})
        assert config.server.bind == "127.0.0.1:1"
        assert config.plugins.disabled == ("a", "b")
        assert config.origins["server.bind"] == str(main)
        assert config.origins["db.sqlite_path"] == str(tmp_path / "base.toml")

    def test_a_file_that_includes_itself(self, tmp_path: Path) -> None:
        main = tmp_path / "backend.toml"
        main.write_text('[teravars]\ninclude = ["backend.toml"]\n' + GOOD)
        with pytest.raises(ConfigError, match="include cycle detected at: "):
            load(main, {})

    def test_two_ways_to_include(self, tmp_path: Path) -> None:
        main = tmp_path / "backend.toml"
        main.write_text('include = ["a"]\n[teravars]\ninclude = ["b"]\n')
        with pytest.raises(ConfigError, match="conflicting include directives: both root `include` and"):
            load(main, {})

    def test_a_skeleton_that_is_no_toml_has_no_includes(self, tmp_path: Path) -> None:
        main = tmp_path / "backend.toml"
        main.write_text('include = ["missing.toml"]\n' + GOOD + "keep_days = {{ 3 }}\n")
        assert load(main, {}).log.keep_days == 3
