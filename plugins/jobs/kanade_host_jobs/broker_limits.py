"""What the broker at hand takes, and what clients are told while it is away."""

from __future__ import annotations

from kanade_host.plugin import Bus, HttpError, MessageTooLarge


def away(error: Exception) -> HttpError:
    """503 for a broker that is not there, or does not answer; a write may reach it all the same, later."""
    return HttpError(503, f"broker unavailable: {error}; try again when it is back")


def check_payload(bus: Bus, size: int, advice: str = "") -> None:
    """Raises `HttpError` 413 for a message of more bytes, headers included, than the broker takes."""
    if size > bus.max_payload:
        raise HttpError(413, f"{MessageTooLarge(bus.max_payload, size)}{advice}")
