"""The errors that cross the border between the host and its plugins.

One base class; below it, one class for each person who has to act. The text of an error says what
happened, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping


class KanadeError(Exception):
    """Everything that the host raises on purpose."""


class OperatorError(KanadeError):
    """Something that whoever runs the host has to put right."""


class PluginError(KanadeError):
    """Something that the author of a plugin has to put right."""


class Unavailable(OperatorError):
    """Something that the host needs is away for the moment; the same call may succeed later."""


class BrokerUnavailable(Unavailable):
    """The broker is not connected, or did not answer in time."""


class StoreUnavailable(Unavailable):
    """The database cannot be read or written at the moment: busy, full or damaged."""


class ResourceMissing(OperatorError):
    """A stream, bucket or object store is not there. The text is the one that clients are shown."""


class InvalidKey(KanadeError):
    """A key or subject that the broker would not take. The text is the one that clients are shown."""


class MessageTooLarge(InvalidKey):
    """More bytes than the broker takes in one message: no later try can succeed either."""

    def __init__(self, limit: int, size: int) -> None:
        super().__init__(
            f"max payload size exceeded: Payload size limit of {limit} exceeded by message size of {size}"
        )


class RevisionConflict(KanadeError):
    """A revision-checked write came second: read again and decide again."""


class ObjectNotFound(KanadeError):
    """No object of that name, or only its deletion marker."""


class ObjectDamaged(KanadeError):
    """The bytes of an object do not have the digest or the size that its record names."""


class ServiceMissing(PluginError):
    """No running plugin offers the service that was asked for."""


class Retry(KanadeError):
    """Raised by `prepare` for a cause that lies outside the messages: the batch is tried again, later.

    Messages are never set aside for it, and nothing is acknowledged meanwhile.
    """


class Overran(KanadeError):
    """Code of a plugin held a thread of the host for longer than it may."""


class HttpError(KanadeError):
    """An answer of a route that is not a success.

    `text` is shown to people as it is. With `text=None` the answer has no body and no content type
    (the contract calls this "empty").
    """

    def __init__(
        self, status: int, text: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {text or ''}".rstrip())
        self.status = status
        self.text = text
        self.headers = dict(headers or {})


class NoResponders(KanadeError):
    """Nobody is subscribed to the subject of a request."""


class ApiError(KanadeError):
    """The broker refused a call of its API. `code` and `err_code` are the broker's."""

    def __init__(self, code: int, err_code: int, description: str) -> None:
        super().__init__(f"{description} (code {code}, error code {err_code})")
        self.code = code
        self.err_code = err_code
        self.description = description
