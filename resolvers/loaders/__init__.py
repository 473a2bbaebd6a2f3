"""All loaders of one operation. Each is one batched read, whatever the number of keys."""

from dataclasses import dataclass
from typing import Self

from exploration.activity.port import Activity
from graphstore.port import Store
from resolvers.loaders.exploration import (
    ActivityLoader,
    EventsLoader,
    ExplorationLoader,
    MemberPageLoader,
    StepLoader,
    StepPageLoader,
)
from resolvers.loaders.graph import (
    ConceptLoader,
    EvidenceCountLoader,
    EvidencePageLoader,
    NeighbourCountLoader,
    NeighbourPageLoader,
    RelationCountLoader,
    RelationLoader,
    RelationPageLoader,
    SensesLoader,
    SimilarLoader,
    SourceKindsLoader,
    SourceLoader,
)
from resolvers.loaders.images import ImageCountLoader, ImageLoader, ImagePageLoader


@dataclass(frozen=True, slots=True)
class Loaders:
    """Fresh for each operation and renewed for each event, so that nothing stale is told."""

    concept: ConceptLoader
    senses: SensesLoader
    similar: SimilarLoader
    relation: RelationLoader
    relations: RelationPageLoader
    relation_count: RelationCountLoader
    neighbours: NeighbourPageLoader
    neighbour_count: NeighbourCountLoader
    evidence: EvidencePageLoader
    evidence_count: EvidenceCountLoader
    source: SourceLoader
    source_kinds: SourceKindsLoader
    image: ImageLoader
    images: ImagePageLoader
    image_count: ImageCountLoader
    exploration: ExplorationLoader
    members: MemberPageLoader
    steps: StepPageLoader
    step: StepLoader
    events: EventsLoader
    activity: ActivityLoader

    @classmethod
    def over(cls, store: Store, activity: Activity) -> Self:
        """Loaders that have read nothing yet. To be called inside the running event loop."""
        return cls(
            concept=ConceptLoader(store),
            senses=SensesLoader(store),
            similar=SimilarLoader(store),
            relation=RelationLoader(store),
            relations=RelationPageLoader(store),
            relation_count=RelationCountLoader(store),
            neighbours=NeighbourPageLoader(store),
            neighbour_count=NeighbourCountLoader(store),
            evidence=EvidencePageLoader(store),
            evidence_count=EvidenceCountLoader(store),
            source=SourceLoader(store),
            source_kinds=SourceKindsLoader(store),
            image=ImageLoader(store),
            images=ImagePageLoader(store),
            image_count=ImageCountLoader(store),
            exploration=ExplorationLoader(store),
            members=MemberPageLoader(store),
            steps=StepPageLoader(store),
            step=StepLoader(store),
            events=EventsLoader(store),
            activity=ActivityLoader(store, activity),
        )
