"""Logging as a whole: from a call to a line, on a thread of its own."""

from __future__ import annotations

import io
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog

from kanade_host.config import Log
from kanade_host.observe import logs, unhandled
from kanade_host.observe.logs import setup_console, setup_logging
from kanade_host.observe.writing import Logging
from kanade_host.platform.secrets import remember
from kanade_host.plugin.errors import OperatorError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def made(tmp_path: Path, out: Any, environ: dict[str, str] | None = None, **settings: Any) -> Logging:
    log = Log(path=str(tmp_path / "backend.log"), level=settings.pop("level", "info"), **settings)
    return setup_logging(log, environ=environ or {}, out=out, complain=lambda _: None)


def test_structlog_and_the_standard_library_end_up_in_both_sinks(tmp_path: Path) -> None:
    out = io.StringIO()
    logging_ = made(tmp_path, out)
    structlog.contextvars.bind_contextvars(request_id="r1")
    structlog.get_logger("kanade_host.web").bind(plugin="results").info("hello", n=1)
    logging.getLogger("aiohttp.server").error("odd %s", "thing")
    structlog.get_logger("kanade_host.web").debug("not wanted")
    assert logging_.flush()
    lines = out.getvalue().splitlines()
    assert lines[0].endswith(" INFO kanade_host.web: hello plugin=results n=1 request_id=r1")
    assert lines[1].endswith("ERROR aiohttp.server: odd thing request_id=r1")
    assert len(lines) == 2
    (file,) = tmp_path.glob("backend.*.log")
    assert file.read_text() == out.getvalue()


@pytest.mark.parametrize(
    ("terminal", "environ", "colour"),
    [(True, {}, True), (True, {"NO_COLOR": "1"}, False), (True, {"NO_COLOR": ""}, True), (False, {}, False)],
)
def test_colour_only_on_a_terminal_and_never_in_the_file(
    tmp_path: Path, terminal: bool, environ: dict[str, str], colour: bool
) -> None:
    out = Terminal() if terminal else io.StringIO()
    logging_ = made(tmp_path, out, environ)
    structlog.get_logger("kanade_host").warning("hello")
    logging_.flush()
    assert ("\x1b[" in out.getvalue()) is colour
    (file,) = tmp_path.glob("backend.*.log")
    assert "\x1b[" not in file.read_text()


def test_keep_days_0_writes_no_file(tmp_path: Path) -> None:
    logging_ = made(tmp_path, io.StringIO(), keep_days=0)
    structlog.get_logger("kanade_host").warning("hello")
    logging_.flush()
    assert list(tmp_path.iterdir()) == []


def test_a_path_without_a_name_is_fatal_also_without_a_file() -> None:
    with pytest.raises(OperatorError, match="has no parent dir"):
        setup_logging(Log(path="/", level="info", keep_days=0), out=io.StringIO())


def test_secrets_never_show_not_even_in_tracebacks(tmp_path: Path) -> None:
    out = io.StringIO()
    logging_ = made(tmp_path, out)
    secret = remember("a-secret-of-the-test")
    try:
        raise ValueError(f"cannot use {secret}")
    except ValueError:
        structlog.get_logger("kanade_host").exception("failed", url=f"nats://x:{secret}@h", what=secret)
    logging_.flush()
    assert "ValueError: cannot use ***" in out.getvalue()
    assert secret not in out.getvalue()


def test_what_does_not_fit_is_dropped_and_counted() -> None:
    release = threading.Event()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            release.wait(10)
            return super().write(text)

    out = Slow()
    logging_ = Logging(logs.choose(None, "info", lambda _: None), out=out, limit=5)
    logs._install(logging_, cache=False)
    for number in range(50):
        structlog.get_logger("kanade_host").info("line", number=number)
    release.set()
    logging_.close()
    assert logging_.dropped >= 44
    assert f"log lines were dropped lines={logging_.dropped}" in out.getvalue()


def test_a_sink_that_goes_away_ends_nothing(tmp_path: Path) -> None:
    out = io.StringIO()
    logging_ = made(tmp_path, out)
    out.close()
    structlog.get_logger("kanade_host").info("still in the file")
    assert logging_.flush()
    (file,) = tmp_path.glob("backend.*.log")
    assert "still in the file" in file.read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_once_and_the_file_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    logging_ = made(tmp_path, out)
    file = logging_._file
    assert file is not None
    monkeypatch.setattr(file, "of_day", lambda day: Path("/dev/full"))
    file.close()
    for number in range(5):
        structlog.get_logger("kanade_host").info("line", number=number)
        logging_.flush()
    assert out.getvalue().count("the log file cannot be written") == 1
    assert out.getvalue().count(" line number=") == 5
    monkeypatch.setattr(file, "of_day", lambda day: tmp_path / "good.log")
    logging_._file_again = 0.0
    structlog.get_logger("kanade_host").info("after")
    logging_.flush()
    assert "after" in (tmp_path / "good.log").read_text()


def test_out_level_keeps_the_terminal_calm(tmp_path: Path) -> None:
    out = io.StringIO()
    log = Log(path=str(tmp_path / "backend.log"), level="info")
    logging_ = setup_logging(log, environ={}, out=out, out_level="warn")
    structlog.get_logger("kanade_host").info("calm")
    structlog.get_logger("kanade_host").warning("loud")
    logging_.flush()
    assert "calm" not in out.getvalue()
    assert "loud" in out.getvalue()


def test_a_value_whose_text_raises(tmp_path: Path) -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    out = io.StringIO()
    logging_ = made(tmp_path, out)
    structlog.get_logger("kanade_host").info("x", odd=Odd())
    structlog.get_logger("kanade_host").info("next")
    logging_.flush()
    assert "next" in out.getvalue()


def test_critical_lines_are_written_before_the_call_returns(tmp_path: Path) -> None:
    out = io.StringIO()
    made(tmp_path, out)
    structlog.get_logger("kanade_host").critical("the process ends")
    assert "the process ends" in out.getvalue()


def test_console_logging_says_warnings_only() -> None:
    out = io.StringIO()
    logging_ = setup_console(out=out)
    structlog.get_logger("kanade_host").info("a")
    structlog.get_logger("kanade_host").warning("b")
    logging_.flush()
    assert "kanade_host: b" in out.getvalue()
    assert "kanade_host: a" not in out.getvalue()


def test_unhandled_errors_of_threads_and_tasks_are_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio
    import sys

    for holder, name in ((sys, "excepthook"), (threading, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(holder, name, getattr(holder, name))
    out = io.StringIO()
    logging_ = made(tmp_path, out)
    unhandled.install()

    def fail() -> None:
        raise ValueError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        unhandled.on_loop(loop)
        nothing: list[int] = []
        loop.call_soon(lambda: nothing[1])
        await asyncio.sleep(0.01)

    asyncio.run(main())
    logging_.flush()
    assert 'panic panic="ValueError: in a thread"' in out.getvalue()
    assert 'panic panic="IndexError: list index out of range"' in out.getvalue()
    assert "Traceback" in out.getvalue()
