"""`continuum import` and `continuum export`."""

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from continuum.cli.failures import DONE, PARTLY
from continuum.cli.shell import Shell, is_live, logs_above, messages, pass_shell, program, run
from continuum.cli.words import counted, lasted, safe
from continuum.stores import opened_store
from graphstore.formats import Dataset, FormatError, Report, compressed, decompressed, export_to, import_from
from graphstore.model import ConceptFilter
from graphstore.port import Store

STANDARD = "-"
"""Standard input or output in place of a file."""


@click.command("import", short_help="Store what a file holds.")
@click.argument("file")
@click.option("--source-title", metavar="TEXT", help="What to cite a data set as; needed with -.  [default: FILE]")
@click.option("--source-url", metavar="URL", help="Where a data set comes from.")
@pass_shell
def import_command(shell: Shell, *, file: str, source_title: str | None, source_url: str | None) -> int:
    """Store what FILE holds: JSON Lines, plain or compressed by xz, gz or zst; - reads standard input.

    A file that `continuum export` wrote is stored as it is, ids included. Any other file is a data set of concepts
    and relations (docs/formats.md); importing it again changes nothing.

    A line that cannot be used is reported, and the others are stored. Exit codes: 0 all lines were stored, 1 some
    were not, 2 none was.
    """
    if source_url is not None and not source_url.lower().startswith(("http://", "https://")):
        raise click.BadParameter("it must start with http:// or https://", param_hint="--source-url")
    return run(_import(shell, file, _dataset(file, source_title, source_url)))


def _dataset(file: str, title: str | None, url: str | None) -> Dataset | None:
    """What a plain file is cited as; None for one without any name."""
    if file != STANDARD:
        return Dataset.of_file(Path(file).name, title, url)
    return Dataset.of_file(title.replace("/", " "), title, url) if title else None


async def _import(shell: Shell, file: str, dataset: Dataset | None) -> int:
    settings = shell.settings()
    with _opened(file) as raw:
        stream = decompressed(raw, file)
        async with opened_store(settings) as database:
            store = database.within(shell.workspace)
            began = time.monotonic()
            with _progress_of(raw, file) as show:
                report = await import_from(stream, store, dataset, show)
            tell_problems(report)
            if report.failed and not report.stored:
                raise FormatError(f"nothing of {file} could be stored")
            await _tell_stored(store, file, report, time.monotonic() - began)
    return PARTLY if report.failed else DONE


@contextlib.contextmanager
def _opened(file: str) -> Iterator[io.BufferedReader]:
    if file == STANDARD:
        with open(sys.stdin.fileno(), "rb", closefd=False) as raw:
            yield raw
        return
    with Path(file).open("rb") as raw:
        yield raw


def tell_problems(report: Report) -> None:
    """Say which lines could not be used."""
    for problem in report.problems:
        click.echo(f"line {problem.line:,}: {safe(problem.reason)}", err=True)
    if report.failed > len(report.problems):
        click.echo(
            f"... and {counted(report.failed - len(report.problems), 'further line')} that cannot be used", err=True
        )


async def _tell_stored(store: Store, file: str, report: Report, seconds: float) -> None:
    concepts = await store.concepts.count(ConceptFilter())
    relations = sum((await store.relations.types()).values())
    fresh = f" ({report.created:,} of the concepts are new)" if report.form == "plain" else ""
    click.echo(f"{_name(file)}: stored {told_counts(report)}{fresh} in {lasted(seconds)}.")
    total = f"{counted(concepts, 'concept')} and {counted(relations, 'relation')}"
    click.echo(f"The workspace {store.workspace} holds {total} now.")
    if report.form == "plain":
        click.echo(f"Next: {program()} explore TOPIC --source graph")


def _name(file: str) -> str:
    return "standard input" if file == STANDARD else safe(Path(file).name)


def told_counts(report: Report) -> str:
    """What was stored, in words."""
    nouns = {"evidence": "piece of evidence", "idempotency": "idempotency key"}
    parts = [counted(number, nouns.get(kind, kind)) for kind, number in report.stored.items()]
    return ", ".join(parts) or "nothing, for it is empty,"


@contextlib.contextmanager
def _progress_of(raw: IO[bytes], file: str) -> Iterator[Callable[[Report], None]]:
    """A bar that tells how much of the file was read, where there is a terminal."""
    console = messages()
    if not is_live(console):
        yield lambda _: None
        return
    size = os.fstat(raw.fileno()).st_size if file != STANDARD else None
    with _bar(console) as bar, logs_above(console):
        task = bar.add_task("Importing", total=size, counts="")

        def show(report: Report) -> None:
            bar.update(task, completed=raw.tell() if size else 0, counts=told_counts(report))

        yield show


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


@click.command("export", short_help="Write everything a workspace holds to a file.")
@click.argument("file")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@pass_shell
def export_command(shell: Shell, *, file: str, force: bool) -> int:
    """Write everything the workspace holds to FILE, compressed as its name says (.xz, .gz, .zst); - is standard output.

    FILE appears under its name only when it is complete.
    """
    if file == STANDARD:
        return run(_export(shell, sys.stdout.buffer, ""))
    target = Path(file).resolve()
    if target.exists() and not target.is_file():
        raise FormatError(f"{file} is not a file; - stands for standard output")
    if target.exists() and not force:
        raise FormatError(f"{file} exists; --force replaces it")
    if not target.parent.is_dir():
        raise FormatError(f"{target.parent} is not a folder")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as raw:
            code = run(_export(shell, raw, target.name))
            raw.flush()
            os.fsync(raw.fileno())
            size = raw.tell()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"{file} has {size:,} bytes.", err=True)
    return code


async def _export(shell: Shell, raw: IO[bytes], name: str) -> int:
    async with opened_store(shell.settings()) as database:
        store = database.within(shell.workspace)
        stream = compressed(raw, name)
        console = messages()
        with _bar(console) if is_live(console) and name else contextlib.nullcontext() as bar, logs_above(console):
            task = bar.add_task("Exporting", total=None, counts="") if bar else None

            def show(records: int) -> None:
                if bar and task is not None:
                    bar.update(task, counts=counted(records, "record"))

            records = await export_to(stream, store, show)
        if stream is not raw:
            stream.close()
    raw.flush()
    click.echo(f"Exported {counted(records, 'record')} of the workspace {shell.workspace}.", err=True)
    return DONE
