"""What queries answer that is no node: results of searches, ways, surroundings, and what the server says of itself."""

import strawberry

from graphstore import model
from graphstore.model import Hit, Page
from providers.knowledge.port import Card
from resolvers import concepts, relations, server
from resolvers.paging import cursor_text
from schema.connections import Count, PageInfo
from schema.graph import Concept, Relation
from schema.words import View, field, object_type, recorded


@object_type
class SearchEdge(View):
    """A concept that a search found."""

    record: strawberry.Private[Hit[model.Concept]]
    score: float = recorded("How well it fits; higher is better, and comparable within one answer only.")
    matched: list[str] = recorded("Which of `name`, `aliases` and `summary` hold the words.")
    snippet: str = recorded("A stretch of the text, with the words that match between « and ».")
    cursor: str = strawberry.field(description="This place, for `after`.")
    node: Concept = strawberry.field(description="The concept.")


@object_type
class SearchConnection:
    """A page of what a search found."""

    edges: list[SearchEdge] = strawberry.field(description="What was found, best first.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in its list.")
    count: strawberry.Private[Count]

    @field
    async def total_count(self) -> int:
        """How many concepts were found in all. Counted only when asked for."""
        return await self.count()

    @classmethod
    def of(cls, page: Page[Hit[model.Concept]], count: Count) -> "SearchConnection":
        """A page of results."""
        edges = [
            SearchEdge(
                record=item.value, cursor=cursor_text(concepts.SEARCH, item.cursor), node=Concept.of(item.value.value)
            )
            for item in page.items
        ]
        return cls(edges=edges, page_info=PageInfo.of(page, concepts.SEARCH), count=count)


@object_type
class PathHop:
    """One relation of a path."""

    relation: Relation = strawberry.field(description="The relation, which may point either way.")
    concept: Concept = strawberry.field(description="The concept to which it leads.")


@object_type
class PathResult(View):
    """A shortest way between two concepts, or why none was found."""

    record: strawberry.Private[relations.Path]
    found: bool = recorded("Whether there is one.")
    reason: str | None = recorded("Why none was found, in words.")

    @field
    def hops(self) -> list[PathHop]:
        """Its relations in order; none where it was not found, or where both ends are one concept."""
        return [PathHop(relation=Relation.of(h.relation), concept=Concept.of(h.concept)) for h in self.record.hops]


@object_type
class Neighbourhood(View):
    """What lies around a concept."""

    record: strawberry.Private[relations.Neighbourhood]
    total_count: int = recorded("How many concepts lie within the depth, the one in the middle included.")
    truncated: bool = recorded("Whether some of them are left out here.")
    ranked_by: str = recorded("How it was decided which ones to give.")

    @field
    def concepts(self) -> list[Concept]:
        """The concept in the middle, then those around it, as `rankedBy` says."""
        return [Concept.of(concept) for concept in self.record.concepts]

    @field
    def relations(self) -> list[Relation]:
        """The relations among these concepts."""
        return [Relation.of(edge) for edge in self.record.relations]


@object_type
class RelationTypeCount(View):
    """A relation type in use."""

    record: strawberry.Private[relations.TypeCount]
    type: str = recorded("The type.")
    count: int = recorded("How many relations have it.")


@object_type
class KnowledgeSource(View):
    """Something that explorations can ask."""

    record: strawberry.Private[Card]
    name: str = recorded("Its name, for `startExploration`.")
    description: str = recorded("What it knows.")
    available: bool = recorded("Whether it can be asked now.")
    reason: str | None = recorded("Why not, and what it needs.")
    costs: str = recorded("What an answer costs, in words.")
    free: bool = recorded("Whether asking costs nothing and reaches nothing outside.")


@object_type
class ServerInfo(View):
    """Which program this is, on which store, and how much that holds, all workspaces together."""

    record: strawberry.Private[server.ServerInfo]
    version: str = recorded("The program's version.")
    store: str = recorded("The kind of store.")
    store_version: str = recorded("The version of the engine behind it.")
    concepts: int = recorded("Stored concepts.")
    relations: int = recorded("Stored relations.")
    explorations: int = recorded("Stored explorations.")
