"""Rebuild a plugin's tables from its streams, while the host runs (`docs/decisions/rebuild.md`)."""
