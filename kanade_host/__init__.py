"""The back end of kanade: a small host that knows no plugin by name."""

__version__ = "0.1.0"
