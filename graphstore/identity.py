"""Which stored concept a claim speaks of: the rules of identity, without I/O.

In order: the id it names; a shared external id, where no other scheme tells the two apart; the same name key with a
compatible kind and no conflicting external id; an alias under the same conditions. Never across kinds on a name alone,
and never by a name for a concept whose sense is its source's own id. A choice between several concepts is no match.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from graphstore.model import Concept, ConceptClaim, ConceptId, name_key


class Known:
    """Concepts that claims may speak of, by everything that can identify one."""

    def __init__(self, concepts: Iterable[Concept] = (), merged: Mapping[ConceptId, ConceptId] = {}) -> None:
        """`merged` leads from the ids of merged concepts to where they went."""
        self._merged = merged
        self._by_id: dict[str, Concept] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        self._by_alias: defaultdict[str, set[str]] = defaultdict(set)
        self._by_external: dict[tuple[str, str], str] = {}
        for concept in concepts:
            self.put(concept)

    def put(self, concept: Concept) -> None:
        """Add a concept, or renew one."""
        self._by_id[concept.id] = concept
        self._by_key[concept.key].add(concept.id)
        for alias in concept.aliases:
            self._by_alias[name_key(alias)].add(concept.id)
        for external in concept.external_ids.items():
            self._by_external[external] = concept.id

    def match(self, claim: ConceptClaim) -> Concept | None:
        """The concept that the claim speaks of, if exactly one does."""
        if claim.id is not None:
            return self._by_id.get(self._merged.get(claim.id, claim.id))
        for external in claim.external_ids.items():
            found = self._by_id.get(self._by_external.get(external, ""))
            if found is not None and not _conflict(found.external_ids, claim.external_ids):
                return found
        key = name_key(claim.name)
        sense = sense_of(claim)
        for ids in (self._by_key.get(key, ()), self._by_alias.get(key, ())):
            same = [c for c in (self._by_id[i] for i in sorted(ids)) if _may_be(c, claim, sense)]
            exact = [c for c in same if c.key == key and c.sense == sense]
            if exact:
                return exact[0]
            if len(same) == 1:
                return same[0]
        return None

    def new_sense(self, claim: ConceptClaim) -> str:
        """The sense for a new concept of this claim. Where a namesake has that sense already, from which only an
        external id tells it apart, it is this id."""
        key, sense = name_key(claim.name), sense_of(claim)
        for namesake in (self._by_id[id] for id in self._by_key.get(key, ())):
            rivals = _rivals(claim.external_ids, namesake.external_ids)
            if rivals and namesake.sense == sense:
                return ":".join(min(rivals))
        return sense


def sense_of(claim: ConceptClaim) -> str:
    """The sense under which a claim's concept is stored: the source's own id, else the normalised kind."""
    return claim.sense if claim.sense is not None else name_key(claim.kind)


def marks_of(key: str, sense: str, external_ids: Mapping[str, str]) -> tuple[str, ...]:
    """The tombstone marks of a concept."""
    return (f"name:{sense}:{key}", *(f"external:{scheme}:{value}" for scheme, value in external_ids.items()))


def enriched(concept: Concept, claim: ConceptClaim) -> Concept:
    """The concept with the claim's words where it had none, and with its further aliases and external ids;
    the same object where the claim adds nothing."""
    changed: dict[str, Any] = {
        "summary": concept.summary or claim.summary,
        "kind": concept.kind or claim.kind,
        "domain": concept.domain or claim.domain,
        "aliases": (*concept.aliases, *_further_names(concept, claim)),
        "external_ids": {**claim.external_ids, **concept.external_ids},
    }
    if all(getattr(concept, name) == value for name, value in changed.items()):
        return concept
    return replace(concept, **changed)


def _further_names(concept: Concept, claim: ConceptClaim) -> tuple[str, ...]:
    offered = {claim.name, *claim.aliases} - {"", concept.name, *concept.aliases}
    if not offered:  # what is met again brings no new name as a rule
        return ()
    known = {"", concept.key, *map(name_key, concept.aliases)}
    return distinct_names(n for n in (claim.name, *claim.aliases) if n in offered and name_key(n) not in known)


def distinct_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names without those that differ from an earlier one in case or spacing only."""
    return tuple({name_key(n): n for n in reversed(list(names))}.values())[::-1]


def likeness(one: Concept, other: Concept, at_least: float = 0.0) -> float:
    """How much two concepts' names suggest one concept, 0 to 1: the best ratio (Ratcliff/Obershelp) over all
    pairs of their names; 0 for two senses that one source tells apart, and where all are below `at_least`."""
    if _conflict(one.external_ids, other.external_ids):
        return 0.0
    names = [[c.key, *map(name_key, c.aliases)] for c in (one, other)]
    return max(_ratio(a, b, at_least) for a in names[0] for b in names[1])


def _ratio(one: str, other: str, at_least: float) -> float:
    if 2 * min(len(one), len(other)) < at_least * (len(one) + len(other)):  # it cannot be more than this
        return 0.0
    matcher = difflib.SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.quick_ratio() >= at_least else 0.0


def _may_be(concept: Concept, claim: ConceptClaim, sense: str) -> bool:
    if _conflict(concept.external_ids, claim.external_ids):
        return False
    if claim.sense is not None or _is_source_given(concept.sense):
        return concept.sense == sense and concept.key == name_key(claim.name)
    kinds = {name_key(concept.kind), name_key(claim.kind)} - {""}
    return len(kinds) <= 1


def _is_source_given(sense: str) -> bool:
    return ":" in sense


def _conflict(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return bool(_rivals(one, other))


def _rivals(one: Mapping[str, str], other: Mapping[str, str]) -> list[tuple[str, str]]:
    """External ids of the first of which the second has another value."""
    return [(scheme, one[scheme]) for scheme in one.keys() & other.keys() if one[scheme] != other[scheme]]
