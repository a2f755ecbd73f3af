"""What every answer has to be; schemathesis loads this by name (`SCHEMATHESIS_HOOKS`)."""

from __future__ import annotations

from typing import Any

import schemathesis

from fuzzing.promised import is_promised


@schemathesis.check
def no_fault(ctx: Any, response: Any, case: Any) -> None:
    """No 500 at all; 502 to 504 are for a broker that is away, and here it is not."""
    if response.status_code >= 500 and not is_promised(
        case.operation.label, response.status_code, response.text
    ):
        raise AssertionError(f"{response.status_code}: {response.text[:500]}")
