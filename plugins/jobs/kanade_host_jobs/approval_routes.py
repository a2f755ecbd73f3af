"""Fires that wait for approval, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from kanade_host.plugin import U32, Permission, Request, Route
from kanade_host_jobs.api import FireAnswer
from kanade_host_jobs.approval_rows import TOPIC, Approval, ApprovalDetail
from kanade_host_jobs.emergency import WithReason
from kanade_host_jobs.work import work_of

MOST = 1_000


class ApprovalsQuery(msgspec.Struct, frozen=True):
    """`state`: only those."""

    state: Literal["pending", "approved", "fired", "rejected", "expired", "failed"] | None = None
    limit: Annotated[U32, msgspec.Meta(description=f"At most {MOST} are given.")] = 100


async def list_approvals(request: Request) -> list[Approval]:
    """GET /api/approvals, the newest first."""
    query: ApprovalsQuery = request.query
    return await work_of(request.ctx).approvals.listed(query.state, min(query.limit, MOST))


async def get_approval(request: Request) -> ApprovalDetail:
    """GET /api/approvals/{exec_id}."""
    return await work_of(request.ctx).approvals.one(request.path["exec_id"])


async def approve(request: Request) -> FireAnswer:
    """POST /api/approvals/{exec_id}/approve."""
    return await work_of(request.ctx).approvals.approve(request.path["exec_id"], request.caller)


async def reject(request: Request) -> None:
    """POST /api/approvals/{exec_id}/reject."""
    await work_of(request.ctx).approvals.reject(request.path["exec_id"], request.body.reason, request.caller)


def approval_routes(read: Permission, decide: Permission) -> Sequence[Route]:
    """For the plugin's table of routes."""
    none = "no such fire"
    return [
        Route(
            "GET",
            "/api/approvals",
            list_approvals,
            read,
            "Fires that wait for somebody's approval, and what became of earlier ones",
            query=ApprovalsQuery,
            response=list[Approval],
            fresh=(TOPIC,),
            tags=("approvals",),
        ),
        Route(
            "GET",
            "/api/approvals/{exec_id}",
            get_approval,
            read,
            "One of them, with where it goes",
            response=ApprovalDetail,
            fresh=(TOPIC,),
            errors={404: none},
            tags=("approvals",),
        ),
        Route(
            "POST",
            "/api/approvals/{exec_id}/approve",
            approve,
            decide,
            "Fire it; by somebody else than who asked for it, or wrote what runs",
            response=FireAnswer,
            audits=("approval_approve", "exec"),
            errors={
                403: "who asked or wrote what runs, or no person; or nobody knows who wrote it",
                404: none,
                409: "decided already, expired, the job has changed, or something stands against firing",
                503: "the broker is away",
            },
            tags=("approvals",),
        ),
        Route(
            "POST",
            "/api/approvals/{exec_id}/reject",
            reject,
            decide,
            "Do not fire it",
            request=WithReason,
            status=204,
            audits=("approval_reject",),
            errors={404: none, 409: "decided already"},
            tags=("approvals",),
        ),
    ]
