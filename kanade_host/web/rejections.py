"""The texts of what is refused before a handler sees it (`contract/http-fleet.md` 1.1, 2.4)."""

from __future__ import annotations

from kanade_host.plugin.authenticators import Principal, Role
from kanade_host.plugin.errors import HttpError
from kanade_host.plugin.json import BadJson, BadShape
from kanade_host.plugin.routes import HttpErrorText

NOT_JSON_TYPE = "Expected request with `Content-Type: application/json`"
TOO_LARGE = "Failed to buffer the request body: length limit exceeded"
NO_TOKEN = "missing bearer token"  # noqa: S105 - a text for clients
NO_AUTH_STORE = "auth backend unavailable"
NO_ROUTE = "no such API route"
STARTING = "starting"


def not_json_type() -> HttpError:
    """The content type is missing or not JSON."""
    return HttpError(415, NOT_JSON_TYPE)


def encoded_body(coding: str) -> HttpError:
    """The body is compressed: inflating it would have no bound that we control."""
    return HttpError(415, f"content-encoding {coding[:40]!r} is not supported: send the body as it is")


def too_large(own: HttpErrorText | None) -> HttpError:
    """The body is over the route's limit."""
    return HttpError(413, TOO_LARGE) if own is None else HttpError(own.status, own.text)


def too_slow() -> HttpError:
    """The body did not arrive."""
    return HttpError(408, "the request body did not arrive in time")


def broken_body(reason: str) -> HttpError:
    """The body's framing is damaged."""
    return HttpError(400, f"Failed to buffer the request body: {reason}")


def bad_json(error: BadJson) -> HttpError:
    """The bytes are no JSON."""
    return HttpError(400, f"Failed to parse the request body as JSON: {error}")


def bad_shape(error: BadShape) -> HttpError:
    """JSON of the wrong shape."""
    return HttpError(422, f"Failed to deserialize the JSON body into the target type: {error}")


def bad_query(reason: str, key: str | None = None) -> HttpError:
    """A query that cannot be read."""
    return HttpError(
        400, f"Failed to deserialize query string: {f'{key}: ' if key is not None else ''}{reason}"
    )


def not_utf8(parameter: str) -> HttpError:
    """A captured segment is no UTF-8."""
    return HttpError(400, f"Invalid URL: Invalid UTF-8 in `{parameter}`")


def role_text(needed: Role, principal: Principal) -> str:
    """Why the caller may not."""
    return f"{needed.word} role required (caller is {principal.role.word})"


def plugin_down(plugin: str, reason: str) -> HttpError:
    """The plugin that owns the route does not run."""
    return HttpError(503, f"plugin {plugin!r} is not running: {reason}")


def over_time(plugin: str, seconds: float) -> HttpError:
    """The handler took longer than its route allows."""
    return HttpError(503, f"plugin {plugin!r} did not answer within {seconds:g} s")
