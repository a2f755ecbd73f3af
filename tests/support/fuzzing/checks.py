"""What every answer has to be; schemathesis loads this by name (`SCHEMATHESIS_HOOKS`)."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.check
def no_fault(ctx: Any, response: Any, case: Any) -> None:
    """No 500 at all; 502 to 504 are for a broker that is away, and here it is not."""
    assert response.status_code < 500, f"{response.status_code}: {response.text[:500]}"
