"""JSON web tokens, HS256 only, with the claims and the reasons of `contract/http-fleet.md` 3.3.

The signature is PyJWT's. The checks around it are ours: clients are shown their reasons, and PyJWT
refuses an `iat` in the future, so that a clock set back would lock everybody out. A secret of an
upstream site may be short; PyJWT would warn about it at each use, we do once at the start.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import msgspec
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_encode

from kanade_host.plugin import Role
from kanade_host_auth.token_parts import InvalidToken, check_header, decode_base64, decode_json, kind

AUDIENCE = "kanade"
LEEWAY = 60
UPSTREAM_LIFE = 12 * 3600
_HEADER = base64url_encode(b'{"typ":"JWT","alg":"HS256"}')
_HS256 = HMACAlgorithm(HMACAlgorithm.SHA256)
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says. Times are Unix seconds."""

    sub: str
    exp: int
    issued_at: int
    token_id: str


class Tokens:
    """Mints and validates with one secret. `life` in seconds."""

    def __init__(self, secret: str, life: int) -> None:
        self._key = secret.encode()
        self._life = life
        self._good: OrderedDict[str, Claims] = OrderedDict()

    def mint(self, username: str, role: Role, now: int, not_before: int) -> tuple[str, Claims]:
        """A new token and its claims.

        It counts as issued no earlier than `not_before`, the moment that ended the user's older
        tokens: the clock may have been set back since, or it may be the same second still.
        """
        claims = Claims(username, now + self._life, max(now, not_before), uuid.uuid4().hex)
        body = {
            "sub": username,
            "exp": claims.exp,
            "aud": AUDIENCE,
            "roles": [role.word],
            "iat": claims.issued_at,
            "jti": claims.token_id,
        }
        signed = _HEADER + b"." + base64url_encode(msgspec.json.encode(body))
        token = signed + b"." + base64url_encode(_HS256.sign(signed, self._key))
        return token.decode(), claims

    def validate(self, token: str, now: int) -> Claims:
        """The claims of a good token; raises `InvalidToken`.

        Tokens that were good before are remembered: of those, only the end has to be looked at.
        """
        known = self._good.get(token)
        if known is not None and known.exp >= now - LEEWAY:
            self._good.move_to_end(token)
            return known
        claims = self._check(token, now)
        self._good[token] = claims
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)
        return claims

    def _check(self, token: str, now: int) -> Claims:
        parts = token.split(".")
        if len(parts) != 3:
            raise InvalidToken("InvalidToken")
        check_header(decode_json(decode_base64(parts[0])))
        signed = f"{parts[0]}.{parts[1]}".encode()
        if not _HS256.verify(signed, self._key, decode_base64(parts[2])):
            raise InvalidToken("InvalidSignature")
        data = decode_base64(parts[1])
        body = decode_json(data)
        _check_types(body, f" at line 1 column {len(data)}")
        if body["exp"] < 0:
            raise InvalidToken("Missing required claim: exp")
        if body["exp"] < now - LEEWAY:
            raise InvalidToken("ExpiredSignature")
        if body.get("aud") not in (None, AUDIENCE):
            raise InvalidToken("InvalidAudience")
        return _claims(body, token)


def _check_types(body: Any, where: str) -> None:
    if not isinstance(body, dict):
        raise InvalidToken(f"JSON error: invalid type: {kind(body)}, expected struct Claims{where}")
    wanted: list[tuple[str, type, str, bool]] = [
        ("sub", str, "a string", True),
        ("exp", int, "i64", True),
        ("aud", str, "a string", False),
        ("roles", list, "a sequence", False),
    ]
    for key, python, words, required in wanted:
        if key not in body:
            if required:
                raise InvalidToken(f"JSON error: missing field `{key}`{where}")
            continue
        value = body[key]
        if key == "aud" and value is None:
            continue
        if not isinstance(value, python) or isinstance(value, bool):
            raise InvalidToken(f"JSON error: invalid type: {kind(value)}, expected {words}{where}")
    for role in body.get("roles", []):
        if not isinstance(role, str):
            raise InvalidToken(f"JSON error: invalid type: {kind(role)}, expected a string{where}")


def _claims(body: dict[str, Any], token: str) -> Claims:
    """Tokens that kanade-backend minted have neither `iat` nor `jti`: they get both from what they have."""
    issued, token_id = body.get("iat"), body.get("jti")
    if not isinstance(issued, int) or isinstance(issued, bool):
        issued = body["exp"] - UPSTREAM_LIFE
    if not isinstance(token_id, str) or not token_id:
        token_id = "sha256-" + hashlib.sha256(token.encode()).hexdigest()[:32]
    return Claims(body["sub"], body["exp"], issued, token_id)
