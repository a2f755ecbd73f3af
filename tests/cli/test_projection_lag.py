"""What `projection list` says of messages that wait."""

from __future__ import annotations

from typing import Any

import pytest

from kanade_host.cli.projections import _lag, _merged


@pytest.mark.parametrize(
    ("live", "said"),
    [
        ({"lag": 12, "lag_at_most": False}, 12),
        ({"lag": 12, "lag_at_most": True}, "at most 12"),
        ({"lag": None, "lag_at_most": False}, None),
        (None, None),
    ],
    ids=["counted", "at most", "not known yet", "no host runs"],
)
def test_what_waits(live: dict[str, Any] | None, said: object) -> None:
    assert _lag(_merged("plugin.projection", None, live)) == said
