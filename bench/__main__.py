"""What Continuum costs, and how fast it tells: `python -m bench requests` (the default), `python -m bench feed`, and
`python -m bench telemetry`.

The figures of one run compare with each other; across machines only their ratios do. Servers are the benchmark's own:
it starts them with what the machine has (scripts/services) and deletes them when it ends.
"""

import signal

import click

from bench.feed import feed
from bench.requests import requests
from bench.telemetry import telemetry


class _Commands(click.Group):
    """A group whose first command is meant where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = bool(args) and (args[0] in self.commands or args[0] in self.get_help_option_names(ctx))
        return super().parse_args(ctx, args if named else [requests.name or "", *args])


@click.group(cls=_Commands, help=__doc__)
def main() -> None:
    """See the module."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # servers are stopped then, too


main.add_command(requests)
main.add_command(feed)
main.add_command(telemetry)


if __name__ == "__main__":
    main(prog_name="python -m bench")
