"""Making sure that every stream, bucket and object store is there, with the settings of the contract.

Runs at the start, after each reconnect and now and then: streams may be deleted under a running host
(`kanade jetstream reset`), and upstream's `jetstream setup` sets EXEC back to one command per subject.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.jetstream import STREAM_NOT_FOUND
from kanade_host.bus.resources import CONTRACT, Definition, define
from kanade_host.plugin.errors import ApiError, OperatorError
from kanade_host.plugin.resources import Resource

log = structlog.get_logger("kanade_host.bus")

CANNOT_UPDATE = 10052
OVERLAP = 10065


class ResourceRefused(OperatorError):
    """The broker refuses the settings of one or more resources; all others are as they should be."""


async def ensure(bus: NatsBus, extra: Sequence[Resource] = ()) -> list[str]:
    """Update or create everything; answers the names of what was not there.

    A refusal of one does not keep the others from being ensured. Raises `ResourceRefused` with all
    refusals, `BrokerUnavailable`.
    """
    definitions = [*CONTRACT, *(define(resource) for resource in extra)]
    results = await asyncio.gather(
        *(_ensure(bus, definition) for definition in definitions), return_exceptions=True
    )
    created: list[str] = []
    refusals: list[str] = []
    for definition, result in zip(definitions, results, strict=True):
        if isinstance(result, ApiError):
            refusals.append(_refusal(definition, result))
        elif isinstance(result, BaseException):
            raise result
        elif result:
            created.append(definition.name)
    if created:
        log.info("streams made", names=created)
    if refusals:
        raise ResourceRefused("\n".join(refusals))
    return created


async def _ensure(bus: NatsBus, definition: Definition) -> bool:
    """True when it had to be made."""
    body = msgspec.json.encode(definition.config)
    try:
        await bus.api(f"STREAM.UPDATE.{definition.name}", body)
    except ApiError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise
        await bus.api(f"STREAM.CREATE.{definition.name}", body)
        return True
    return False


def _refusal(definition: Definition, error: ApiError) -> str:
    name = definition.name
    if error.err_code == CANNOT_UPDATE:
        advice = (
            f"it was made with a setting that can never be changed. Save what is in it, delete it with "
            f"`nats stream rm {name}`, and the host makes it anew with the right settings"
        )
    elif error.err_code == OVERLAP:
        advice = (
            f"another stream takes its subjects {', '.join(definition.config['subjects'])}: find it with "
            "`nats stream ls --subject`, and take them away from it"
        )
    else:
        advice = "look at the broker's log and its JetStream limits"
    return f"the broker refuses stream {name}: {error}. What to do: {advice}."
