"""The command line `kanade-host`. Each command is a file; what takes time is imported when it is needed."""

from kanade_host.cli.root import main

__all__ = ["main"]
