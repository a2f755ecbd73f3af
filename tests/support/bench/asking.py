"""Ask addresses again and again over sixteen connections, in a process of its own, and count the answers."""

from __future__ import annotations

import asyncio
import json
import sys
import time

CONNECTIONS = 16
HOST = "127.0.0.1"


async def _ask(port: int, paths: list[str], token: str, first: int, ends: float) -> tuple[int, int]:
    """One connection: how many answers came, and how many were no success."""
    reader, writer = await asyncio.open_connection(HOST, port)
    answers = errors = 0
    number = first
    while time.monotonic() < ends:
        path = paths[number % len(paths)]
        number += CONNECTIONS
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length.strip():
            await reader.readexactly(int(length))
        answers += 1
        errors += not head.startswith(b"HTTP/1.1 2")
    writer.close()
    return answers, errors


async def _all(port: int, paths: list[str], token: str, seconds: float) -> dict[str, float]:
    began = time.monotonic()
    asks = [_ask(port, paths, token, first, began + seconds) for first in range(CONNECTIONS)]
    found = await asyncio.gather(*asks)
    took = time.monotonic() - began
    return {"per_second": sum(n for n, _ in found) / took, "errors": sum(n for _, n in found)}


async def ask(port: int, paths: list[str], token: str, seconds: float) -> dict[str, float]:
    """Answers per second, and how many were no success. The token goes over standard input."""
    asking = await asyncio.create_subprocess_exec(
        sys.executable, __file__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    wanted = {"port": port, "paths": paths, "token": token, "seconds": seconds}
    out, _ = await asking.communicate(json.dumps(wanted).encode())
    answer: dict[str, float] = json.loads(out)
    return answer


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_all(**json.load(sys.stdin)))))
