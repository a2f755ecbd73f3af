"""POST /api/run: one script on one PC, answered with its result (`contract/http-jobs.md` 5.1)."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec

from kanade_host.plugin import (
    I32,
    U64,
    BadJson,
    BadShape,
    BrokerUnavailable,
    Context,
    HttpError,
    Instant,
    KanadeError,
    Request,
    decode,
    encode,
)
from kanade_host_jobs import subjects
from kanade_host_jobs.broker_limits import away, check_payload
from kanade_host_jobs.command import HEADER_ROOM
from kanade_host_jobs.work import work_of

SHELLS = {"powershell": "powershell", "ps": "powershell", "pwsh": "powershell", "cmd": "cmd"}
GRACE_SECONDS = 10
MAX_TIMEOUT_SECONDS = 86_400
AUDITED_CHARACTERS = 500
OUTPUT_LIMIT = 16 * 1024 * 1024
OUTPUT_SECONDS = 10.0


class RunBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; `job_id` is another name of `exec_id`."""

    pc_id: str
    script: str
    shell: str = "powershell"
    timeout_secs: U64 = 60
    exec_id: str | msgspec.UnsetType | None = msgspec.UNSET
    job_id: str | msgspec.UnsetType | None = msgspec.UNSET
    jitter_secs: U64 | None = None


class RunResult(msgspec.Struct, kw_only=True):
    """An agent's result; what it leaves out stays out."""

    result_id: str = ""
    request_id: str
    exec_id: str | None = None
    pc_id: str
    exit_code: I32
    stdout: str
    stderr: str
    started_at: Instant
    finished_at: Instant
    stdout_object: str | None = None
    stderr_object: str | None = None
    manifest_id: str | None = None


_OPTIONAL = ("exec_id", "stdout_object", "stderr_object", "manifest_id")


async def run(request: Request) -> Any:
    """Send the command, wait for its result."""
    ask: RunBody = request.body
    exec_id = _exec_id(ask)
    shell = _checked(ask, exec_id)
    wait = ask.timeout_secs + GRACE_SECONDS
    request_id = str(uuid.uuid4())
    body = encode(
        {
            "id": "adhoc-run",
            "version": "0.0.0",
            "request_id": request_id,
            "exec_id": exec_id,
            "shell": shell,
            "script": ask.script,
            "timeout_secs": ask.timeout_secs,
            "jitter_secs": ask.jitter_secs,
            "run_as": "system",
            # A PC that is away must not run this long after its caller has given up.
            "deadline_at": request.ctx.clock.now() + wait,
            "staleness": {"mode": "cached"},
        }
    )
    await work_of(request.ctx).catalog.firing.gate.check([ask.pc_id])
    if request.ctx.settings.require_approval == "always":
        raise HttpError(409, "every fire needs an approval here: save a job and fire it; nothing was sent")
    try:
        check_payload(request.ctx.bus, len(body) + HEADER_ROOM)
        answer = await _sent(request, ask, exec_id, shell, request_id, body, wait)
    except BrokerUnavailable as error:
        raise away(error) from None
    try:
        result = decode(RunResult, answer)
    except (BadJson, BadShape) as error:
        raise HttpError(500, f"decode ExecResult: {error}") from None
    await _with_output(request.ctx, result)
    return {
        key: value
        for key, value in msgspec.structs.asdict(result).items()
        if value is not None or key not in _OPTIONAL
    }


def _exec_id(ask: RunBody) -> str | None:
    if ask.exec_id is not msgspec.UNSET and ask.job_id is not msgspec.UNSET:
        raise HttpError(
            422, "Failed to deserialize the JSON body into the target type: duplicate field `exec_id`"
        )
    found = ask.job_id if isinstance(ask.exec_id, msgspec.UnsetType) else ask.exec_id
    return None if isinstance(found, msgspec.UnsetType) else found


def _checked(ask: RunBody, exec_id: str | None) -> str:
    """The shell's name for agents; refuses what could not be published. Raises `HttpError` 400."""
    shell = SHELLS.get(ask.shell)
    if shell is None:
        quoted = ask.shell.replace("\\", "\\\\").replace('"', '\\"')
        raise HttpError(400, f'unknown shell "{quoted}" (use powershell or cmd)')
    if not subjects.usable(ask.pc_id):
        raise HttpError(400, f'pc_id: "{ask.pc_id}" can be no part of a subject; nothing was sent')
    if exec_id is not None and not subjects.usable(exec_id):
        raise HttpError(400, f'exec_id: "{exec_id}" can be no part of a subject; nothing was sent')
    if ask.timeout_secs > MAX_TIMEOUT_SECONDS:
        raise HttpError(400, f"timeout_secs: {ask.timeout_secs} is more than {MAX_TIMEOUT_SECONDS}, a day")
    return shell


async def _sent(
    request: Request,
    ask: RunBody,
    exec_id: str | None,
    shell: str,
    request_id: str,
    body: bytes,
    wait: int,
) -> bytes:
    """The first message on the command's result subject."""
    subject = f"results.{request_id}"
    bus = request.ctx.bus
    async with bus.replies(subject) as results:
        try:
            await bus.publish(subjects.of_pc(ask.pc_id), body, id=f"command-{request_id}")
        except BrokerUnavailable:
            raise
        except KanadeError as error:
            raise HttpError(500, f"publish to {ask.pc_id}: {error}") from None
        payload = {
            "request_id": request_id,
            "exec_id": exec_id,
            "shell": shell,
            "script": ask.script[:AUDITED_CHARACTERS],
        }
        await request.audit("run", ask.pc_id, payload)
        try:
            return await results.next(wait)
        except TimeoutError:
            raise HttpError(408, f"timeout waiting for result on {subject}") from None


async def _with_output(ctx: Context, result: RunResult) -> None:
    """Fetch output that was too long for a message; what cannot be fetched stays a pointer."""
    for stream in ("stdout", "stderr"):
        name = getattr(result, f"{stream}_object")
        if name is None:
            continue
        try:
            async with asyncio.timeout(OUTPUT_SECONDS):
                data = await ctx.bus.objects("result_output").get(name, OUTPUT_LIMIT)
        except (KanadeError, TimeoutError) as error:
            ctx.log.warning("the output of a run could not be fetched", object=name, reason=str(error))
            continue
        setattr(result, stream, data.decode(errors="replace"))
        setattr(result, f"{stream}_object", None)
