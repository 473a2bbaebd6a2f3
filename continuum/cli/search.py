"""`continuum search`."""

from collections.abc import Sequence

import click
import orjson

from continuum.cli.shell import Shell, pass_shell, program, results, run
from continuum.cli.words import counted, cut, indented, safe, styled
from continuum.stores import opened_store
from graphstore.model import Concept, ConceptFilter, Hit, PageRequest
from graphstore.port import Store
from resolvers.ids import CONCEPT, global_id

LONGEST = 200


@click.command(short_help="Find stored concepts.")
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1_000), default=10, show_default=True, help="How many to show at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_shell
def search(shell: Shell, *, text: Sequence[str], limit: int, as_json: bool) -> None:
    """Find stored concepts by words of their names, aliases and summaries.

    A concept is found when it holds every word of TEXT, or words that begin so.
    """
    run(_search(shell, " ".join(text), limit, as_json=as_json))


async def _search(shell: Shell, text: str, limit: int, *, as_json: bool) -> None:
    async with opened_store(shell.settings()) as database:
        store = database.within(shell.workspace)
        page = await store.concepts.search(text, ConceptFilter(), PageRequest(limit))
        hits = [item.value for item in page.items]
        if as_json:
            for hit in hits:
                click.echo(orjson.dumps(_described(hit)))
        else:
            _show(hits)
            await _show_count(store, text, len(hits))


def _described(hit: Hit[Concept]) -> dict[str, object]:
    concept = hit.value
    return {
        "id": global_id(CONCEPT, concept.id),
        "name": concept.name,
        "kind": concept.kind,
        "domain": concept.domain,
        "summary": concept.summary,
        "aliases": concept.aliases,
        "externalIds": concept.external_ids,
        "confidence": concept.confidence,
        "support": concept.support,
        "degree": concept.degree,
        "score": hit.score,
        "matched": hit.matched,
        "snippet": hit.snippet,
    }


def _show(hits: Sequence[Hit[Concept]]) -> None:
    out = results()
    for hit in hits:
        what = ", ".join(safe(w) for w in (hit.value.kind, hit.value.domain) if w)
        title = styled(hit.value.name, "bold").append(f" ({what})" if what else "", "not bold")
        out.print(title.append(f"  {counted(hit.value.degree, 'relation')}", "not bold dim"))
        if hit.snippet:
            out.print(indented(cut(hit.snippet, LONGEST), 2))
        out.print(indented(global_id(CONCEPT, hit.value.id), 2, "dim"))


async def _show_count(store: Store, text: str, shown: int) -> None:
    if not shown:
        stored = await store.concepts.count(ConceptFilter())
        hint = "" if stored else f" Nothing is stored yet: `{program()} explore` or `{program()} import` change that."
        click.echo(f"No concept of the workspace {store.workspace} holds these words.{hint}", err=True)
        return
    found = await store.concepts.count_hits(text, ConceptFilter())
    if found > shown:
        click.echo(f"{shown:,} of {counted(found, 'concept')}; --limit shows more.", err=True)
