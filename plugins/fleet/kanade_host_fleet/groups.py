"""Groups over HTTP (`contract/http-fleet.md` 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kanade_host.plugin import BadJson, BadShape, HttpError, KeyValue, Request, Response, decode, encode
from kanade_host_fleet.buckets import Precondition, decoded, document, told
from kanade_host_fleet.dynamic import dynamic_of
from kanade_host_fleet.memberships import BUCKET, check_count, memberships_of, normal, usable
from kanade_host_fleet.messages import AgentGroups, GroupList, GroupRow
from kanade_host_fleet.scopes import BUCKET as SCOPES
from kanade_host_fleet.scopes import GROUP_PREFIX


async def groups_of_agent(request: Request) -> Response:
    """The groups of one PC; a PC that nobody put anywhere has none."""
    pc_id = request.path["pc_id"]
    with told(BUCKET, f"read agent_groups for {pc_id}"):
        entry = await _bucket(request).get(pc_id)
    if entry is None or entry.value is None:
        return document(request, AgentGroups([]), None)
    stored = decoded(AgentGroups, entry.value, f"agent_groups for {pc_id}")
    return document(request, AgentGroups(normal(stored.groups)), entry.revision)


async def set_groups(request: Request) -> Response:
    """Put a PC into exactly these groups."""
    pc_id = request.path["pc_id"]
    wanted: list[str] = request.body.groups
    kv, condition = _bucket(request), Precondition(request)
    dynamic = await dynamic_of(request.ctx).names()
    groups: list[str] = []

    def change(stored: bytes | None) -> bytes:
        known = _known(stored)
        refuse_dynamic(dynamic - known, wanted)
        own = (name if name in known else usable(name) for name in wanted)
        groups[:] = normal([*own, *(dynamic & known)])
        check_count(groups, len(known))
        return encode(AgentGroups(groups))

    revision = None
    with told(BUCKET, f"write agent_groups for {pc_id}"):
        if condition.asked:
            entry = await kv.get(pc_id)
            revision = await condition.put(kv, pc_id, change(entry.value if entry else None))
        else:
            await kv.revise(pc_id, change)
    await request.audit("groups_set", pc_id, {"groups": groups})
    return document(request, AgentGroups(groups), revision)


async def add_to_group(request: Request) -> AgentGroups:
    """Put a PC into one more group."""
    pc_id, asked = request.path["pc_id"], request.body.group
    if not asked.strip():
        usable(asked)  # refused before the broker is asked

    dynamic = await dynamic_of(request.ctx).names()

    def change(groups: list[str]) -> list[str]:
        if asked in groups:
            return groups
        refuse_dynamic(dynamic, [asked])
        return [*groups, usable(asked)]

    groups, changed = await _revise(request, pc_id, change)
    if changed:
        await request.audit("group_add", pc_id, {"group": asked.strip()})
    return AgentGroups(groups)


async def remove_from_group(request: Request) -> AgentGroups:
    """Take a PC out of a group; the name is compared exactly."""
    pc_id, group = request.path["pc_id"], request.path["group"]

    dynamic = await dynamic_of(request.ctx).names()

    def change(groups: list[str]) -> list[str]:
        if group in groups:
            refuse_dynamic(dynamic, [group])
        return [name for name in groups if name != group]

    groups, changed = await _revise(request, pc_id, change)
    if changed:
        await request.audit("group_remove", pc_id, {"group": group})
    return AgentGroups(groups)


async def all_groups(request: Request) -> GroupList:
    """Every group that has a member or a scope."""
    ctx = request.ctx
    scopes = ctx.watch(SCOPES)
    memberships = memberships_of(ctx)
    with told(BUCKET, "list agent_groups"):
        await memberships.map.synced()
        await scopes.synced()
    members: dict[str, list[str]] = {}
    for pc_id, groups in memberships.snapshot().items():
        for group in groups:
            members.setdefault(group, []).append(pc_id)
    with_scope = {key.removeprefix(GROUP_PREFIX) for key, _ in scopes.items() if key.startswith(GROUP_PREFIX)}
    return GroupList(
        [
            GroupRow(name, members.get(name, []), name in with_scope)
            for name in normal({*members, *with_scope})
        ]
    )


def refuse_dynamic(dynamic: frozenset[str] | set[str], names: Iterable[str]) -> None:
    """409 for a membership that a filter decides."""
    for name in names:
        if name.strip() in dynamic:
            raise HttpError(
                409, f"`{name}` is a dynamic group: its filter decides who is in it (/api/fleet/groups)"
            )


def _bucket(request: Request) -> KeyValue:
    return request.ctx.bus.kv(BUCKET)


def _known(stored: bytes | None) -> set[str]:
    """Names that are stored already stay usable, however odd; a row that is broken is replaced."""
    if stored is None:
        return set()
    try:
        return set(decode(AgentGroups, stored).groups)
    except (BadJson, BadShape):
        return set()


async def _revise(
    request: Request, pc_id: str, change: Callable[[list[str]], list[str]]
) -> tuple[list[str], bool]:
    """Change the stored list, again if somebody else was faster; answers it, and whether it changed.

    An unchanged list is not written, even when its row is not sorted.
    """
    outcome: list[str] = []
    changed = False

    def revised(stored: bytes | None) -> bytes | None:
        nonlocal changed
        before = [] if stored is None else decoded(AgentGroups, stored, f"agent_groups for {pc_id}").groups
        outcome[:] = normal(change(normal(before)))
        check_count(outcome, len(before))
        changed = outcome != normal(before)
        return encode(AgentGroups(outcome)) if changed else stored

    with told(BUCKET, f"read agent_groups for {pc_id}"):
        await _bucket(request).revise(pc_id, revised)
    return outcome, changed
