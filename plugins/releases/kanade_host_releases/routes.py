"""The HTTP routes of the releases plugin (`contract/http-fleet.md` 1)."""

from __future__ import annotations

from kanade_host.plugin import Permission, Role, Route
from kanade_host_releases import stopping
from kanade_host_releases.messages import (
    Before,
    BeforeQuery,
    Listed,
    Published,
    Release,
    RolledOut,
    Rollout,
    ShelfQuery,
    Stored,
    Targets,
    TargetsQuery,
    Withdrawal,
    Withdrawn,
)
from kanade_host_releases.packages import PACKAGES, SCRIPTS, Shelf
from kanade_host_releases.releases import Releases

MIB = 1024 * 1024
RELEASE_LIMIT = 64 * MIB
PACKAGE_LIMIT = 8192 * MIB
SCRIPT_LIMIT = 4 * MIB

RELEASES_READ = Permission("releases.read", Role.VIEWER)
RELEASES_WRITE = Permission("releases.write", Role.OPERATOR)
ROLLOUT = Permission("releases.rollout", Role.OPERATOR)
PACKAGES_READ = Permission("packages.read", Role.VIEWER)
PACKAGES_WRITE = Permission("packages.write", Role.OPERATOR)
SCRIPTS_READ = Permission("script-objects.read", Role.VIEWER)
SCRIPTS_WRITE = Permission("script-objects.write", Role.OPERATOR)

_AWAY = {
    503: "the broker is away or the object store is missing",
    500: "the store refused; the text says why",
}
_UPLOAD = {
    **_AWAY,
    400: "the upload is no sound multipart body; the text says why",
    413: "larger than allowed",
}


def routes() -> list[Route]:
    """All of them, with a lock of their own for releases and rollouts."""
    handlers = Releases()
    return [
        *_releases(handlers),
        *_rollouts(handlers),
        *_shelf(PACKAGES, "/api/app-packages", PACKAGES_READ, PACKAGES_WRITE, PACKAGE_LIMIT),
        *_shelf(SCRIPTS, "/api/script-objects", SCRIPTS_READ, SCRIPTS_WRITE, SCRIPT_LIMIT),
    ]


def _releases(handlers: Releases) -> list[Route]:
    return [
        Route(
            "POST",
            "/api/agents/publish",
            handlers.publish,
            RELEASES_WRITE,
            "Upload an agent binary (multipart field `file`); its version is read from the binary",
            response=Published,
            body="stream",
            body_limit=RELEASE_LIMIT,
            audits=("agent_publish",),
            errors={**_UPLOAD, 409: "other bytes under a version that is being rolled out"},
        ),
        Route(
            "GET",
            "/api/agents/releases",
            handlers.list,
            RELEASES_READ,
            "The agent binaries, the newest first",
            response=list[Release],
            errors=_AWAY,
        ),
        Route(
            "DELETE",
            "/api/agents/releases/{version}",
            handlers.delete,
            RELEASES_WRITE,
            "Delete an agent binary that no scope has as its target",
            status=204,
            audits=("agent_release_delete",),
            errors={**_AWAY, 404: "no such version", 409: "a scope has it as its target"},
        ),
        Route(
            "GET",
            "/api/agents/releases/{version}",
            handlers.get,
            RELEASES_READ,
            "Download an agent binary; Range, If-Range, If-Match and If-None-Match are honoured",
            errors={
                **_AWAY,
                404: "no such version",
                412: "If-Match names other bytes",
                416: "the range cannot be given",
            },
        ),
    ]


def _rollouts(handlers: Releases) -> list[Route]:
    return [
        Route(
            "POST",
            "/api/agents/rollout",
            handlers.rollout,
            ROLLOUT,
            "Set the version that all agents, a group or a PC shall have",
            request=Rollout,
            response=RolledOut,
            audits=("agent_rollout",),
            errors={**_AWAY, 400: "jitter or scope cannot be used", 404: "no such version"},
        ),
        Route(
            "POST",
            "/api/agents/rollout/stop",
            handlers.stop,
            ROLLOUT,
            "Set a scope back to the version that it had before, or to none",
            request=Withdrawal,
            response=Withdrawn,
            audits=("agent_rollout",),
            errors={**_AWAY, 409: "its target is another one by now"},
        ),
        Route(
            "GET",
            "/api/releases/targets",
            stopping.targets,
            RELEASES_READ,
            "Every scope that has a version as its target, the newest first",
            query=TargetsQuery,
            response=Targets,
            errors=_AWAY,
        ),
        Route(
            "GET",
            "/api/releases/targets/before",
            stopping.before,
            RELEASES_READ,
            "The version that stopping a rollout would set",
            query=BeforeQuery,
            response=Before,
            errors={**_AWAY, 400: "the scope cannot be used"},
        ),
    ]


def _shelf(shelf: Shelf, path: str, read: Permission, write: Permission, limit: int) -> list[Route]:
    one, action = path + "/{name}/{version}", shelf.action
    named = {**_AWAY, 400: "name or version cannot be used", 404: f"no such {shelf.noun}"}
    return [
        Route(
            "GET",
            path,
            shelf.list,
            read,
            f"Every {shelf.noun}, or those with a text in name or version, the newest first",
            query=ShelfQuery,
            response=list[Listed],
            errors=_AWAY,
        ),
        Route(
            "GET",
            one,
            shelf.get,
            read,
            f"Download one {shelf.noun}; Range, If-Range, If-Match and If-None-Match are honoured",
            errors={**named, 412: "If-Match names other bytes", 416: "the range cannot be given"},
        ),
        Route(
            "POST",
            one,
            shelf.upload,
            write,
            f"Upload one {shelf.noun} (multipart field `file`); replaces what is there",
            response=Stored,
            body="stream",
            body_limit=limit,
            audits=(f"{action}_publish",),
            errors=_UPLOAD,
        ),
        Route(
            "DELETE",
            one,
            shelf.delete,
            write,
            f"Delete one {shelf.noun}",
            status=204,
            audits=(f"{action}_delete",),
            errors=named,
        ),
    ]
