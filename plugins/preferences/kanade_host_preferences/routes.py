"""The HTTP routes.

Preferences leave no audit records: which columns somebody hides concerns nobody else, and the trail is kept
for ever. Views do, because they may be shared.
"""

from __future__ import annotations

from typing import Any

from kanade_host.plugin import Permission, Role, Route
from kanade_host_preferences.messages import NewView, Value, View, ViewChange, ViewsQuery
from kanade_host_preferences.values import delete_value, own_values, set_value
from kanade_host_preferences.views import change_view, delete_view, list_views, save_view

OWN = Permission("preferences.own", Role.VIEWER)
_BAD = "the key or the body breaks a rule; the text says which"

ROUTES = (
    Route("GET", "/api/preferences", own_values, OWN, "The caller's preferences", response=dict[str, Any]),
    Route(
        "PUT",
        "/api/preferences/{key}",
        set_value,
        OWN,
        "Set one of the caller's preferences",
        request=Value,
        body_limit=64 * 1024,
        status=204,
        errors={400: _BAD, 409: "too many preferences"},
    ),
    Route(
        "DELETE",
        "/api/preferences/{key}",
        delete_value,
        OWN,
        "Forget one of the caller's preferences",
        status=204,
        errors={400: _BAD},
    ),
    Route(
        "GET",
        "/api/views",
        list_views,
        OWN,
        "The caller's saved views, and those that others share",
        query=ViewsQuery,
        response=list[View],
    ),
    Route(
        "POST",
        "/api/views",
        save_view,
        OWN,
        "Save a view",
        request=NewView,
        response=View,
        body_limit=64 * 1024,
        status=201,
        audits=("view.create",),
        errors={400: _BAD, 409: "the name is taken, or there are too many"},
    ),
    Route(
        "PATCH",
        "/api/views/{view_id}",
        change_view,
        OWN,
        "Rename, change or share an own view",
        request=ViewChange,
        body_limit=64 * 1024,
        status=204,
        audits=("view.update",),
        errors={400: _BAD, 403: "somebody else's view", 404: "no such view", 409: "the name is taken"},
    ),
    Route(
        "DELETE",
        "/api/views/{view_id}",
        delete_view,
        OWN,
        "Delete an own view, or as an administrator a shared one",
        status=204,
        audits=("view.delete",),
        errors={403: "somebody else's view", 404: "no such view"},
    ),
)
