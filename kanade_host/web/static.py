"""Files of the web interface, and a landing page where there is none (`contract/host.md` 13).

Lookup is by exact name among the files that were there at the start, so nothing outside the folder can
be named, whatever the path looks like. No percent-decoding, no normalisation; leading slashes are cut.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import structlog

from kanade_host.plugin.errors import OperatorError
from kanade_host.web import outcome
from kanade_host.web.answers import Sealed, seal
from kanade_host.web.headers import NOT_KEPT, PAGE_POLICY, SCRIPT_POLICY, lines
from kanade_host.web.kept import etag_of, matches
from kanade_host.web.pages import MODULES

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
"""By extension, without charset, as upstream has them; everything else is application/octet-stream."""

_MORE_TYPES = {".mjs": "text/javascript", ".json": "application/json", ".woff2": "font/woff2"}
_MORE_TYPES |= {".png": "image/png", ".ico": "image/x-icon", ".wasm": "application/wasm"}
_CODINGS = {"br": ".br", "gzip": ".gz"}
_FOR_EVER = "public, max-age=31536000, immutable"
_INLINE = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_IN_MEMORY = 256 * 1024
"""Files up to this size stay in memory; larger ones (the editor's workers) are read when asked for."""

log = structlog.get_logger("kanade_host.web")


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    head: bytes
    unchanged: Sealed
    etag: str
    body: bytes | None
    coded: Mapping[str, _File] = field(default_factory=dict)
    """The same file compressed, by content coding, the smallest first."""


def content_type(name: str) -> str:
    """By extension."""
    suffix = Path(name).suffix.lower()
    return _TYPES.get(suffix) or _MORE_TYPES.get(suffix) or "application/octet-stream"


def page_policy(body: bytes) -> str:
    """The content security policy of an HTML page, with the hashes of its inline scripts."""
    found = [hashlib.sha256(script).digest() for script in _INLINE.findall(body) if script.strip()]
    return PAGE_POLICY.format(
        hashes="".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in found)
    )


def _headers(name: str, body: bytes, etag: str, *more: tuple[str, str]) -> bytes:
    kind = content_type(name)
    found = [("content-type", kind), ("etag", etag), *more]
    found.append(("cache-control", _FOR_EVER if name.startswith("assets/") else "no-cache"))
    if kind == "text/html":
        found.append(("content-security-policy", page_policy(body)))
    elif kind == "text/javascript":
        found.append(("content-security-policy", SCRIPT_POLICY))
    return lines(NOT_KEPT, found)


def _load(path: Path, name: str) -> _File:
    """A file, with the compressed ones that lie beside it (`name.br`, `name.gz`)."""
    body = path.read_bytes()
    coded: dict[str, _File] = {}
    for coding, suffix in _CODINGS.items():
        beside = path.with_name(path.name + suffix)
        if beside.is_file():
            more = (("content-encoding", coding), ("vary", "accept-encoding"))
            coded[coding] = _file(beside, name, body, beside.read_bytes(), *more)
    return _file(path, name, body, body, *([("vary", "accept-encoding")] if coded else []), coded=coded)


def _file(
    path: Path,
    name: str,
    plain: bytes,
    sent: bytes,
    *more: tuple[str, str],
    coded: Mapping[str, _File] | None = None,
) -> _File:
    etag = etag_of(sent, content_type(name))
    head = _headers(name, plain, etag, *more)
    return _File(path, head, seal(304, head), etag, sent if len(sent) <= _IN_MEMORY else None, coded or {})


def _files(folder: Path, prefix: str = "") -> dict[str, _File]:
    root = folder.resolve()
    paths = [
        path for path in sorted(root.rglob("*")) if path.is_file() and path.resolve().is_relative_to(root)
    ]
    names = {path: path.relative_to(root).as_posix() for path in paths}
    known = set(names.values())
    beside = {name + suffix for name in known for suffix in _CODINGS.values()}
    return {prefix + name: _load(path, name) for path, name in names.items() if name not in beside}


def accepted(header: str) -> set[str]:
    """The content codings that an `Accept-Encoding` names, without those that it refuses (`q=0`)."""
    found = set()
    for part in header.lower().split(","):
        coding, _, parameters = part.partition(";")
        quality = parameters.replace(" ", "").removeprefix("q=")
        if quality.rstrip("0") not in ("0.", "") or not parameters:
            found.add(coding.strip())
    return found


class StaticFiles:
    """Serves one folder. `index.html` answers what no file is named after, so that client routes reload.

    `modules` are the `web/` folders of plugins by name, served below `/modules/`.
    """

    def __init__(self, folder: Path | None, version: str, modules: Mapping[str, Path] | None = None) -> None:
        self._files: dict[str, _File] = {}
        for name, more in (modules or {}).items():
            self._files |= _files(more, f"{MODULES}{quote(name)}/")
        if folder is None:
            body = landing(version)
            self._files["index.html"] = _file(Path(), "index.html", body, body)
            return
        if not folder.is_dir():
            raise OperatorError(
                f"the folder of the web interface, {folder}, is not there: build it, or correct dist"
            )
        self._files |= _files(folder)

    async def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Sealed:
        """The answer to a path that is no API route. `headers` are asked by lower-case names."""
        if method not in ("GET", "HEAD"):
            return outcome.bare(405, "", ("allow", "GET,HEAD"))
        name = path.lstrip("/") or "index.html"
        file = self._files.get(name)
        if file is None and name.startswith(("assets/", MODULES)):
            return outcome.bare(404)
        file = file or self._files.get("index.html")
        if file is None:
            return outcome.bare(404)
        if file.coded:
            taken = accepted(headers.get("accept-encoding", ""))
            file = next((one for coding, one in file.coded.items() if coding in taken), file)
        if_none_match = headers.get("if-none-match")
        if if_none_match is not None and matches(if_none_match, file.etag):
            return file.unchanged
        body = file.body
        if body is None:
            try:
                body = await asyncio.to_thread(file.path.read_bytes)
            except OSError as error:
                log.error("a file of the web interface is gone", path=str(file.path), reason=str(error))
                return outcome.bare(404)
        return seal(200, file.head, body)


_LANDING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>kanade_host</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem; }}
code {{ background: #8882; padding: .1em .3em; border-radius: 3px; }}
:root {{ color-scheme: light dark; }}
</style>
</head>
<body>
<h1>kanade_host {version}</h1>
<p>The host is running. Its web interface is not installed here; the API is.</p>
<ul>
<li><a href="/health">/health</a> says <code>ok</code> once everything has started.</li>
<li><a href="/api/version">/api/version</a> names the versions.</li>
<li><code>POST /api/auth/login</code> with <code>{{"username": …, "password": …}}</code> gives a token;
send it as <code>Authorization: Bearer …</code>.</li>
<li><code>/api/openapi.json</code> describes every route (with a token);
<code>/api/plugins</code> shows what runs.</li>
</ul>
<p>On the server, <code>kanade-host env</code> prints what a command line client needs, and
<code>kanade-host plugins</code> the state of every plugin.</p>
</body>
</html>
"""


def landing(version: str) -> bytes:
    """A page for whoever opens the address and has no web interface installed."""
    return _LANDING.format(version=html.escape(version)).encode()
