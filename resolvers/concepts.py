"""Reading concepts."""

from collections.abc import Awaitable, Sequence

from exploration.errors import InvalidRequest
from exploration.request import check_text
from graphstore.model import Concept, ConceptFilter, ConceptOrder, Hit, Page, name_key
from resolvers.context import RequestContext
from resolvers.ids import CONCEPT, raw_id
from resolvers.loaders.graph import SimilarTo
from resolvers.paging import Slice, checked_size

NAME_LENGTH = 200
"""Characters of the longest name."""
QUERY_LENGTH = 500
"""Characters of the longest text to search for."""
SEARCH = "search"
"""The order of search results, best first."""


def order_name(order: ConceptOrder) -> str:
    """The name of a list of concepts in this order, for its cursors."""
    return f"concepts.{order}"


async def find(context: RequestContext, id: str | None, name: str | None) -> Concept | None:
    """The concept with this id, merges followed, or the best supported one of this name."""
    if id is not None and name is None:
        return await context.loaders.concept.load(raw_id("id", id, CONCEPT))
    if name is None or id is not None:
        raise InvalidRequest("id", "give exactly one of id and name")
    senses = await context.loaders.senses.load(name_key(check_text("name", name, NAME_LENGTH)))
    return senses[0] if senses else None


async def page(context: RequestContext, filter: ConceptFilter, order: ConceptOrder, part: Slice) -> Page[Concept]:
    """A page of all concepts."""
    return await context.store.concepts.page(_checked(filter), order, part.of(order_name(order)))


async def search(context: RequestContext, text: str, filter: ConceptFilter, part: Slice) -> Page[Hit[Concept]]:
    """A page of the concepts that hold all words of the text."""
    check_text("query", text, QUERY_LENGTH, empty=True)
    return await context.store.concepts.search(text, _checked(filter), part.of(SEARCH))


def count(context: RequestContext, filter: ConceptFilter) -> Awaitable[int]:
    """How many concepts pass the filter."""
    return context.store.concepts.count(filter)


def count_hits(context: RequestContext, text: str, filter: ConceptFilter) -> Awaitable[int]:
    """How many concepts a search finds."""
    return context.store.concepts.count_hits(text, filter)


async def other_senses(context: RequestContext, concept: Concept, first: int) -> Sequence[Concept]:
    """Other concepts of the same name, the best supported first."""
    limit = checked_size("first", first)
    senses = await context.loaders.senses.load(concept.key)
    return [sense for sense in senses if sense.id != concept.id][:limit]


async def possible_duplicates(context: RequestContext, concept: Concept, first: int) -> Sequence[Concept]:
    """Concepts with much the same name, the likeliest first."""
    return await context.loaders.similar.load(SimilarTo(concept.id, checked_size("first", first)))


def _checked(filter: ConceptFilter) -> ConceptFilter:
    if filter.name_prefix is not None:
        check_text("filter.namePrefix", filter.name_prefix, NAME_LENGTH)
    if filter.min_confidence is not None and not 0 <= filter.min_confidence <= 1:
        raise InvalidRequest("filter.minConfidence", f"{filter.min_confidence:g} is not between 0 and 1")
    return filter
