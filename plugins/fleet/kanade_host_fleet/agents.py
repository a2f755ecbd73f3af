"""Asking one agent directly: its log, and a sign of life (`http-fleet.md` 9, `http-jobs.md` 5.2)."""

from __future__ import annotations

import re

from kanade_host.plugin import (
    BadJson,
    BadShape,
    BrokerUnavailable,
    Decoder,
    HttpError,
    InvalidKey,
    NoResponders,
    Request,
    Response,
    encode,
)
from kanade_host_fleet.messages import Heartbeat, PingAnswer

LOGS_SECONDS = 10
PING_SECONDS_AT_MOST = 120

_WILDCARD = re.compile(r"[*>]")
_heartbeat = Decoder(Heartbeat)


async def logs(request: Request) -> Response:
    """The end of an agent's newest log file, bytes as they are."""
    pc_id = _one_pc(request)
    subject = f"logs.fetch.{pc_id}"
    try:
        reply = await request.ctx.bus.request(
            subject, encode({"tail_lines": request.query.tail}), float(LOGS_SECONDS)
        )
    except NoResponders:
        raise HttpError(502, f"{subject}: no responders: no responders") from None
    except TimeoutError:
        raise HttpError(504, f"agent '{pc_id}' didn't reply within {LOGS_SECONDS}s") from None
    except InvalidKey as error:
        raise HttpError(502, f"{subject}: {error}") from None
    except BrokerUnavailable as error:
        raise HttpError(503, f"{subject}: {error}") from error
    return Response(reply, 200, "text/plain; charset=utf-8")


async def ping(request: Request) -> PingAnswer:
    """Ask an agent for a heartbeat now. Nothing is written but the audit record."""
    pc_id = _one_pc(request)
    seconds = min(max(1, request.query.wait_secs), PING_SECONDS_AT_MOST)
    subject = f"agents.{pc_id}.ping"
    doing = f"nats request {subject}"
    if request.ctx.bus.connected:  # else nothing goes out
        await request.audit("ping", pc_id)
    try:
        reply = await request.ctx.bus.request(subject, b"", float(seconds))
    except NoResponders:
        raise HttpError(408, f"{doing}: no responders: no responders") from None
    except TimeoutError:
        raise HttpError(408, f"no ping reply from {pc_id} within {seconds}s") from None
    except InvalidKey as error:
        raise HttpError(400, f"{doing}: {error}") from None
    except BrokerUnavailable as error:
        raise HttpError(503, f"{doing}: {error}") from error
    try:
        return PingAnswer(_heartbeat.decode(reply))
    except (BadJson, BadShape) as error:
        raise HttpError(500, f"decode Heartbeat: {error.message}") from None


def _one_pc(request: Request) -> str:
    """The pc_id, which must not address others as well."""
    pc_id = request.path["pc_id"]
    if _WILDCARD.search(pc_id):
        raise HttpError(400, f"pc_id `{pc_id}` must name one PC: leave out `*` and `>`")
    return pc_id
