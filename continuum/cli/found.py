"""What an exploration has found so far, and the tree that is shown of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.text import Text
from rich.tree import Tree

from continuum.cli.words import cut, named, styled
from exploration.watch import Told
from graphstore.model import Concept, ConceptId, Progress, RelationKey

CHILDREN = 6
"""Concepts shown of one relation type at the root."""
GRANDCHILDREN = 4
"""Names shown of one relation type further out."""
TYPES = 3
"""Relation types shown further out."""
SUMMARY = 90


@dataclass(slots=True)
class Found:
    """Grows with each event."""

    root: ConceptId | None = None
    concepts: dict[ConceptId, Concept] = field(default_factory=dict)
    relations: dict[RelationKey, None] = field(default_factory=dict)
    created: int = 0
    pictures: int = 0
    fallback: str | None = None
    """Why the last of the pictures that were drawn in place of others was."""
    progress: Progress = field(default_factory=Progress)

    def add(self, told: Told) -> list[Concept]:
        """Take in an event; the concepts that it brought."""
        fresh = [c for id, c in told.concepts.items() if id not in self.concepts]
        self.concepts.update(told.concepts)
        self.relations.update(dict.fromkeys(told.relations))
        self.created += len(told.event.created)
        for picture in filter(None, (image.picture for image in told.images.values())):
            self.pictures += 1
            self.fallback = picture.fallback or self.fallback
        self.progress = told.event.progress
        return fresh

    def tree(self, root: ConceptId | None) -> Tree | None:
        """The topic, its relations, and theirs; each concept once, long lists cut."""
        if root is None or root not in self.concepts:
            return None
        near = self._near()
        groups = _grouped(near.get(root, []), seen={root})
        seen = {root, *(id for ids in groups.values() for id in ids)}
        tree = Tree(self._titled(root, "bold"))
        for label, ids in groups.items():
            branch = tree.add(styled(label, "cyan"))
            for id in ids[:CHILDREN]:
                child = branch.add(self._titled(id))
                for line in self._further(near.get(id, []), seen):
                    child.add(line)
            if len(ids) > CHILDREN:
                branch.add(styled(f"and {len(ids) - CHILDREN:,} more", "dim"))
        return tree

    def _further(self, ends: list[tuple[str, ConceptId]], seen: set[ConceptId]) -> Iterator[Text]:
        groups = _grouped(ends, seen)
        for label, ids in list(groups.items())[:TYPES]:
            seen.update(ids)
            names = named([self.concepts[i].name for i in ids], GRANDCHILDREN)
            line = styled(label, "cyan").append_text(styled(f" {names}", "default"))
            line.no_wrap, line.overflow = True, "ellipsis"
            yield line

    def _near(self) -> dict[ConceptId, list[tuple[str, ConceptId]]]:
        """For each concept what it leads to, and what leads to it."""
        near: dict[ConceptId, list[tuple[str, ConceptId]]] = {}
        for key in self.relations:
            if key.source in self.concepts and key.target in self.concepts:
                near.setdefault(key.source, []).append((key.type, key.target))
                near.setdefault(key.target, []).append((f"← {key.type}", key.source))
        return near

    def _titled(self, id: ConceptId, style: str = "") -> Text:
        concept = self.concepts[id]
        title = styled(concept.name, style)
        title.no_wrap, title.overflow = True, "ellipsis"
        return title.append(f"  {cut(concept.summary, SUMMARY)}", "not bold dim") if concept.summary else title


def _grouped(ends: list[tuple[str, ConceptId]], seen: set[ConceptId]) -> dict[str, list[ConceptId]]:
    """The concepts not seen yet by the relation that leads to them, each under the first one only."""
    groups: dict[str, list[ConceptId]] = {}
    placed: set[ConceptId] = set()
    for label, id in ends:
        if id not in seen and id not in placed:
            placed.add(id)
            groups.setdefault(label, []).append(id)
    return groups
