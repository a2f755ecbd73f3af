"""The HTTP routes of the plugin (`contract/http-fleet.md` 4), and two of our own that end sessions."""

from __future__ import annotations

from kanade_host.plugin import Permission, Role, Route
from kanade_host_auth.accounts import (
    change_account,
    create_account,
    delete_account,
    list_accounts,
    revoke_tokens,
)
from kanade_host_auth.messages import (
    AccountChange,
    AccountRow,
    ChangePassword,
    Login,
    LoginAnswer,
    Me,
    NewAccount,
    RevokeQuery,
)
from kanade_host_auth.own_account import change_password, log_in, me, revoke_own

SELF = Permission("auth.self", Role.VIEWER)
ACCOUNTS = Permission("accounts.manage", Role.ADMIN)
_BAD_VALUE = "the body breaks a rule; the text says which"
_LAST_ADMIN = "would leave no enabled administrator"
_THROTTLED = "too many failed log-ins; retry-after says when the next one is heard"

ROUTES = (
    Route(
        "POST",
        "/api/auth/login",
        log_in,
        None,
        "Log in; answers a bearer token",
        request=Login,
        response=LoginAnswer,
        audits=("login", "login_failed"),
        errors={401: "invalid credentials", 429: _THROTTLED},
    ),
    Route("GET", "/api/auth/me", me, SELF, "Name, role and must-change flag of the caller", response=Me),
    Route(
        "POST",
        "/api/auth/change-password",
        change_password,
        SELF,
        "Change the own password; ends the caller's other sessions",
        request=ChangePassword,
        status=204,
        audits=("account.change_password",),
        errors={400: _BAD_VALUE, 401: "unknown account", 429: _THROTTLED},
    ),
    Route(
        "POST",
        "/api/auth/revoke",
        revoke_own,
        SELF,
        "Log out: end the token that this request carries",
        status=204,
        audits=("logout",),
        errors={400: "the request carries no token of a log-in"},
    ),
    Route(
        "GET",
        "/api/accounts",
        list_accounts,
        ACCOUNTS,
        "All accounts, by name",
        response=list[AccountRow],
        fresh=("accounts",),
    ),
    Route(
        "POST",
        "/api/accounts",
        create_account,
        ACCOUNTS,
        "Create an account",
        request=NewAccount,
        status=201,
        audits=("account.create",),
        errors={400: _BAD_VALUE, 409: "username already exists"},
    ),
    Route(
        "PATCH",
        "/api/accounts/{username}",
        change_account,
        ACCOUNTS,
        "Change role or state, or reset the password, which ends the user's sessions",
        request=AccountChange,
        status=204,
        audits=("account.update",),
        errors={400: _BAD_VALUE, 404: "no such account", 409: _LAST_ADMIN},
    ),
    Route(
        "DELETE",
        "/api/accounts/{username}",
        delete_account,
        ACCOUNTS,
        "Delete an account",
        status=204,
        audits=("account.delete",),
        errors={404: "no such account", 409: _LAST_ADMIN},
    ),
    Route(
        "POST",
        "/api/accounts/{username}/revoke",
        revoke_tokens,
        ACCOUNTS,
        "End the sessions of an account: all, or the one whose token has that id",
        query=RevokeQuery,
        status=204,
        audits=("account.revoke",),
        errors={404: "no such account"},
    ),
)
