"""Randomness that depends on the seed and on what it is for, and on nothing else.

One generator for the whole fleet would give other machines and outcomes whenever messages arrive in
another order.
"""

from __future__ import annotations

import random
from hashlib import blake2b


def dice(*parts: str | int) -> random.Random:
    """A generator of its own for each combination of parts."""
    key = "\x1f".join(str(part) for part in parts).encode()
    return random.Random(int.from_bytes(blake2b(key, digest_size=8).digest(), "big"))
