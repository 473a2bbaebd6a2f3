"""`continuum explore`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click
import orjson
from rich.console import Console

from continuum.assembly import Parts, Role, assembled
from continuum.cli.failures import DONE, INTERRUPTED, NOTHING, PARTLY
from continuum.cli.following import Following
from continuum.cli.found import Found
from continuum.cli.ids import concept_id
from continuum.cli.senses import choose
from continuum.cli.shell import Shell, is_live, messages, pass_shell, program, results, run
from continuum.cli.views import JsonView, LinesView, LiveView, View, summary_object
from continuum.cli.words import counted, lasted, safe
from continuum.tracing import traced
from exploration.errors import TopicAmbiguous
from exploration.request import Limits, PicturesRequest, Request
from graphstore.model import Budget, Exploration, ExplorationStatus
from providers.knowledge.port import Subject
from resolvers.ids import EXPLORATION, global_id

USUAL = Request()
"""What is asked for where nothing else is."""


@click.command(short_help="Explore a topic, without a server.")
@click.argument("topic", nargs=-1)
@click.option(
    "--depth", type=int, default=USUAL.depth, show_default=True, help="Relations away from the topic to go (1 to 6)."
)
@click.option(
    "--breadth",
    type=int,
    default=USUAL.breadth,
    show_default=True,
    help="Neighbours followed of one concept (1 to 50).",
)
@click.option(
    "--concepts", type=int, default=USUAL.budget.concepts, show_default=True, help="Stop after so many concepts."
)
@click.option("--seconds", type=float, default=USUAL.budget.seconds, show_default=True, help="Stop after so much time.")
@click.option("--tokens", type=int, help="Stop before a language model has used more tokens.")
@click.option("--cost", type=float, metavar="DOLLARS", help="Stop before it has cost more.")
@click.option(
    "--source", "sources", multiple=True, metavar="NAME", help="Ask this source (openai, atlas, graph); repeatable."
)
@click.option("--sense", type=click.IntRange(min=1), metavar="N", help="Which sense of the topic, by its number.")
@click.option("--concept", metavar="ID", help="Start from this stored concept instead of a topic.")
@click.option("--pictures", is_flag=True, help="Have a picture made of each concept.")
@click.option("--instructions", default="", metavar="TEXT", help="What to look for, in your words.")
@click.option("--language", default=USUAL.language, show_default=True, metavar="TAG", help="Language of the answers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each event, and a summary as the last line.")
@pass_shell
def explore(
    shell: Shell,
    /,
    *,
    topic: Sequence[str],
    concepts: int,
    seconds: float,
    tokens: int | None,
    cost: float | None,
    pictures: bool,
    sense: int | None,
    concept: str | None,
    as_json: bool,
    **asked: Any,
) -> int:
    """Explore TOPIC and grow a graph of concepts from it. No server is needed.

    Ctrl-C cancels; what was found is kept. Exit codes: 0 it came to its end, 1 it failed, 2 it could not be started,
    130 it was interrupted.
    """
    request = Request(
        topic=" ".join(topic) if topic else None,
        concept=concept_id("--concept", concept) if concept is not None else None,
        budget=Budget(concepts=concepts, seconds=seconds, tokens=tokens, cost_usd=cost),
        pictures=PicturesRequest() if pictures else None,
        **asked,
    )
    view = _view(messages(), as_json=as_json)
    try:
        return run(_explore(shell, request, view))
    except TopicAmbiguous as ambiguous:  # asked out here, where Ctrl-C still ends a question
        chosen = choose(ambiguous, sense)
    return NOTHING if chosen is None else run(_explore(shell, _of_sense(request, chosen), view))


def _view(console: Console, *, as_json: bool) -> View:
    if as_json:
        return JsonView()
    return LiveView(console) if is_live(console) else LinesView()


async def _explore(shell: Shell, request: Request, view: View) -> int:
    """Raises `TopicAmbiguous` before anything is stored."""
    settings = shell.settings()
    async with traced(settings, Role.COMMAND, "continuum explore"), assembled(settings, Role.COMMAND) as parts:
        following = await Following.begin(parts, shell.workspace, request)
        async with view.open(following):
            ended = await following.run(view.show)
        if isinstance(view, JsonView):
            click.echo(orjson.dumps(summary_object(ended, view.found, shell.workspace)))
        else:
            _show_result(parts, shell.workspace, ended, view.found)
    if following.interrupted and ended.status is ExplorationStatus.CANCELLED:
        return INTERRUPTED
    return PARTLY if ended.status in {ExplorationStatus.FAILED, ExplorationStatus.CANCELLED} else DONE


def _show_result(parts: Parts, workspace: str, ended: Exploration, found: Found) -> None:
    out = results()
    if (tree := found.tree(ended.root)) is not None:
        out.print(tree, soft_wrap=False)
        out.print()
    out.print(
        f"{_ending(ended)}: "
        f"{counted(ended.progress.concepts_found, 'concept')} ({found.created:,} new), "
        f"{counted(len(found.relations), 'relation')}, {_pictures(found)}"
        f"{counted(ended.progress.steps_done, 'step')}, "
        f"{lasted(ended.spent.seconds)} of work.",
        markup=False,
    )
    out.print(_asked(ended), markup=False)
    where = f"{parts.settings.store_location}, workspace {workspace}, exploration {global_id(EXPLORATION, ended.id)}"
    out.print(f"Stored in {where}.", markup=False)
    for hint in _hints(ended, found):
        out.print(hint, markup=False)


def _ending(ended: Exploration) -> str:
    match ended.status:
        case ExplorationStatus.COMPLETED:
            return "Complete"
        case ExplorationStatus.BUDGET_REACHED:
            return f"The budget of {(ended.reason or '').partition(':')[0]} is used up"
    return f"{ended.status.capitalize()} ({safe(ended.reason or 'no reason is known')})"


def _pictures(found: Found) -> str:
    """How many there are now, where any were made; and why they were drawn, where others were to make them."""
    if not found.pictures:
        return ""
    drawn = f" (drawn instead: {safe(found.fallback)})" if found.fallback else ""
    return f"{counted(found.pictures, 'picture')}{drawn}, "


def _asked(ended: Exploration) -> str:
    """Who was asked, and what that has cost where it has cost anything."""
    spent = ended.spent
    used = f": {spent.tokens:,} tokens, ${spent.cost_usd:,.4f}" if spent.tokens or spent.cost_usd else ""
    return f"Asked {' and '.join(ended.options.sources)}{used}."


def _hints(ended: Exploration, found: Found) -> list[str]:
    if ended.status is ExplorationStatus.FAILED or not found.concepts:
        return []
    hints = [f"Next: {program()} serve   shows it in the browser, and answers GraphQL"]
    if ended.status is ExplorationStatus.BUDGET_REACHED:
        hints.append("      --concepts, --seconds, --tokens and --cost set the budget: a larger one goes further")
    elif ended.options.depth < Limits().depth:
        hints.append(f"      --depth {ended.options.depth + 1}   goes further")
    return hints


def _of_sense(request: Request, sense: Subject) -> Request:
    """The request, of one sense of its topic."""
    if sense.concept_id is not None:
        return replace(request, topic=None, concept=sense.concept_id)
    return replace(request, topic=sense.topic or sense.name)
