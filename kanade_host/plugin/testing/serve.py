"""Run a test's host as a process: `python -m kanade_host.plugin.testing.serve OPTIONS`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import msgspec

from kanade_host.app import App
from kanade_host.plugin.testing.inprocess import config_of
from kanade_host.plugin.testing.modules import from_file, kit
from kanade_host.plugin.testing.options import Options


async def serve(options: Options) -> int:
    """Until SIGTERM, or until the host ends by itself."""
    app = App(config_of(options), extra=[kit(), *(from_file(file) for file in options.files)])
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.ask_to_stop)
    await app.start()
    (Path(options.folder) / "address").write_text(app.url)
    status = await app.wait()
    await app.stop()
    await app.end_strays()
    return status


def main() -> int:
    options = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Options)
    os.environ["KANADE_NATS_TOKEN"] = options.broker_token
    logging.basicConfig(level=logging.INFO)
    return asyncio.run(serve(options))


if __name__ == "__main__":
    sys.exit(main())
