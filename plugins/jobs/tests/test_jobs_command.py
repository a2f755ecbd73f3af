"""The bytes of a command (`contract/http-jobs.md` 2.4) and the digest of a script object."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import Any

import pytest
from kanade_host_jobs.api import Manifest
from kanade_host_jobs.command import CommandForm, request_id
from kanade_host_jobs.script_source import Script, sha256_hex

from kanade_host.plugin import Instant, decode

EXEC = "f0d54bec-dbf5-4c1f-a226-b50136b55967"


def manifest(**keys: Any) -> Manifest:
    base = {
        "id": "echo",
        "version": "1.0.0",
        "execute": {"shell": "cmd", "script": "echo hi", "timeout": "30s"},
    }
    return decode(Manifest, json.dumps(base | keys).encode())


def test_the_least_command() -> None:
    form = CommandForm(
        manifest(), Script("echo hi"), exec_id=EXEC, timeout_secs=30, jitter_secs=None, deadline_at=None
    )
    assert form.body("0fd22d35-e490-4427-b35c-c5381576e03b").decode() == (
        '{"id":"echo","version":"1.0.0","request_id":"0fd22d35-e490-4427-b35c-c5381576e03b",'
        f'"exec_id":"{EXEC}","shell":"cmd","script":"echo hi","timeout_secs":30,"jitter_secs":null,'
        '"run_as":"system","staleness":{"mode":"cached"}}'
    )


def test_the_fullest_command() -> None:
    execute = {
        "shell": "cmd",
        "script_object": "a/1",
        "timeout": "10s",
        "run_as": "system_gui",
        "cwd": "C:\\x",
    }
    job = manifest(
        id="so",
        version="1",
        execute=execute,
        emit={"type": "events"},
        staleness={"mode": "strict", "max_cache_age": "5m"},
    )
    digest = "f1e5600eb36dbfa9b74aa64e33b4829194a20e98c519966cb48e442d98ad11dc"
    form = CommandForm(
        job,
        Script("", "a/1", digest),
        exec_id=EXEC,
        timeout_secs=10,
        jitter_secs=125,
        deadline_at=Instant.parse("2026-11-23T15:00:00.5+09:00"),
    )
    id = "36961809-f526-4576-9bf9-b6ba84fac169"
    body = form.body(id)
    assert body.decode() == (
        f'{{"id":"so","version":"1","request_id":"{id}","exec_id":"{EXEC}","shell":"cmd","script":"",'
        f'"script_object":"a/1","script_object_sha256":"{digest}","timeout_secs":10,"jitter_secs":125,'
        '"run_as":"system_gui","cwd":"C:\\\\x","deadline_at":"2026-11-23T06:00:00.500Z",'
        '"staleness":{"mode":"strict","max_cache_age":"5m"},"emit":{"type":"events"}}'
    )
    assert len(body) <= form.size


def test_request_ids_are_derived() -> None:
    first = request_id(EXEC, "commands.pc.a")
    assert first == request_id(EXEC, "commands.pc.a")
    others = {
        request_id(EXEC, "commands.pc.b"),
        request_id(EXEC, "commands.all"),
        request_id(EXEC, "commands.pc.a", 1),
        request_id(str(uuid.uuid4()), "commands.pc.a"),
    }
    assert len(others | {first}) == 5
    assert str(uuid.UUID(first)) == first


RAW = hashlib.sha256(b"x").digest()
PADDED = base64.urlsafe_b64encode(RAW).decode()


@pytest.mark.parametrize(
    "digest", [PADDED, PADDED.rstrip("="), f"SHA-256={PADDED}", f"SHA-256={PADDED.rstrip('=')}"]
)
def test_digests(digest: str) -> None:
    assert sha256_hex(digest) == RAW.hex()


@pytest.mark.parametrize(
    "digest", ["SHA-256=", "SHA-256=???", "SHA-256=AAAA", f"SHA-512={PADDED}", PADDED + "AA"]
)
def test_digests_that_are_none(digest: str) -> None:
    with pytest.raises(ValueError, match="in '"):
        sha256_hex(digest)
