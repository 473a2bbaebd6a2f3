"""The plain form: concepts and relations of a data set, as anybody can write them down."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Any, Final

from graphstore.formats import values
from graphstore.formats.batches import Batch, BatchSize, stored_in_parts
from graphstore.formats.compression import COMPRESSIONS
from graphstore.formats.errors import LineError
from graphstore.formats.lines import JsonObject
from graphstore.formats.records import KINDS
from graphstore.formats.report import Report
from graphstore.formats.values import Codec
from graphstore.model import (
    Concept,
    ConceptClaim,
    EvidenceClaim,
    Knowledge,
    RelationClaim,
    SourceClaim,
    SourceKind,
    name_key,
)
from graphstore.port import Store

CONFIDENCE: Final = 0.9
"""How far a data set is believed, so that a second source can still add to it."""

_SUFFIXES = (*(c.suffix for c in COMPRESSIONS), ".jsonl", ".ndjson", ".json")
_CONCEPT: Mapping[str, Codec] = {
    "concept": Codec(values.as_it_is, values.text),
    "name": Codec(values.as_it_is, values.text),
    "summary": Codec(values.as_it_is, values.text, optional=True),
    "domain": Codec(values.as_it_is, values.text, optional=True),
    "aliases": Codec(values.as_it_is, values.listed(Codec(values.as_it_is, values.text)).decode, optional=True),
    "wikidata": Codec(values.as_it_is, values.text, optional=True),
}
_RELATION: Mapping[str, Codec] = {
    "from": Codec(values.as_it_is, values.text),
    "relation": Codec(values.as_it_is, values.relation_type),
    "to": Codec(values.as_it_is, values.text),
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a plain file is cited as."""

    slug: str
    """Names the data set's own ids: the scheme of its concepts' external ids."""
    title: str
    url: str | None = None

    @classmethod
    def of_file(cls, name: str, title: str | None = None, url: str | None = None) -> "Dataset":
        """As a file's name says: `oewn.jsonl.xz` is `oewn`."""
        stem = PurePath(name).name
        while (path := PurePath(stem)).suffix.lower() in _SUFFIXES:
            stem = path.stem
        slug = re.sub(r"[\W_]+", "-", stem.casefold()).strip("-") or "dataset"
        # Wikidata's own ids have this scheme; what a file calls its concepts need not be that.
        return cls("wikidata-file" if slug == "wikidata" else slug, title or PurePath(name).name, url)

    def claim(self) -> SourceClaim:
        """The one source of all its records."""
        key = f"dataset:{self.slug}"
        return SourceClaim(key, key, SourceKind.DATASET, self.title, self.url)


@dataclass(frozen=True, slots=True)
class _Relation:
    source: str
    type: str
    target: str


