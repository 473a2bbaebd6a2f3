"""Choosing one of a topic's senses."""

import sys

import click
from rich.table import Table

from continuum.cli.found import SUMMARY
from continuum.cli.shell import messages
from continuum.cli.words import cut, styled
from exploration.errors import TopicAmbiguous
from providers.knowledge.port import Subject

_LABEL = 30
"""Columns that a sense has at least, where it needs them: the summary gives way first."""


def choose(ambiguous: TopicAmbiguous, number: int | None) -> Subject | None:
    """The sense with this number, or the one that a person at the terminal picks; None, all being listed, for none."""
    senses = ambiguous.senses
    if number is not None and number <= len(senses):
        return senses[number - 1]
    console = messages()
    console.print(
        styled(f"Error: {ambiguous}" if number is None else f"Error: there is no sense {number}. {ambiguous}")
    )
    console.print(_table(senses), soft_wrap=False)
    if not (sys.stdin.isatty() and console.is_terminal):
        console.print(styled("Give its number: --sense N."))
        return None
    picked = click.prompt("Which one", type=click.IntRange(1, len(senses)), err=True)
    return senses[int(picked) - 1]


def _table(senses: tuple[Subject, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", justify="right")
    longest = max(len(_label(sense)) for sense in senses)
    table.add_column("sense", overflow="fold", min_width=min(longest, _LABEL))
    table.add_column("what it is", overflow="ellipsis", no_wrap=True)
    for number, sense in enumerate(senses, 1):
        table.add_row(str(number), styled(_label(sense)), styled(cut(sense.summary, SUMMARY)))
    return table


def _label(sense: Subject) -> str:
    what = sense.kind or sense.domain
    return f"{sense.name} ({what})" if what else sense.name
