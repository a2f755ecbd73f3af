"""What an output is known by: equal exit code, stdout and stderr have the same digest."""

from __future__ import annotations

from hashlib import blake2b

BYTES = 16


def digest(exit_code: int, stdout: str, stderr: str) -> bytes:
    """Of the whole output as it is stored. The length keeps what moves between the streams apart."""
    out = stdout.encode("utf-8", "surrogatepass")
    found = blake2b(b"%d %d " % (exit_code, len(out)), digest_size=BYTES)
    found.update(out)
    found.update(stderr.encode("utf-8", "surrogatepass"))
    return found.digest()
