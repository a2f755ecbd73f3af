"""`python -m kanade_host` is `kanade-host`."""

from __future__ import annotations

import sys

from kanade_host.cli import main

if __name__ == "__main__":
    sys.exit(main())
