"""Checks of what people claim, before it reaches the store."""

from collections.abc import Iterable, Mapping, Sequence

from exploration.errors import InvalidRequest
from exploration.request import check_text
from graphstore.model import ConceptClaim, ConceptPatch, EvidenceClaim, Knowledge, RelationClaim
from resolvers.concepts import NAME_LENGTH
from resolvers.relations import checked_type

TEXT_LENGTH = 2_000
"""Characters of the longest summary, quote or note."""
MOST_CONCEPTS = 100
"""Concepts that are added, or merged, at once."""
MOST_RELATIONS = 500
"""Relations that are added at once."""
MOST_ALIASES = 20
MOST_EXTERNAL_IDS = 20


def check_knowledge(knowledge: Knowledge) -> None:
    """Raise `InvalidRequest` for the first claim that cannot be stored."""
    _check_number("input.concepts", len(knowledge.concepts), MOST_CONCEPTS)
    _check_number("input.relations", len(knowledge.relations), MOST_RELATIONS)
    refs: set[str] = set()
    for number, claim in enumerate(knowledge.concepts):
        _check_concept(f"input.concepts.{number}", claim, refs)
        refs.add(claim.ref)
    for number, relation in enumerate(knowledge.relations):
        _check_relation(f"input.relations.{number}", relation, refs)


def _check_concept(at: str, claim: ConceptClaim, refs: set[str]) -> None:
    if claim.ref in refs:
        raise InvalidRequest(f"{at}.ref", f"{claim.ref[:80]!r} is used twice; give each concept another one")
    check_text(f"{at}.ref", claim.ref, NAME_LENGTH)
    check_text(f"{at}.name", claim.name, NAME_LENGTH, empty=claim.id is not None)
    _check_words(at, claim.kind, claim.domain, claim.summary)
    _check_names(at, claim.aliases)
    _check_external_ids(at, claim.external_ids.items())
    _check_evidence(at, claim.evidence)


def _check_relation(at: str, claim: RelationClaim, refs: set[str]) -> None:
    checked_type(f"{at}.type", claim.type)
    for end in ("source", "target"):
        if (ref := getattr(claim, end)) not in refs:
            raise InvalidRequest(f"{at}.{end}", f"{ref[:80]!r} is the ref of none of the concepts given here")
    if claim.source == claim.target:
        raise InvalidRequest(f"{at}.target", "a concept cannot be related to itself")
    _check_evidence(at, claim.evidence)


def distinct_external_ids(at: str, pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """External ids by scheme. Raises `InvalidRequest` where one scheme has two of them."""
    found: dict[str, str] = {}
    for scheme, value in pairs:
        if found.setdefault(scheme, value) != value:
            message = f"{scheme[:80]!r} has two values; a concept has one external id of each scheme"
            raise InvalidRequest(f"{at}.externalIds", message)
    return found


def check_patch(patch: ConceptPatch) -> None:
    """Raise `InvalidRequest` for the first new value that cannot be stored."""
    if patch.name is not None:
        check_text("input.name", patch.name, NAME_LENGTH)
    _check_words("input", patch.kind or "", patch.domain or "", patch.summary or "")
    _check_names("input", patch.aliases or ())
    _check_external_ids("input", (patch.external_ids or {}).items())


def _check_words(at: str, kind: str, domain: str, summary: str) -> None:
    check_text(f"{at}.kind", kind, NAME_LENGTH, empty=True)
    if ":" in kind:
        raise InvalidRequest(f"{at}.kind", "a kind has no colon")  # senses that a source gave are told by theirs
    check_text(f"{at}.domain", domain, NAME_LENGTH, empty=True)
    check_text(f"{at}.summary", summary, TEXT_LENGTH, empty=True)


def _check_names(at: str, aliases: Sequence[str]) -> None:
    _check_number(f"{at}.aliases", len(aliases), MOST_ALIASES)
    for alias in aliases:
        check_text(f"{at}.aliases", alias, NAME_LENGTH)


def _check_external_ids(at: str, external_ids: Iterable[tuple[str, str]]) -> None:
    pairs = list(external_ids)
    _check_number(f"{at}.externalIds", len(pairs), MOST_EXTERNAL_IDS)
    for scheme, value in pairs:
        check_text(f"{at}.externalIds.scheme", scheme, NAME_LENGTH)
        check_text(f"{at}.externalIds.value", value, NAME_LENGTH)


def _check_evidence(at: str, evidence: Sequence[EvidenceClaim]) -> None:
    for claim in evidence:
        check_text(f"{at}.quote", claim.quote, TEXT_LENGTH, empty=True)
        if not 0 <= claim.confidence <= 1:
            raise InvalidRequest(f"{at}.confidence", f"{claim.confidence:g} is not between 0 and 1")


def _check_number(argument: str, number: int, most: int) -> None:
    if number > most:
        raise InvalidRequest(argument, f"{number:,} are given; at most {most} are allowed")
