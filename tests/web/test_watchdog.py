"""Code of plugins that holds the event loop is found, named and ended; others are served again."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import types
from typing import Any

import pytest

from kanade_host.plugin import Permission, Request, Role, Route
from kanade_host.web.watchdog import culprit

V = Permission("w.view", Role.VIEWER)


async def for_ever(_: Request) -> Any:
    while True:
        pass


async def sleeps(_: Request) -> Any:
    time.sleep(0.9)  # noqa: ASYNC251 - holds the loop, as careless code does
    return {"slept": True}


async def streams(_: Request) -> Any:
    from kanade_host.plugin import Response

    async def chunks() -> Any:
        yield b"begun"
        while True:
            pass

    return Response(chunks(), content_type="text/plain")


@pytest.fixture
def served(site: Any, echo_handler: Any) -> Any:
    site.serve(
        [
            Route("GET", "/api/hog", for_ever, V, "x"),
            Route("GET", "/api/kept-hog", for_ever, V, "x", fresh=("t",)),
            Route("GET", "/api/sleeps", sleeps, V, "x"),
            Route("GET", "/api/streams", streams, V, "x"),
            Route("GET", "/api/fine", echo_handler, V, "x"),
        ]
    )
    return site


@pytest.mark.parametrize("path", ["/api/hog", "/api/kept-hog"])
async def test_an_endless_handler_is_that_requests_500(served: Any, path: str) -> None:
    hog = asyncio.create_task(served.get(path))
    fine = asyncio.create_task(served.get("/api/fine"))
    assert (await fine).status == 200
    answer = await hog
    assert (answer.status, answer.text) == (500, "the handler held the event loop and was ended")
    assert served.server.metrics.overran == {"shop": 1}
    assert not served.server.watchdog.armed


async def test_a_sleeping_handler_too(served: Any) -> None:
    assert (await served.get("/api/sleeps")).status == 500
    assert (await served.get("/api/fine")).status == 200


async def test_a_stream_that_hangs_is_cut(served: Any) -> None:
    wire = await served.wire()
    await wire.send(b"GET /api/streams HTTP/1.1\r\nhost: x\r\nauthorization: Bearer viewer\r\n\r\n")
    assert (await wire.head())[0] == 200
    assert await wire.chunk() == b"begun"
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await wire.chunk()
    assert (await served.get("/api/fine")).status == 200


async def test_the_third_time_is_reported(served: Any) -> None:
    for _ in range(3):
        assert (await served.get("/api/hog")).status == 500
    while not served.host.offences:
        await asyncio.sleep(0.01)
    [(plugin, reason)] = served.host.offences
    assert plugin == "shop"
    assert "GET /api/hog" in reason


def plugin_module(source: str) -> types.ModuleType:
    """A module of a plugin, as the interpreter sees it."""
    module = types.ModuleType("kanade_host_rogue.work")
    exec(compile(source, "rogue.py", "exec"), module.__dict__)
    return module


async def test_tasks_of_plugins_are_found_by_their_modules(served: Any) -> None:
    served.host.modules["kanade_host_rogue"] = "rogue"
    module = plugin_module("async def work():\n    while True:\n        pass\n")
    task = asyncio.create_task(module.work())
    done, _ = await asyncio.wait([task], timeout=20)
    assert done
    assert type(task.exception()).__name__ == "Overran"
    assert served.server.metrics.overran == {"rogue": 1}
    assert (await served.get("/api/fine")).status == 200


async def test_code_that_swallows_it_is_reported_as_stuck(served: Any) -> None:
    served.host.modules["kanade_host_rogue"] = "rogue"
    module = plugin_module(
        "def spin(over):\n"
        "    while not over.is_set():\n"
        "        pass\n"
        "async def work(over):\n"
        "    while not over.is_set():\n"
        "        try:\n"
        "            spin(over)\n"
        "        except BaseException:\n"
        "            pass\n"
    )
    over = threading.Event()

    def stuck(plugin: str, reason: str) -> None:
        served.host.stuck_plugins.append(plugin)
        over.set()

    served.server.watchdog.on_stuck = stuck
    await asyncio.wait([asyncio.create_task(module.work(over))], timeout=20)
    assert served.host.stuck_plugins == ["rogue"]
    assert served.server.metrics.overran["rogue"] == 5
    assert (await served.get("/api/fine")).status == 200


async def test_the_hosts_own_code_is_never_interrupted(served: Any) -> None:
    module = types.ModuleType("kanade_host.something")
    source = (
        "import time\n"
        "def busy():\n"
        "    end = time.monotonic() + 1.2\n"
        "    while time.monotonic() < end: pass\n"
        "    return 'done'\n"
    )
    exec(source, module.__dict__)
    assert module.busy() == "done"
    assert not served.server.metrics.overran
    assert (await served.get("/api/fine")).status == 200


def test_who_is_at_fault() -> None:
    """The innermost frame that is a plugin's or the host's decides; libraries are looked through."""

    def frame_in(*modules: str) -> types.FrameType:
        code = "import sys\ndef call(rest):\n    return rest[0](rest[1:]) if rest else sys._getframe()\n"
        calls = []
        for name in modules:
            module = types.ModuleType(name)
            exec(code, module.__dict__)
            calls.append(module.call)
        return calls[0](calls[1:])

    def plugin_of(module: str) -> str | None:
        return {"kanade_host_rogue": "rogue"}.get(module.partition(".")[0])

    table = [
        (("asyncio.events", "kanade_host_rogue.x"), "rogue"),
        (("asyncio.events", "kanade_host_rogue.x", "json.decoder"), "rogue"),
        (("kanade_host_rogue.x", "kanade_host.store.writer"), ""),
        (("kanade_host.web.dispatch", "kanade_host_rogue.x"), "rogue"),
        (("kanade_host.web.dispatch", "json.decoder"), ""),
    ]
    for modules, plugin in table:
        found = culprit(frame_in(*modules), plugin_of)
        assert found.plugin == plugin, modules
        assert "call" in found.stack


@pytest.mark.skipif(sys.platform == "win32", reason="asks for threads by name")
async def test_the_thread_ends_with_the_server(make_site: Any) -> None:
    site = await make_site()
    watching = [one for one in threading.enumerate() if one.name == "kanade watchdog"]
    assert watching
    await site.server.stop_accepting()
    await site.server.close()
    assert site.server.watchdog._thread is None
