"""Commands that look: at the configuration, the plugins, the database. No host runs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kanade_host.cli import main
from kanade_host.cli.env import base_url
from kanade_host.cli.output import printable
from kanade_host.store.database import Database

Installation = Any


def read(answer: tuple[int, str, str]) -> Any:
    status, out, err = answer
    assert (status, err) == (0, "")
    return json.loads(out)


class TestConfig:
    def test_a_good_one(self, installation: Installation) -> None:
        status, out, _ = installation.run("config", "check")
        assert status == 0
        assert out.startswith(f"{installation.config}: good\n")
        assert "broker   embedded" in out

    @pytest.mark.parametrize("extra", ["only = []\n[log.x]\n[vars]\na = '1'", 'disabled = ["nobody"]'])
    def test_warnings_are_no_problem(self, installation: Installation, extra: str) -> None:
        installation.write(extra)
        found = read(installation.run("config", "check", "--json"))
        assert found["problems"] == []
        assert found["warnings"]

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("127.0.0.1:", "nowhere", "[server] bind = 'nowhere"),
            ('"info"', '"x=loud"', "[log] level: ignoring `x=loud`"),
            ("backend.db", "backend.db?mode=ro", "mode=ro"),
            ("[broker]", "[nats]\nurl = 'http://broker'\n[broker]", "scheme 'http' is none of nats"),
        ],
    )
    def test_values_that_cannot_be_used(
        self, installation: Installation, old: str, new: str, said: str
    ) -> None:
        installation.config.write_text(installation.config.read_text().replace(old, new))
        status, out, _ = installation.run("config", "check")
        assert status == 1
        assert "cannot be used" in out
        assert said in out

    def test_a_broken_one_is_an_error(self, installation: Installation) -> None:
        installation.write("disbaled = []")
        status, out, err = installation.run("config", "check")
        assert (status, out) == (1, "")
        assert "did you mean `disabled`?" in err

    def test_a_plugin_that_is_not_there_is_named_with_a_suggestion(self, installation: Installation) -> None:
        installation.write('disabled = ["resluts"]')
        _, out, _ = installation.run("config", "check")
        assert "[plugins] names 'resluts', which is not installed; did you mean 'results'?" in out

    @pytest.mark.parametrize("words", [("config", "check"), ("config", "show"), ("config", "show", "--json")])
    def test_a_password_in_a_url_is_not_shown(
        self, installation: Installation, words: tuple[str, ...]
    ) -> None:
        installation.write(before='[nats]\nurl = "nats://me:hunter2hunter2@broker:4222"')
        status, out, _ = installation.run(*words)
        assert status == 0
        assert "nats://***@broker:4222" in out
        assert "hunter2" not in out

    def test_show_says_where_the_token_of_the_embedded_broker_is(self, installation: Installation) -> None:
        _, out, _ = installation.run("config", "show")
        token = installation.folder / "nats" / "token"
        assert f"#   NATS token: the embedded broker's own, in {token} " in out

    def test_show_is_toml_and_names_origins(self, installation: Installation) -> None:
        installation.write('only = []\n[plugins.x]\napi_token = "hunter2hunter2"')
        status, out, _ = installation.run("config", "show")
        assert status == 0
        assert tomllib.loads(out)["log"]["keep_days"] == 14
        assert f"# {installation.config}" in out
        assert "keep_days = 14  # default" in out
        assert "hunter2" not in out

    def test_show_says_where_secrets_are_but_not_what(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KANADE_JWT_SECRET", "hunter2hunter2")
        found = read(installation.run("config", "show", "--json"))
        assert found["secrets"]["JWT secret"] == "KANADE_JWT_SECRET"
        assert found["secrets"]["service token"] is None
        assert found["values"]["server.bind"]["from"] == str(installation.config)
        assert "hunter2" not in json.dumps(found)


class TestPlugins:
    def test_what_would_be_loaded(self, installation: Installation) -> None:
        found = read(installation.run("plugins", "--json"))
        assert "no host runs here" in found["source"]
        assert {one["state"] for one in found["plugins"]} <= {"disabled"}

    def test_one_that_is_not_there(self, installation: Installation) -> None:
        status, _, err = installation.run("plugins", "nobody")
        assert status == 1
        assert "no plugin 'nobody' is installed" in err

    def test_without_a_configuration_it_says_so(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("kanade_host.config.discovery.config_dir", lambda environ: tmp_path)
        assert main(["plugins"]) == 0
        assert "no backend.toml was found" in capsys.readouterr().out

    def test_a_configuration_of_the_environment_that_cannot_be_read_is_an_error(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("KANADE_BACKEND_CONFIG", str(tmp_path / "missing.toml"))
        assert main(["plugins"]) == 1
        assert "missing.toml" in capsys.readouterr().err

    @pytest.mark.parametrize("words", [["plugins"], ["config", "check"], ["db", "status"], ["env"]])
    def test_a_demo_that_is_not_there(
        self, words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        folder = tmp_path / "results"  # as in `plugins --demo results`
        assert main([*words, "--demo", str(folder)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert f"there is no demo in {folder}: kanade-host demo --data {folder} makes one" in captured.err


class TestDb:
    @pytest.mark.parametrize("words", [("db", "status"), ("db", "check"), ("dead-letters", "list")])
    def test_a_file_that_is_no_database(self, installation: Installation, words: tuple[str, str]) -> None:
        (installation.folder / "backend.db").write_bytes(b"this is no database " * 500)
        status, _, err = installation.run(*words)
        assert status == 1
        assert "is damaged or no SQLite database" in err

    @pytest.mark.parametrize("words", [("db", "status"), ("db", "check"), ("projection", "list")])
    def test_without_a_database_it_says_what_makes_one(
        self, installation: Installation, words: tuple[str, str]
    ) -> None:
        status, _, err = installation.run(*words)
        assert status == 1
        assert "does not exist yet" in err

    def test_migrate_status_check(self, installation: Installation) -> None:
        assert read(installation.run("db", "migrate", "--json"))["failed"] == {}
        found = read(installation.run("db", "status", "--json"))["migrations"]
        assert {(one["plugin"], one["state"]) for one in found} == {("host", "applied")}
        assert read(installation.run("db", "check", "--deep", "--json"))["problems"] == []
        status, out, _ = installation.run("db", "status")
        assert status == 0
        assert "0001" in out

    def test_migrate_refuses_while_somebody_else_writes(self, installation: Installation) -> None:
        database = Database.open(str(installation.folder / "backend.db"))
        try:
            status, _, err = installation.run("db", "migrate")
        finally:
            database.close()
        assert status == 1
        assert "is in use by process" in err


class TestEnv:
    def test_before_the_first_start(self, installation: Installation) -> None:
        _, _, err = installation.run("env")
        assert "start the host once" in err
        found = read(installation.run("env", "--json"))
        assert found == {
            "KANADE_BACKEND_URL": installation.url,
            "KANADE_NATS_URL": None,
            "KANADE_NATS_TOKEN": None,
            "KANADE_AUTH_TOKEN": None,
        }

    def test_before_the_first_start_with_a_fixed_port(self, installation: Installation) -> None:
        installation.config.write_text(installation.config.read_text().replace("port = 0", "port = 4222"))
        _, out, err = installation.run("env")
        assert "KANADE_NATS_TOKEN" not in out
        assert "has no token yet: start the host once" in err

    def test_a_broker_that_is_configured(
        self, installation: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installation.write(before='[nats]\nurl = "nats://broker:4222"')
        monkeypatch.setenv("KANADE_NATS_TOKEN", "it's secret")
        _, out, _ = installation.run("env")
        assert "export KANADE_NATS_URL=nats://broker:4222\n" in out
        assert "export KANADE_NATS_TOKEN='it'\"'\"'s secret'\n" in out

    @pytest.mark.parametrize(
        ("bind", "url"),
        [
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:80", "http://127.0.0.1:80"),
            ("[::1]:80", "http://[::1]:80"),
            ("kanade.example:80", "http://kanade.example:80"),
            ("127.0.0.1:0", None),
        ],
    )
    def test_base_url(self, bind: str, url: str | None) -> None:
        assert base_url(bind) == url


def test_text_from_agents_does_not_reach_the_terminal_raw() -> None:
    assert printable("a\x1b[31mb\u202e\u00e9") == "a\\x1b[31mb\\u202e\u00e9"
