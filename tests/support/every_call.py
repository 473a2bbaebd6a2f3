"""Every read and write of a store, with given texts wherever a text goes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, product
from typing import Any

from graphstore.errors import StoreError
from graphstore.ids import new_id
from graphstore.model import (
    Budget,
    Concept,
    ConceptClaim,
    ConceptFilter,
    ConceptOrder,
    ConceptPatch,
    Direction,
    EvidenceClaim,
    ExplorationDraft,
    ExplorationFilter,
    ExplorationStatus,
    Failure,
    Idempotency,
    IdempotentResult,
    Knowledge,
    Options,
    Outcome,
    Page,
    PageRequest,
    Pictures,
    Relation,
    RelationClaim,
    RelationKey,
    Source,
    SourceClaim,
    SourceKind,
    Spend,
    StepFilter,
    StepKind,
    StepState,
    StoredEvidence,
    Tombstone,
    name_key,
)
from graphstore.port import Database, Store
from tests.support.every_image_call import EveryImageCall

PAGES = (PageRequest(5), PageRequest(5, backward=True))


class EveryCall:
    """Calls everything there is in one workspace. What the store refuses is refused; any other error is a defect."""

    def __init__(self, database: Database, workspace: str, texts: Sequence[str]) -> None:
        self._database = database
        self._store: Store = database.within(workspace)
        self._text: Callable[[], str] = cycle(texts).__next__
        self._texts = list(texts)
        self._token = self._text()
        self.seen: set[str] = set()
        """Ids of the concepts that reads have shown."""

    async def run(self) -> None:
        """All of it: writes before the reads that find them, and what is destroyed last."""
        concepts = await self._grow()
        exploration = await self._explore()
        images = EveryImageCall(self._store, self._text, self._token, self._try)
        await images.paint(concepts)
        await self._load()
        ids = [*concepts, *self._texts]
        await images.read(ids, self._texts)
        await self._read_concepts(ids)
        await self._read_relations(ids)
        await self._read_explorations([exploration, *self._texts])
        await self._read_whole()
        await self._curate(ids)
        await self._steer(exploration)

    async def _grow(self) -> Sequence[str]:
        key = Idempotency(self._text(), f"add{self._text()}", self._text(), self._text())
        found: list[str] = []
        for name in self._texts[:3]:
            claims = (self._claim("a", name), self._claim("b", self._text()), self._claim("c", self._text()))
            typed = tuple(RelationClaim("a", type, "b", (self._evidence(),)) for type in ("IS_A", self._text()))
            for knowledge in (Knowledge(claims, typed), Knowledge(claims, typed[:1]), Knowledge(claims)):
                recorded = await self._try(self._store.curation.add(knowledge, key))
                found += recorded.concepts.values() if recorded else ()
        await self._try(self._store.curation.add(Knowledge((self._claim("a", self._text()),)), key))
        await self._try(self._store.curation.add(Knowledge((self._claim("a", self._text()),)), key))
        return list(dict.fromkeys(found))

    async def _explore(self) -> str:
        control, work, token = self._store.control, self._store.work, self._token
        pictures = Pictures(self._text(), self._text(), self._text(), self._text())
        options = Options(2, 5, (self._text(),), self._text(), self._text(), pictures)
        key = Idempotency(self._text(), f"start{self._text()}", self._text(), self._text())
        draft = ExplorationDraft(self._text(), options, Budget(50, 100.0, 1_000, 10.0))
        for _ in range(2):
            await self._try(control.start(draft, idempotency=key))
        await self._try(control.start(ExplorationDraft(self._text(), options, Budget(), self._text())))
        started = await self._try(control.start(draft, lease=(token, 60)))
        if started is None:
            return self._texts[0]
        await self._try(work.claim(self._text(), self._text(), 60))
        await self._try(work.renew(started.id, token, 60, 1.0))
        for _ in range(2):
            await self._step(started.id, token)
        await EveryImageCall(self._store, self._text, token, self._try).illustrate(started.id)
        frontier = await self._try(self._store.explorations.frontier(started.id, StepKind.EXPAND, 5))
        for step in frontier.ready[:1] if frontier else ():
            await self._try(work.fail(Failure(started.id, token, step.id, self._text(), None)))
        for step in frontier.ready[1:2] if frontier else ():
            await self._try(self._store.curation.delete_concept(step.concept))
        await self._try(work.renew(started.id, self._text(), 60))
        return str(started.id)

    async def _step(self, exploration: str, token: str) -> None:
        work = self._store.work
        frontier = await self._try(self._store.explorations.frontier(exploration, StepKind.EXPAND, 5))
        first = frontier.ready[0] if frontier and frontier.ready else None
        step, concept = (first.id, first.concept) if first else (self._text(), self._text())
        await self._try(work.fail(Failure(exploration, token, step, self._text(), 0, answer=self._text())))
        await self._try(work.reserve(exploration, token, step, Spend(tokens=1)))
        fresh = (ConceptClaim(ref, f"{self._text()} {ref} {step}", evidence=(self._evidence(),)) for ref in "bcd")
        claims = (replace(self._claim("a", self._text()), id=concept), *fresh)
        relations = (RelationClaim("a", "PART_OF", "b", (self._evidence(),)),)
        done = Outcome(exploration, token, step, Knowledge(claims, relations), "a", Spend(tokens=1))
        for _ in range(2):
            await self._try(work.commit(done))
        await self._try(work.commit(Outcome(self._text(), token, self._text(), Knowledge(claims), "a")))

    async def _load(self) -> None:
        """Records as they might stand in a file: here a relation's type may be anything."""
        at, load = datetime.now(UTC), self._store.archive.load
        a, b, source = new_id(), new_id(), new_id()
        key = RelationKey(a, self._text(), b)
        for record in (
            Relation(key, 0.5, 1, contradicted=False, version=1, created=at, updated=at),
            self._concept(a),
            self._concept(b),
            Source(source, self._text(), self._text(), SourceKind.PAGE, self._text(), self._text(), at),
            StoredEvidence(new_id(), key, key, source, self._text(), 0.5, at),
            StoredEvidence(new_id(), a, b, source, self._text(), 0.5, at),
            Tombstone(self._text(), at),
            IdempotentResult(self._text(), self._text(), self._text(), self._text(), self._text(), at),
        ):
            for _ in range(2):
                await self._try(load([record]))
        await self._try(self._store.curation.delete_relation(key))

    async def _read_concepts(self, ids: Sequence[str]) -> None:
        concepts, texts = self._store.concepts, self._texts
        for follow in (True, False):
            self._show((await self._try(concepts.get(ids, follow_merges=follow)) or {}).values())
        for senses in (await self._try(concepts.named([name_key(t) for t in texts])) or {}).values():
            self._show(senses)
        pairs = [(scheme, value) for scheme in texts for value in texts]
        self._show((await self._try(concepts.by_external_id(pairs)) or {}).values())
        for alike in (await self._try(concepts.similar(ids, 5)) or {}).values():
            self._show(alike)
        for filter, request in product(self._filters(), PAGES):
            await self._try(concepts.count(filter))
            for order in ConceptOrder:
                place = (self._text() if order is ConceptOrder.NAME else 0, self._text())
                self._show_page(await self._try(concepts.page(filter, order, replace(request, after=place))))
            self._show_page(await self._try(concepts.page(filter, order, request)))
        for text, filter, request in zip(texts, cycle(self._filters()), cycle(PAGES), strict=False):
            await self._try(concepts.count_hits(text, filter))
            page = await self._try(concepts.search(text, filter, request))
            self._show(i.value.value for i in page.items) if page else None

    async def _read_relations(self, ids: Sequence[str]) -> None:
        relations, texts = self._store.relations, self._texts
        keys = [RelationKey(a, type, b) for a in ids[:3] for b in ids[:3] for type in ("IS_A", *texts)]
        await self._try(relations.get(keys))
        await self._try(relations.types())
        await self._try(relations.count_evidence([*ids, *keys]))
        await self._try(relations.source_kinds([*ids, *keys]))
        await self._try(relations.sources(texts))
        for request in PAGES:
            for asked in (request, replace(request, after=(0.5, self._text()))):
                await self._try(relations.evidence([*ids, *keys], asked))
        for direction in Direction:
            for types, request in zip((None, texts, ["IS_A", *texts]), cycle(PAGES), strict=False):
                await self._read_around(ids, direction, types, request)

    async def _read_around(
        self, ids: Sequence[str], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> None:
        relations = self._store.relations
        await self._try(relations.count(ids, direction, types))
        await self._try(relations.count_neighbours(ids, direction, types))
        await self._try(relations.links(ids, types, 5))
        place = (-0.5, -1, self._text(), self._text(), self._text())
        for asked in (request, replace(request, after=place)):
            await self._try(relations.of(ids, direction, types, asked))
        for asked in (request, replace(request, after=(-0.5, self._text()))):
            for page in (await self._try(relations.neighbours(ids, direction, types, asked)) or {}).values():
                self._show_page(page)

    async def _read_explorations(self, ids: Sequence[str]) -> None:
        explorations = self._store.explorations
        await self._try(explorations.get(ids))
        steps = await self._try(explorations.steps(ids, StepFilter(), PAGES[0])) or {}
        await self._try(explorations.steps_by_id([i.value.id for p in steps.values() for i in p.items] + self._texts))
        for request in PAGES:
            for asked in (request, replace(request, after=(0, self._text()))):
                await self._try(explorations.members(ids, asked))
                for states in (None, (StepState.DONE,)):
                    await self._try(explorations.steps(ids, StepFilter(states), asked))
                for filter in (ExplorationFilter(), ExplorationFilter((ExplorationStatus.QUEUED,), self._text())):
                    await self._try(explorations.page(filter, asked))
                    await self._try(explorations.count(filter))
        for id in ids:
            for kind in StepKind:
                await self._try(explorations.frontier(id, kind, 5))
            await self._try(explorations.events(id, 0, 5))
            await self._try(explorations.oldest_seq(id))

    async def _read_whole(self) -> None:
        operations = self._database.operations
        self._show([r async for r in self._store.archive.export() if isinstance(r, Concept)])
        await self._try(operations.newest_seqs([(a, b) for a in self._texts for b in self._texts]))
        await self._try(operations.unowned(5))
        await self._try(operations.unowned_images(5))
        await self._try(operations.waiting())
        await self._try(operations.status())
        await self._try(operations.trim(datetime.now(UTC) - timedelta(days=30)))

    async def _curate(self, ids: Sequence[str]) -> None:
        curation = self._store.curation
        text = self._text
        patch = ConceptPatch(text(), text(), text(), text(), (text(),), {text(): text()})
        for id in (*ids[:3], self._text()):
            for version in (1, 2, 3):
                await self._try(curation.update_concept(id, patch, version, self._evidence()))
        for type in ("HAS_PART", self._text()):
            for version in (1, 2):
                key = RelationKey(ids[0], "IS_A", ids[1])
                await self._try(curation.retype_relation(key, type, version, self._evidence()))
        for key in (RelationKey(ids[0], "HAS_PART", ids[1]), RelationKey(ids[0], self._text(), self._text())):
            await self._try(curation.delete_relation(key))
        two = (ConceptClaim(ref, f"{ref} {new_id()}", evidence=(self._evidence(),)) for ref in "xy")
        added = await self._try(curation.add(Knowledge(tuple(two))))
        x, y = added.concepts.values() if added else ids[:2]
        await self._try(curation.merge(x, [y]))
        await self._try(curation.merge(ids[0], [ids[1], ids[2]]))
        await self._try(curation.merge(self._text(), [self._text()]))
        await self._read_concepts([*ids, x, y])
        for id in (y, ids[1], self._text()):
            await self._try(curation.unmerge(id))
        for id in (ids[0], self._text()):
            await self._try(curation.delete_concept(id))
        sources = [r.id async for r in self._store.archive.export() if isinstance(r, Source)]
        for id in (*sources[:1], self._text()):
            await self._try(curation.delete_source(id))

    async def _steer(self, exploration: str) -> None:
        control, work, text, token = self._store.control, self._store.work, self._text, self._token
        for id, owner in ((exploration, token), (exploration, text()), (text(), text())):
            await self._try(control.pause(id))
            await self._try(control.resume(id))
            await self._try(work.finish(id, owner, text(), text()))
            await self._try(control.extend(id, Budget(), 3))
            await self._try(work.claim(id, owner, 60))
            await self._try(work.finish(id, owner, text(), text()))
            await self._try(control.retry_failed(id))
            await self._try(work.release(id, owner))
            await self._try(control.cancel(id, text()))
        await self._try(control.delete(exploration))
        await self._try(control.delete(text()))

    def _filters(self) -> Sequence[ConceptFilter]:
        texts = tuple(self._texts)
        text = self._text()
        prefix = text if name_key(text) else "none"  # no prefix is no filter
        return (ConceptFilter(), ConceptFilter(texts, texts, prefix, 0.1), ConceptFilter(kinds=texts))

    def _claim(self, ref: str, name: str) -> ConceptClaim:
        text, evidence = self._text, (self._evidence(),)
        ids: Mapping[str, str] = {text(): text()}
        return ConceptClaim(ref, name, text(), text(), text(), (text(), text()), ids, text(), evidence)

    def _evidence(self) -> EvidenceClaim:
        text = self._text
        return EvidenceClaim(SourceClaim(text(), text(), SourceKind.PAGE, text(), text()), text(), 0.5)

    def _concept(self, id: str) -> Concept:
        text, at = self._text, datetime.now(UTC)
        name, ids = text(), {text(): text()}
        texts = (name, name_key(name), new_id(), text(), text(), text(), (text(),), ids)
        return Concept(id, *texts, 0.5, 1, 0, 1, at, at)

    def _show_page(self, page: Page[Concept] | None) -> None:
        self._show(item.value for item in page.items) if page else None

    def _show(self, concepts: Any) -> None:
        self.seen.update(concept.id for concept in concepts)

    async def _try(self, call: Awaitable[Any]) -> Any:
        """What the call answers; None when the store refuses it."""
        with suppress(StoreError):
            return await call
        return None
