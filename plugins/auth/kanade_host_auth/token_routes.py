"""The routes of API tokens: our own, beside the contract's."""

from __future__ import annotations

from kanade_host.plugin import Route
from kanade_host_auth.messages import ApiTokenRow, MadeApiToken, NewApiToken
from kanade_host_auth.routes import ACCOUNTS, SELF
from kanade_host_auth.token_handlers import (
    all_tokens,
    make_token,
    own_tokens,
    take_back_any,
    take_back_own,
)

TOKEN_ROUTES = (
    Route(
        "GET",
        "/api/auth/tokens",
        own_tokens,
        SELF,
        "The caller's own API tokens, without their secrets",
        response=list[ApiTokenRow],
    ),
    Route(
        "POST",
        "/api/auth/tokens",
        make_token,
        SELF,
        "Make an API token for a program; the answer shows it once",
        request=NewApiToken,
        response=MadeApiToken,
        status=201,
        audits=("api_token.create",),
        errors={
            400: "the body breaks a rule, or the caller is no account; the text says which",
            403: "an API token makes no API tokens",
            409: "the name is taken, or there are too many",
        },
    ),
    Route(
        "DELETE",
        "/api/auth/tokens/{token_id}",
        take_back_own,
        SELF,
        "End one of the caller's own API tokens",
        status=204,
        audits=("api_token.delete",),
        errors={404: "no such API token"},
    ),
    Route(
        "GET",
        "/api/tokens",
        all_tokens,
        ACCOUNTS,
        "The API tokens of all accounts, without their secrets",
        response=list[ApiTokenRow],
    ),
    Route(
        "DELETE",
        "/api/tokens/{token_id}",
        take_back_any,
        ACCOUNTS,
        "End an API token, whoever has it",
        status=204,
        audits=("api_token.delete",),
        errors={404: "no such API token"},
    ),
)
