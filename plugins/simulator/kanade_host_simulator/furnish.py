"""`kanade-host furnish`: fill an empty system with what an operator would have made, over HTTP."""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from typing import Any

import click

from kanade_host_simulator.furniture import MARK, Call, calls

BOUNDARY = "kanade-furnish"
EPILOG = """\b
Example:
  KANADE_AUTH_TOKEN=… kanade-host furnish --url http://127.0.0.1:8080

\b
It waits until PCs are known, and does nothing where it has been before.
"""


@click.command("furnish", epilog=EPILOG)
@click.option(
    "--url",
    envvar="KANADE_BACKEND_URL",
    default="http://127.0.0.1:8080",
    show_default=True,
    help="The host. Also $KANADE_BACKEND_URL.",
)
@click.option("--token", envvar="KANADE_AUTH_TOKEN", help="Of an administrator. Also $KANADE_AUTH_TOKEN.")
@click.option("--wait", default=60.0, show_default=True, type=click.FloatRange(0), help="Seconds for PCs.")
def furnish(url: str, token: str | None, wait: float) -> None:
    """Save jobs, schedules, releases and accounts, and fire some jobs, as an operator would."""
    api = Api(url.rstrip("/"), token or "")
    if any(job["id"] == MARK for job in api.ask(Call("GET", "/api/jobs"))):
        click.echo("It is furnished already.")
        return
    pcs = _known(api, wait)
    if not pcs:
        raise click.ClickException(f"no PC is known after {wait:.0f} s: is a fleet connected?")
    failed = 0
    for call in calls(pcs, secrets.token_urlsafe(18)):
        try:
            api.ask(call)
        except OSError as error:
            failed += 1
            click.echo(f"{call.method} {call.path}: {_reason(error)}", err=True)
    click.echo(f"Furnished{f', {failed} requests failed' if failed else ''}.")


def _known(api: Api, wait: float) -> list[str]:
    """The first PCs, once there are any."""
    deadline = time.monotonic() + wait
    while True:
        pcs = [row["pc_id"] for row in api.ask(Call("GET", "/api/agents?limit=20"))]
        if pcs or time.monotonic() > deadline:
            return sorted(pcs)
        time.sleep(0.2)


def _reason(error: OSError) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.code} {error.read(500).decode(errors='replace')}"
    return str(error)


class Api:
    """The host's HTTP API, one request after the other."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the host is near

    def ask(self, call: Call) -> Any:
        """The decoded answer; None for an empty one. Raises `urllib.error.URLError`."""
        request = urllib.request.Request(self._url + call.path, method=call.method)  # noqa: S310 - what the operator names
        request.add_header("authorization", f"Bearer {self._token}")
        request.add_header("x-kanade-source", "furnish")
        if call.file is not None:
            request.data = _form(call.file)
            request.add_header("content-type", f"multipart/form-data; boundary={BOUNDARY}")
        elif call.body is not None:
            request.data = json.dumps(call.body).encode()
            request.add_header("content-type", "application/json")
        with self._opener.open(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body[:1] in (b"{", b"[") else None


def _form(content: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode()
    return head + content + f"\r\n--{BOUNDARY}--\r\n".encode()
