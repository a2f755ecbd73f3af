"""Every fault of a token, and the reason that clients are shown (contract/http-fleet.md 3.3)."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.utils import base64url_decode, base64url_encode
from kanade_host_auth.authenticator import bearer_token
from kanade_host_auth.token_parts import InvalidToken
from kanade_host_auth.tokens import Tokens

from kanade_host.plugin import Role

SECRET = "a secret of at least thirty-two bytes"
NOW = 1_800_000_000
GOOD: dict[str, Any] = {"sub": "vera", "exp": NOW + 60, "aud": "kanade", "roles": ["viewer"]}


def signed(claims: Any, header: Any = None, secret: str = SECRET) -> str:
    """A token with whatever content, rightly signed."""
    algorithm = jwt.get_algorithm_by_name("HS256")
    head = header if header is not None else {"typ": "JWT", "alg": "HS256"}
    parts = [base64url_encode(json.dumps(part).encode()).decode() for part in (head, claims)]
    return ".".join(
        [*parts, base64url_encode(algorithm.sign(".".join(parts).encode(), secret.encode())).decode()]
    )


def without(*keys: str, **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (GOOD | changes).items() if key not in keys}


def reason(token: str, now: int = NOW) -> str:
    with pytest.raises(InvalidToken) as caught:
        Tokens(SECRET, 3600).validate(token, now)
    return str(caught.value)


@pytest.mark.parametrize(
    "token, expected",
    [
        ("not-a-token", "InvalidToken"),
        ("a.b", "InvalidToken"),
        ("a.b.c.d", "InvalidToken"),
        ("!!!.b.c", "Base64 error: Invalid symbol 33, offset 0."),
        ("a.b.c", "Base64 error: "),
        ("ab.b.c", "Base64 error: Invalid last symbol 98, offset 1."),
        ("eA.eA.eA", "JSON error: "),
        (signed(GOOD, header={"typ": "JWT"}), "JSON error: missing field `alg`"),
        (signed(GOOD, header=["HS256"]), "JSON error: invalid type: sequence"),
        (signed(GOOD, header={"alg": 5}), "JSON error: invalid type: integer `5`"),
        (signed(GOOD, header={"alg": "none"}), "JSON error: unknown variant `none`, expected one of `HS256`"),
        (signed(GOOD, header={"alg": "hs256"}), "JSON error: unknown variant `hs256`"),
        (signed(GOOD, header={"alg": "HS384"}), "InvalidAlgorithm"),
        (signed(GOOD, header={"alg": "RS256"}), "InvalidAlgorithm"),
        (signed(GOOD, secret="somebody else's secret of 32 bytes"), "InvalidSignature"),
        (signed(GOOD).rsplit(".", 1)[0] + ".", "InvalidSignature"),
        (signed("text"), "JSON error: invalid type: string"),
        (signed(without("sub")), "JSON error: missing field `sub` at line 1 column "),
        (signed(without("exp")), "JSON error: missing field `exp` at line 1 column "),
        (signed(without(sub=7)), "JSON error: invalid type: integer `7`, expected a string"),
        (signed(without(exp=1.5)), "JSON error: invalid type: floating point `1.5`"),
        (signed(without(exp=str(NOW + 60))), "JSON error: invalid type: string"),
        (signed(without(exp=True)), "JSON error: invalid type: boolean `true`"),
        (signed(without(exp=-1)), "Missing required claim: exp"),
        (signed(without(aud=["kanade"])), "JSON error: invalid type: sequence, expected a string"),
        (signed(without(roles=None)), "JSON error: invalid type: null, expected a sequence"),
        (signed(without(roles=[1])), "JSON error: invalid type: integer `1`, expected a string"),
        (signed(without(aud="other")), "InvalidAudience"),
        (signed(without(exp=NOW - 61)), "ExpiredSignature"),
        (signed(without(exp=NOW - 61, aud="other")), "ExpiredSignature"),
    ],
)
def test_a_fault_has_its_reason(token: str, expected: str) -> None:
    assert reason(token).startswith(expected)


@pytest.mark.parametrize(
    "claims",
    [
        GOOD,
        without("aud"),
        without(aud=None),
        without("roles"),
        without(roles=["emperor"]),
        without(exp=NOW - 60),
        without(nbf=NOW + 9999, iss="whoever"),
        without(iat=NOW + 9999, jti="x"),
        without(iat="nonsense", jti=5),
    ],
)
def test_what_the_contract_ignores_passes(claims: dict[str, Any]) -> None:
    assert Tokens(SECRET, 3600).validate(signed(claims), NOW).sub == "vera"


def test_other_header_fields_are_ignored() -> None:
    header = {"alg": "HS256", "typ": "whatever", "kid": "7", "crit": ["b64"]}
    assert Tokens(SECRET, 3600).validate(signed(GOOD, header=header), NOW).sub == "vera"


def test_a_token_of_upstream_counts_as_issued_twelve_hours_before_its_end() -> None:
    claims = Tokens(SECRET, 3600).validate(signed(GOOD), NOW)
    assert claims.issued_at == GOOD["exp"] - 12 * 3600
    assert claims.token_id.startswith("sha256-")


def test_minted_tokens_have_the_contract_s_claims_in_order_and_two_more() -> None:
    token, claims = Tokens(SECRET, 12 * 3600).mint("Vera ü", Role.VIEWER, NOW, 0)
    header, body = (json.loads(base64url_decode(part)) for part in token.split(".")[:2])
    assert list(header.items()) == [("typ", "JWT"), ("alg", "HS256")]
    assert list(body) == ["sub", "exp", "aud", "roles", "iat", "jti"]
    assert body["exp"] == NOW + 12 * 3600
    assert body["roles"] == ["viewer"]
    assert jwt.decode(
        token,
        SECRET,
        algorithms=["HS256"],
        audience="kanade",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert Tokens(SECRET, 1).validate(token, NOW) == claims


def test_a_new_token_is_never_older_than_what_ended_the_others() -> None:
    assert Tokens(SECRET, 3600).mint("vera", Role.VIEWER, NOW, NOW + 500)[1].issued_at == NOW + 500


def test_a_remembered_token_still_expires() -> None:
    tokens = Tokens(SECRET, 3600)
    token, _ = tokens.mint("vera", Role.VIEWER, NOW, 0)
    assert tokens.validate(token, NOW) == tokens.validate(token, NOW + 3660)
    with pytest.raises(InvalidToken, match="ExpiredSignature"):
        tokens.validate(token, NOW + 3661)


def test_a_short_secret_of_an_upstream_site_works() -> None:
    tokens = Tokens("short", 3600)
    assert tokens.validate(tokens.mint("vera", Role.ADMIN, NOW, 0)[0], NOW).sub == "vera"


@pytest.mark.parametrize(
    "header, token",
    [
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer    ", None),
        ("bearer x", None),
        ("BEARER x", None),
        ("Basic x", None),
        ("Bearer\tx", None),
        ("Bearer ü", None),
        ("Bearer x\x01", None),
        (" Bearer x", None),
        ("Bearer x", "x"),
        ("Bearer   x  ", "x"),
        ("Bearer x y", "x y"),
    ],
)
def test_the_header_s_form(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token


@given(st.text(st.characters(codec="ascii"), max_size=200))
def test_no_text_at_all_does_more_than_be_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        Tokens(SECRET, 3600).validate(token, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["sub", "exp", "aud", "roles", "iat", "jti", "x"]), JSON))
def test_no_signed_claims_do_more_than_be_refused_or_taken(claims: dict[str, Any]) -> None:
    try:
        found = Tokens(SECRET, 3600).validate(signed(claims), NOW)
    except InvalidToken:
        return
    assert found.sub == claims["sub"]
    assert found.exp >= NOW - 60


def test_deep_headers_are_refused() -> None:
    deep = base64url_encode(b"[" * 100_000).decode()
    assert reason(f"{deep}.e30.e30").startswith("JSON error: ")


def test_a_token_is_written_in_one_way_only() -> None:
    """Else a token without an id, which is known by its hash, could be used on after it was revoked."""
    token = signed(GOOD)
    tokens = Tokens(SECRET, 3600)
    tokens.validate(token, NOW)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = letters.index(token[-1]) // 4 * 4  # 32 bytes leave the last two bits unused
    for other in letters[same : same + 4]:
        if other != token[-1]:
            assert reason(token[:-1] + other).startswith("Base64 error: Invalid last symbol ")
