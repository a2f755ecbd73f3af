"""Headers that every answer carries, by what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kanade_host.web.answers import header_lines

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
NOT_KEPT = {**_ALWAYS, "cache-control": "no-store"}
"""Of API answers: nothing between us and the client may store them."""

REVALIDATED = {**_ALWAYS, "cache-control": "private, no-cache"}
"""Of answers with an ETag: the client may store them, and asks each time whether they still hold."""

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Of HTML pages. The editor of the web interface needs inline styles and workers from blobs."""

SCRIPT_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
"""Of scripts: one that is started as a worker lives by the policy of its own answer, not by the page's.
Workers load modules and ask the API (live events, the schemas of the editor)."""

REQUEST_ID = "x-request-id"
_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}", re.ASCII)


def lines(base: Mapping[str, str], more: Iterable[tuple[str, str]] = ()) -> bytes:
    """Header lines: those of `more` as they are, and those of `base` that they do not name."""
    given = [(name.lower(), value) for name, value in more]
    names = {name for name, _ in given}
    return header_lines([*given, *((name, value) for name, value in base.items() if name not in names)])


def usable_id(sent: str | None) -> str | None:
    """The request id that a client or proxy sent, if it may stand in logs and headers."""
    return sent if sent is not None and _ID.fullmatch(sent) else None
