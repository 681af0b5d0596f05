"""The command line ``equipoise``: each command is loaded when it is called.

The commands are entry points of this distribution, so that ``service`` and ``training`` each
bring their own and neither knows the other.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, distribution

import click

from models import __version__

COMMAND_GROUP = "equipoise.commands"


class Commands(click.Group):
    """The commands that the installed distribution declares."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click calls it so)
        """Return the names of the commands, sorted."""
        return sorted(_entry_points())

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 (click calls it so)
        cmd_name: str,
    ) -> click.Command | None:
        """Return one command, or ``None`` when there is none of this name."""
        entry = _entry_points().get(cmd_name)
        if entry is None:
            return None
        command: click.Command = entry.load()
        return command


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="equipoise")
def main() -> None:
    """Predictions with and without surgery of the primary tumour in stage IV breast cancer."""


def _entry_points() -> dict[str, EntryPoint]:
    declared = distribution("equipoise").entry_points.select(group=COMMAND_GROUP)
    return {entry.name: entry for entry in declared}


if __name__ == "__main__":
    main(prog_name="equipoise")
