"""`continuum schema`."""

import click


@click.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    from schema.schema import sdl  # noqa: PLC0415 - GraphQL takes a second to load; the other commands need none

    click.echo(sdl())
