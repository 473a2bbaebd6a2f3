"""The atlas as a knowledge source: offline, free, and the same at each question."""

import asyncio
import threading
from dataclasses import dataclass

from providers.knowledge.atlas.atlas import Atlas
from providers.knowledge.atlas.entry import Entry, Statement
from providers.knowledge.atlas.reading import installed, read_book
from providers.knowledge.atlas.topics import Topics
from providers.knowledge.naming import name_key
from providers.knowledge.port import (
    Ambiguous,
    Card,
    Findings,
    Known,
    Link,
    Question,
    Reference,
    Resolution,
    Subject,
    Unknown,
)
from providers.price import Price

CONFIDENCE = 0.9
"""How far a statement of the atlas is believed: written and read by people, but without citations of its own, so
that a second source can still add to it."""


@dataclass(frozen=True, slots=True)
class _Opened:
    atlas: Atlas
    topics: Topics


class AtlasSource:
    """Answers from the data files that are installed with the program; they are read once, at the first question."""

    name = "atlas"

    def __init__(self) -> None:
        self._opened: _Opened | None = None
        self._opening = threading.Lock()

    def card(self) -> Card:
        """What it is."""
        return Card(
            name=self.name,
            description="A small encyclopedia of typed relations, shipped with the program and read offline.",
            available=True,
            reason=None,
            costs="nothing",
            free=True,
        )

    async def resolve(self, topic: str) -> Resolution:
        """Find an entry by label, name or alias; the labels of several senses are what to ask for."""
        opened = await self._open()
        found = opened.topics.find(topic)
        if len(found) == 1:
            return Known(_subject(opened.atlas, found[0]))
        if found:
            return Ambiguous(tuple(_subject(opened.atlas, entry) for entry in found))
        return Unknown(await asyncio.to_thread(opened.topics.near, topic))

    def price(self, question: Question) -> Price:  # noqa: ARG002 - the port's signature; every answer is free
        """Free."""
        return Price()

    async def research(self, question: Question) -> Findings | None:
        """What the entry states, in its order, then what others state of it, cut to `breadth` neighbours."""
        atlas = (await self._open()).atlas
        entry = _entry_of(atlas, question.subject)
        if entry is None:
            return None
        statements = list(atlas.about(entry.label))
        chosen = set(list(dict.fromkeys(_other(s, entry) for s in statements))[: max(0, question.breadth)])
        links = tuple(_link(atlas, entry, s) for s in statements if _other(s, entry) in chosen)
        return Findings(_subject(atlas, entry), links)

    async def _open(self) -> _Opened:
        if self._opened is not None:
            return self._opened
        return await asyncio.to_thread(self._read)

    def _read(self) -> _Opened:
        with self._opening:
            if self._opened is None:
                atlas = Atlas(read_book(installed()))
                self._opened = _Opened(atlas, Topics(atlas))
            return self._opened


def _entry_of(atlas: Atlas, subject: Subject) -> Entry | None:
    """The entry with its external id; else the only one of its name and kind, where no source gave it a sense."""
    if (entry := atlas.entries.get(subject.external_ids.get("atlas", ""))) is not None:
        return entry
    if subject.sense is not None and ":" in subject.sense:
        return None
    named = atlas.named(name_key(subject.name))
    kind = name_key(subject.kind)
    same = [entry for entry in named if not kind or name_key(entry.kind) == kind]
    return same[0] if len(same) == 1 else None


def _subject(atlas: Atlas, entry: Entry) -> Subject:
    namesakes = [e for e in atlas.named(name_key(entry.name)) if name_key(e.kind) == name_key(entry.kind)]
    return Subject(
        name=entry.name,
        kind=entry.kind,
        domain=entry.domain,
        summary=entry.summary,
        aliases=entry.aliases,
        external_ids={"atlas": entry.label},
        sense=_key(entry.label) if len(namesakes) > 1 else None,
        reference=_reference(entry.label),
        topic=entry.label,
    )


def _link(atlas: Atlas, entry: Entry, statement: Statement) -> Link:
    return Link(
        type=statement.type,
        other=_subject(atlas, atlas.entries[_other(statement, entry)]),
        forward=statement.source == entry.label,
        confidence=CONFIDENCE,
        quote=atlas.sentence(statement),
        reference=_reference(statement.source),
    )


def _other(statement: Statement, entry: Entry) -> str:
    return statement.target if statement.source == entry.label else statement.source


def _reference(label: str) -> Reference:
    return Reference(_key(label), origin="atlas", kind="ATLAS", title=f"Continuum atlas: {label}")


def _key(label: str) -> str:
    return f"atlas:{label}"
