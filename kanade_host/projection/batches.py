"""From fetched bytes to a batch: decoding, and keeping what does not decode with the rest in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kanade_host.bus.reader import Fetched
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.json import BadJson, BadShape
from kanade_host.plugin.origin import by_host
from kanade_host.plugin.subscriptions import Message, Meta
from kanade_host.projection.decoding import Decoding
from kanade_host.projection.ledger import DeadLetter


@dataclass(slots=True)
class Item:
    """One fetched message: decoded, or the letter that says why not; neither, if it was not picked.

    `unprepared`: what `prepare` raised for it, which may be the plugin's fault rather than the message's.
    """

    fetched: Fetched
    message: Message[Any] | None
    letter: DeadLetter | None = None
    unprepared: Exception | None = None


def letter_of(fetched: Fetched, error: str, traceback: str = "") -> DeadLetter:
    """The dead letter of a fetched message."""
    return DeadLetter(fetched.sequence, fetched.time_ns, fetched.subject, fetched.data, error, traceback)


def decode_all(
    decoder: Decoding, fetched: Sequence[Fetched], picked: Sequence[bool] | None = None
) -> list[Item]:
    """Decode each message strictly; what fails becomes a dead letter by itself, never its neighbours."""
    items = []
    for place, one in enumerate(fetched):
        if picked is not None and not picked[place]:
            items.append(Item(one, None))
            continue
        try:
            body = decoder.decode(one.data)
        except (BadJson, BadShape) as error:
            items.append(Item(one, None, letter_of(one, f"does not decode: {error}")))
            continue
        meta = Meta(one.subject, one.sequence, Instant.from_ns(one.time_ns), by_host(one.headers))
        items.append(Item(one, Message(body, meta)))
    return items
