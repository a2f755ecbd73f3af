"""What is wrong with a configuration, in the words of the contract (host.md 2, 3)."""

from __future__ import annotations

from kanade_host.plugin.errors import OperatorError


class ConfigError(OperatorError):
    """The configuration cannot be used. `causes` are the texts below the outermost one, in order."""

    def __init__(self, text: str, *causes: str) -> None:
        super().__init__(": ".join((text, *causes)))
        self.text = text
        self.causes = causes

    def within(self, text: str) -> ConfigError:
        """The same error as the cause of a wider one."""
        return ConfigError(text, self.text, *self.causes)
