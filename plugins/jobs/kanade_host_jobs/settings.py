"""The settings `[plugins.jobs]`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from kanade_host.plugin import Settings


class JobsSettings(Settings, frozen=True, kw_only=True):
    """How jobs go out."""

    upstream_subjects: Annotated[
        bool,
        msgspec.Meta(
            description="Send to `commands.group.<name>` instead of a group's members, and count subjects, "
            "as kanade-backend 0.43.25 does. Its agents run group commands whether or not they are members."
        ),
    ] = False
    replay_durables: Annotated[
        bool,
        msgspec.Meta(
            description="Keep each agent's durable consumer on EXEC narrowed to its own subjects. Off: they "
            "become as wide as agents make them, and every command is delivered to every agent; switch it "
            "off before going back to kanade-backend."
        ),
    ] = True
    pin_on_save: Annotated[
        bool,
        msgspec.Meta(
            description="Pin the new version of a job when it is saved, where an older one is pinned and an "
            "enabled schedule runs it on agents. Off, as with kanade-backend, they skip it until it is fired "
            "from here."
        ),
    ] = False
    replay_rate: Annotated[
        int, msgspec.Meta(ge=1, le=10_000, description="Durables made or changed per second, at most.")
    ] = 100
    require_approval: Annotated[
        Literal["never", "marked", "always"],
        msgspec.Meta(
            description="Which fires wait until a second operator releases them: none, those of jobs whose "
            "manifest says `require_approval: true` (`marked`), or all."
        ),
    ] = "never"
    approval_hours: Annotated[
        int, msgspec.Meta(ge=1, le=720, description="Hours after which a fire that nobody released expires.")
    ] = 24
