"""HTTP as a test asks it: any role, any body, the whole answer."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from kanade_host.plugin.json import encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What the host answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        """The decoded body; an AssertionError with status and text when it is no JSON."""
        try:
            return jsonlib.loads(self.body)
        except ValueError:
            raise AssertionError(f"status {self.status}, not JSON: {self.body[:500]!r}") from None


class Client:
    """Asks one host. `role` None sends no Authorization header; `token` overrides the role."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        role: str | None = "admin",
        token: str | None = None,
    ) -> Answer:
        """One request. `json` is encoded and typed; `data` goes out as it is, without a content type."""
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False)
        sent = dict(headers or {})
        bearer = token if token is not None else role
        if bearer is not None:
            sent.setdefault("Authorization", f"Bearer {bearer}")
        body: bytes | None = data.encode() if isinstance(data, str) else data
        if json is not None:
            body = encode(json)
            sent.setdefault("Content-Type", "application/json")
        async with self._session.request(
            method,
            self.base + path,
            data=body,
            headers=sent,
            skip_auto_headers=("Content-Type", "Accept-Encoding"),
            allow_redirects=False,
        ) as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.read())

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
