"""`continuum image`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from continuum.assembly import Parts, Role, assembled
from continuum.cli.failures import DONE, NOTHING, PARTLY
from continuum.cli.ids import concept_id
from continuum.cli.senses import choose
from continuum.cli.shell import Shell, is_live, messages, pass_shell, program, results, run
from continuum.cli.words import safe, styled
from continuum.tracing import traced
from exploration.dispatch.observed import underway
from exploration.dispatch.port import IMAGES, Job
from exploration.errors import InvalidRequest, TopicAmbiguous
from exploration.images.request import ImageRequest, image_options
from exploration.stored import StoredGraph
from graphstore.errors import NotFoundError
from graphstore.ids import new_id
from graphstore.model import Image, ImageDraft, ImageError, ImageOptions, Picture
from graphstore.port import Store
from providers.images.catalogue import ImageCatalogue
from providers.knowledge.port import Ambiguous, Known, Subject
from telemetry.traces import carried


@click.command(short_help="Have a picture made of a stored concept.")
@click.argument("concept", nargs=-1, required=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE", help="Where to write it."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option(
    "--provider", metavar="NAME", help="Who makes it (openai, stable-diffusion, mock); by default the best one set up."
)
@click.option("--size", metavar="WIDTHxHEIGHT", help="In pixels; by default the provider's usual one.")
@click.option("--quality", metavar="NAME", help="As the provider knows them: auto, low, medium, high.")
@click.option("--style", default="", metavar="TEXT", help="A few words, such as watercolour.")
@click.option("--prompt", default="", metavar="TEXT", help="Your words, in place of those made from the concept.")
@click.option("--seed", type=int, help="The same seed gives the same picture, where the provider knows seeds.")
@click.option("--no-fallback", "fallback", flag_value=False, default=True, help="Fail rather than have it drawn.")
@click.option("--anew", "reuse", flag_value=False, default=True, help="Take no picture that was made before.")
@click.option("--sense", type=click.IntRange(min=1), metavar="N", help="Which concept of that name, by its number.")
@pass_shell
def image(shell: Shell, /, *, concept: Sequence[str], out: Path, force: bool, sense: int | None, **asked: Any) -> int:
    """Have one picture made of CONCEPT, a stored concept's name or id; keep it there, and write it to a file.

    Exit codes: 0 it is there, 1 it could not be made, 2 it could not be asked for.
    """
    if out.exists() and not force:
        raise InvalidRequest("--out", f"{out} is there already; --force writes over it")
    if not out.parent.is_dir():
        raise InvalidRequest("--out", f"there is no folder {out.parent}")
    words = " ".join(concept)
    try:
        return run(_image(shell, words, None, out, asked))
    except TopicAmbiguous as ambiguous:  # asked out here, where Ctrl-C still ends a question
        chosen = choose(ambiguous, sense)
    return NOTHING if chosen is None else run(_image(shell, words, chosen, out, asked))


async def _image(shell: Shell, words: str, chosen: Subject | None, out: Path, asked: dict[str, Any]) -> int:
    settings = shell.settings()
    async with traced(settings, Role.COMMAND, "continuum image"), assembled(settings, Role.COMMAND) as parts:
        store = parts.database.within(shell.workspace)
        subject = chosen or await _found(store, words)
        request = ImageRequest((subject.concept_id or "",), **asked)
        draft = ImageDraft(request.concepts[0], 1, _options(request, parts.catalogue))
        await parts.pictures.ping()  # what could not be kept should not be paid for
        with _Telling(messages(), f"Having {safe(subject.name)} made by {draft.options.provider}"):
            made = await _made(parts, store, draft)
        if made.picture is None:
            click.echo(f"Error: {safe((made.error or _LOST).message)}", err=True)
            return PARTLY
        content = await parts.pictures.read(store.workspace, made.picture.digest)
        if content is None:  # its image was deleted, and its bytes were collected, in this very moment
            raise NotFoundError("image", made.id)
        await asyncio.to_thread(out.write_bytes, content)
        results().print(styled(_described(out, made.picture)))
    return DONE


_LOST = ImageError("CANCELLED", "somebody cancelled or deleted it meanwhile")


def _options(request: ImageRequest, catalogue: ImageCatalogue) -> ImageOptions:
    """As `image_options` has them; what is wrong is told in the words of the command line."""
    try:
        return image_options(request, catalogue)
    except InvalidRequest as wrong:
        reason = str(wrong).removeprefix(f"{wrong.argument}: ")
        raise InvalidRequest(wrong.argument.replace("input.", "--"), reason) from None


async def _found(store: Store, words: str) -> Subject:
    """The concept with this id or name. Raises `NotFoundError`, `TopicAmbiguous`, `InvalidRequest`."""
    try:
        id = concept_id("CONCEPT", words)
    except InvalidRequest:  # no id, so it is a name
        match await StoredGraph(store).resolve(words):
            case Known(subject):
                return subject
            case Ambiguous(senses):
                raise TopicAmbiguous(words, senses) from None
            case unknown:
                nearest = ", ".join(map(safe, unknown.suggestions))
                hint = f"The nearest are: {nearest}." if nearest else f"`{program()} explore` finds some."
                raise InvalidRequest("CONCEPT", f"no stored concept is called {words!r}. {hint}") from None
    concept = (await store.concepts.get([id])).get(id)
    if concept is None:
        raise NotFoundError("concept", words)
    return Subject(concept.name, concept_id=concept.id)


async def _made(parts: Parts, store: Store, draft: ImageDraft) -> Image:
    """The image, made by this process: nobody else takes it up while we live."""
    token = new_id()
    [queued] = await store.image_jobs.request([draft])
    claimed = await store.image_jobs.claim(queued.job, token, parts.settings.lease_seconds)
    with underway(Job(store.workspace, IMAGES, queued.job, carried())):
        await parts.painter.own(claimed, store, token, asyncio.Event())
    return (await store.images.get([queued.id])).get(queued.id, queued)


def _described(out: Path, picture: Picture) -> str:
    by = f"drawn instead: {picture.fallback}" if picture.fallback else f"by {picture.provider} ({picture.model})"
    cached = ", made before" if picture.cached else ""
    return (
        f"{out}: {picture.width} x {picture.height}, {picture.media_type}, {picture.bytes:,} bytes, "
        f"${picture.cost_usd:,.4f}, {by}{cached}."
    )


class _Telling:
    """Says what goes on while it takes its time."""

    def __init__(self, console: Console, words: str) -> None:
        self._status = console.status(styled(f"{words} …")) if is_live(console) else None
        if self._status is None:
            console.print(styled(f"{words} …"))

    def __enter__(self) -> None:
        if self._status is not None:
            self._status.start()

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()
