"""The two 5xx answers that kanade-backend gives while its broker is well, and its clients know.

Each is one status of one operation with one body; any other text there is a fault like everywhere else.
"""

from __future__ import annotations

import json
import re

LOGS = "GET /api/agents/{pc_id}/logs"
HEALTH = "GET /api/health/fleet"

_NO_SUBJECT = re.compile(r"logs\.fetch\..*: invalid subject: invalid subject format", re.DOTALL)


def is_promised(operation: str, status: int, body: str) -> bool:
    """`operation` as the document names it: method, blank, path with its parameters in braces."""
    if (operation, status) == (LOGS, 502):
        # `contract/http-fleet.md` 9: no agent can listen to such a name. Every other one is answered here.
        return _NO_SUBJECT.fullmatch(body) is not None
    if (operation, status) == (HEALTH, 503):
        # `contract/http-jobs.md` 12.2: a PC has been silent for two minutes, which a long run outlasts.
        return _only_silent(body)
    return False


def _only_silent(body: str) -> bool:
    try:
        health = json.loads(body)
        return bool(
            health["status"] == "degraded" and health["agents"]["stale"] > 0 and health["jetstream"]["all_ok"]
        )
    except (ValueError, KeyError, TypeError):
        return False
