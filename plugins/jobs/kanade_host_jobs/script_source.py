"""The script of a job: its own text, or an object that agents fetch and verify (`contract/manifest.md` 9)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from kanade_host.plugin import (
    BrokerUnavailable,
    Context,
    HttpError,
    KanadeError,
    ObjectNotFound,
    ResourceMissing,
)
from kanade_host_jobs.api import Manifest
from kanade_host_jobs.manifest import NO_SOURCE_AT_EXEC

SHA256_BYTES = 32


@dataclass(frozen=True, slots=True)
class Script:
    """`text` is empty for an object script; `sha256` is lower-case hex."""

    text: str
    object: str | None = None
    sha256: str | None = None


async def resolve_script(ctx: Context, manifest: Manifest) -> Script:
    """Step 4 of an exec. Raises `HttpError`, and `BrokerUnavailable`."""
    execute = manifest.execute
    if execute.script:
        return Script(execute.script)
    if execute.script_object is None:
        raise HttpError(400, NO_SOURCE_AT_EXEC)
    key = execute.script_object
    try:
        info = await ctx.bus.objects("scripts").info(key)
    except ResourceMissing:
        raise HttpError(503, "Object Store 'scripts' missing — run `kanade jetstream setup`") from None
    except ObjectNotFound:
        raise HttpError(404, f"script_object '{key}' not found in OBJECT_SCRIPTS") from None
    except BrokerUnavailable:
        raise
    except KanadeError as error:
        raise HttpError(500, str(error)) from None
    if not info.digest:
        raise HttpError(
            500, f"script_object '{key}' has no digest metadata — broker should always populate it"
        )
    try:
        return Script("", key, sha256_hex(info.digest))
    except ValueError as error:
        raise HttpError(500, f"decode digest for '{key}': {error}") from None


def sha256_hex(digest: str) -> str:
    """`SHA-256=<base64url, padded or not>`, the prefix optional, to lower-case hex. Raises `ValueError`."""
    text = digest.removeprefix("SHA-256=").rstrip("=")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{error} in {digest!r}") from None
    if len(raw) != SHA256_BYTES:
        raise ValueError(f"{len(raw)} bytes instead of {SHA256_BYTES} in {digest!r}")
    return raw.hex()
