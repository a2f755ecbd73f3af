"""Gold: what a host proves that is run with the plugin, on examples of its messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kanade_host.authoring.rule import Grade, rule
from kanade_host.authoring.subject import Subject
from kanade_host.bus.resources import CONTRACT, define
from kanade_host.plugin.errors import KanadeError
from kanade_host.plugin.json import BadShape, encode
from kanade_host.plugin.subscriptions import Projection
from kanade_host.plugin.testing.messages import read_messages
from kanade_host.projection.decoding import decoding


def projections(subject: Subject) -> list[Projection]:
    """The projections of the plugin."""
    loaded = subject.collected
    return [one for one in loaded.subscriptions if isinstance(one, Projection)] if loaded else []


@rule(
    "examples",
    Grade.GOLD,
    "tests/messages.jsonl has examples of the messages of every projection",
    reason="The proofs below replay them; and they show a reader what arrives.",
    repair='A line for each: {"subject": "obs.pc-1", "body": {…}}; "$KV.jobs.KEY" writes into a bucket.',
)
def examples(subject: Subject) -> Iterator[str]:
    wanted = projections(subject)
    if not wanted:
        return
    where = subject.where(subject.examples)
    if not subject.examples.is_file():
        yield f"{where} does not exist"
        return
    try:
        messages = read_messages(subject.examples)
    except (ValueError, KeyError, TypeError) as error:
        yield f"{where}: {error!r}"
        return
    for one in wanted:
        fitting = [body for to, body in messages if _read_by(subject, one, to)]
        if not fitting:
            yield f"{where} has no message for {one.name} (filter {one.filter or 'none'})"
        decoder = decoding(one.message)
        for body in fitting:
            try:
                decoder.decode(body if isinstance(body, bytes) else encode(body))
            except (BadShape, KanadeError, msgspec.DecodeError, ValueError) as error:
                yield f"{where}: {str(body)[:60]} is no message of {one.name}: {error}"


def _read_by(subject: Subject, projection: Projection, to: str) -> bool:
    """Whether its stream takes the subject, and its filter lets it through."""
    made = [define(one) for one in subject.collected.resources] if subject.collected else []
    streams = [one.config for one in (*CONTRACT, *made) if one.name == projection.stream]
    taken = any(matches(pattern, to) for stream in streams for pattern in stream["subjects"])
    return taken and (projection.filter is None or matches(projection.filter, to))


def matches(filter: str, subject: str) -> bool:
    """Whether the broker would hand a subject to a reader with that filter."""
    wanted, given = filter.split("."), subject.split(".")
    for place, part in enumerate(wanted):
        if part == ">":
            return len(given) > place
        if place >= len(given) or part not in ("*", given[place]):
            return False
    return len(wanted) == len(given)


def _of(subject: Subject, rule: str) -> list[str]:
    from kanade_host.authoring.proving import proof

    return proof(subject).get(rule, [])


def _proved(id: str, title: str, reason: str, repair: str) -> None:
    def check(subject: Subject, _id: str = id) -> Any:
        return _of(subject, _id)

    rule(id, Grade.GOLD, title, reason=reason, repair=repair, needs="proof")(check)


_proved(
    "runs",
    "in a host with nothing but what it requires it runs, takes its examples, and stops tidily",
    "What it merely likes to have may be switched off.",
    "Ask with ctx.find for what may be absent; `kanade-host plugins NAME` has the reason.",
)
_proved(
    "replay",
    "messages that come again change no row",
    "A dead letter is replayed late, and agents send again what was not acknowledged.",
    "Upsert by a key of the message, and keep the newer of two by message.meta.time.",
)
_proved(
    "rebuild",
    "the same messages give the same rows in a new database",
    "A rebuild must not change what people see.",
    "No clock, nothing random, no state of the module in apply.",
)
_proved(
    "kill",
    "killed before and after a commit, it ends with the same rows",
    "Power fails; what was acknowledged must be there, once.",
    "Write all that belongs to a message in apply itself; nothing in after_commit but what may be lost.",
)
