"""The root of the command line: our commands, those of plugins, and upstream's way of being called.

`kanade-host --config FILE` is `kanade-host serve --config FILE`, so that a service unit written for
kanade-backend only needs the program's name changed.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence

import click

from kanade_host import __version__
from kanade_host.cli.failing import report
from kanade_host.config.errors import ConfigError
from kanade_host.platform.exits import Exit
from kanade_host.plugin.errors import KanadeError

# Name -> module below kanade_host.cli that has it as `command`; in the order of the help.
COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "plugins": "plugins",
    "plugin": "plugin",
    "config": "config",
    "db": "db",
    "projection": "projections",
    "dead-letters": "dead_letters",
    "env": "env",
}

SPEAKS = "speaks kanade-backend 0.43.25"

EPILOG = """\b
First steps:
  kanade-host demo                      a whole system on this computer, nothing to configure
  kanade-host config check              is backend.toml as it should be?
  kanade-host serve --config FILE       run it for good
  eval "$(kanade-host env)"             point kanade's own command line at it
"""


class Root(click.Group):
    """Finds our commands by name without importing the others; plugins' commands come after ours."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from kanade_host.cli.of_plugins import plugin_commands

        return [*COMMANDS, *sorted(name for name in plugin_commands() if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            ours = importlib.import_module(f"kanade_host.cli.{COMMANDS[cmd_name]}").command
            assert isinstance(ours, click.Command)
            return ours
        from kanade_host.cli.of_plugins import plugin_commands
        from kanade_host.observe.logs import setup_console

        found = plugin_commands().get(cmd_name)
        if found is not None:
            setup_console("info")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """click suggests only what it has imported, and we import late."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Called as kanade-backend is called, it serves."""
        alone = {"-h", "--help", "-V", "--version"}
        if not args or (args[0].startswith("-") and args[0] not in alone):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=Root,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, "-V", "--version", message=f"kanade-host %(version)s ({SPEAKS})")
def root() -> None:
    """The back end of kanade: turns the messages of agents into tables, and serves them.

    Without a command it serves, as kanade-backend does.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; answers the exit status."""
    try:
        result = root.main(args=list(sys.argv[1:] if argv is None else argv), standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except ConfigError as error:
        hint = ""
        if error.text.startswith("config not found"):
            hint = (
                "To see it work without any configuration: kanade-host demo. All commands: kanade-host --help"
            )
        return report(error, hint)
    except KanadeError as error:
        return report(error)
    except BrokenPipeError:
        return Exit.OK
    except OSError as error:
        if error.filename is None:
            raise
        return report(ConfigError(f"cannot use {error.filename}", error.strerror or type(error).__name__))
    return result if isinstance(result, int) else Exit.OK