class PlainImport:
    """Takes lines of the plain form and stores them in batches; relations after the concepts that came before them."""

    def __init__(self, store: Store, dataset: Dataset, report: Report) -> None:
        self._store = store
        self._slug = dataset.slug
        self._source = dataset.claim()
        self._report = report
        self._concepts: dict[int, ConceptClaim] = {}
        self._relations: dict[int, _Relation] = {}
        self._sizes = {kind: BatchSize(store.archive.batch) for kind in ("concepts", "relations")}

    async def take(self, number: int, content: JsonObject) -> bool:
        """Store this line, now or soon; whether something was written now. Raises `LineError`."""
        written = False
        if "concept" in content:
            claim = self._concept(content)
            written = await self._flush_relations() if self._relations else False
            self._concepts[number] = claim
            if len(self._concepts) >= self._sizes["concepts"].rows:
                written = await self._flush_concepts()
        else:
            relation = self._relation(content)
            written = await self._flush_concepts() if self._concepts else False
            self._relations[number] = relation
            if len(self._relations) >= self._sizes["relations"].rows:
                written = await self._flush_relations()
        return written

    async def finish(self) -> None:
        """Store what is still held back."""
        await self._flush_concepts()
        await self._flush_relations()

    def _concept(self, content: JsonObject) -> ConceptClaim:
        read = _read(content, _CONCEPT)
        id, name, summary = read["concept"], read["name"], read["summary"] or ""
        if not name_key(name):
            raise LineError("name must be more than spaces")
        external_ids = {self._slug: id}
        if read["wikidata"]:
            external_ids["wikidata"] = read["wikidata"]
        return ConceptClaim(
            ref=id,
            name=name,
            domain=read["domain"] or "",
            summary=summary,
            aliases=tuple(a for a in read["aliases"] or () if name_key(a)),
            external_ids=external_ids,
            sense=f"{self._slug}:{id}",
            evidence=(EvidenceClaim(self._source, summary or name, CONFIDENCE),),
        )

    def _relation(self, content: JsonObject) -> _Relation:
        read = _read(content, _RELATION)
        if read["from"] == read["to"]:
            raise LineError("a relation leads from a concept to another one, not to itself")
        return _Relation(read["from"], read["relation"], read["to"])

    async def _flush_concepts(self) -> bool:
        claims, self._concepts = self._concepts, {}
        with self._sizes["concepts"].timed(len(claims)):
            await stored_in_parts(claims, self._add_concepts, self._report.refuse)
        return bool(claims)

    async def _add_concepts(self, claims: Batch[ConceptClaim]) -> None:
        recorded = await self._store.curation.add(Knowledge(tuple(claims.values())))
        self._report.created += len(recorded.created)
        self._report.stored["concept"] += len(claims)

    async def _flush_relations(self) -> bool:
        relations, self._relations = self._relations, {}
        ends = {(self._slug, id) for r in relations.values() for id in (r.source, r.target)}
        found = await self._store.concepts.by_external_id(list(ends)) if ends else {}
        known = {id: concept for (_, id), concept in found.items()}
        whole = {n: r for n, r in relations.items() if self._has_ends(n, r, known)}
        with self._sizes["relations"].timed(len(whole)):
            await stored_in_parts(whole, partial(self._add_relations, known), self._report.refuse)
        return bool(relations)

    def _has_ends(self, number: int, relation: _Relation, known: Mapping[str, Concept]) -> bool:
        missing = [id for id in (relation.source, relation.target) if id not in known]
        if missing:
            self._report.refuse(number, f"there is no concept {missing[0][:80]!r} in the lines before this one")
        return not missing

    async def _add_relations(self, known: Mapping[str, Concept], relations: Batch[_Relation]) -> None:
        recorded = await self._store.curation.add(self._knowledge(list(relations.values()), known))
        for number, relation in relations.items():
            ends = {recorded.concepts.get(relation.source), recorded.concepts.get(relation.target)}
            if None in ends or len(ends) == 1:
                self._report.refuse(number, "its two concepts were deleted or made one")
            else:
                self._report.stored["relation"] += 1

    def _knowledge(self, relations: Sequence[_Relation], known: Mapping[str, Concept]) -> Knowledge:
        ends = dict.fromkeys(id for r in relations for id in (r.source, r.target))
        return Knowledge(
            tuple(ConceptClaim(ref=id, name="", id=known[id].id) for id in ends),
            tuple(RelationClaim(r.source, r.type, r.target, (self._said(r, known),)) for r in relations),
        )

    def _said(self, relation: _Relation, known: Mapping[str, Concept]) -> EvidenceClaim:
        words = relation.type.replace("_", " ").lower()
        quote = f"{known[relation.source].name} {words} {known[relation.target].name}"
        return EvidenceClaim(self._source, quote, CONFIDENCE)


def _read(content: JsonObject, form: Mapping[str, Codec]) -> dict[str, Any]:
    if len(content) == 1 and any(isinstance(content.get(kind), dict) for kind in KINDS):
        raise LineError("a record of the full form, but the file does not begin with that form's version line")
    if unknown := content.keys() - form.keys():
        raise LineError(f"the plain form has no field {min(unknown)[:80]!r}")
    read = {}
    for name, codec in form.items():
        value = content.get(name)
        if value is None and not codec.optional:
            raise LineError(f"{name} is missing")
        read[name] = None if value is None else codec.decode(name, value)
        if not codec.optional and read[name] == "":
            raise LineError(f"{name} must not be empty")
    return read
