"""The shipped atlas keeps its promises, and the checks that say so can fail."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from providers.errors import GarbledError
from providers.knowledge.atlas import checks
from providers.knowledge.atlas.atlas import Atlas
from providers.knowledge.atlas.entry import Entry, RelationType, Statement
from providers.knowledge.atlas.reading import Book, installed, read_book

Check = Callable[[Book], Iterable[str]]

TYPES = {
    "USES": RelationType("USES", "works with", "{source} uses {target}.", restated_by=("USED_FOR",)),
    "USED_FOR": RelationType("USED_FOR", "is for", "{source} is used for {target}."),
    "PART_OF": RelationType("PART_OF", "belongs to", "{source} is part of {target}."),
}
KINDS = {"object": "A thing.", "idea": "A thought."}


@pytest.fixture(scope="module")
def book() -> Book:
    """The shipped atlas as it is written."""
    return read_book(installed())


def entry(label: str, *links: tuple[str, str], name: str = "", kind: str = "object", **words: str) -> Entry:
    """An entry of a small atlas, by default with a summary like no other."""
    own = " ".join(f"{label.lower()}{n}" for n in range(12))
    return Entry(
        label=label,
        name=name or label,
        kind=kind,
        domain="daily",
        summary=words.get("summary", f"It {own} too."),
        aliases=tuple(filter(None, words.get("aliases", "").split(", "))),
        statements=tuple(Statement(label, type_, target) for type_, target in links),
    )


def small(*entries: Entry) -> Book:
    """A small atlas."""
    return Book(entries, TYPES, KINDS)


SOUND = small(
    entry("Nail", ("USED_FOR", "Joint"), kind="idea"),
    entry("Hammer", ("USES", "Nail"), ("PART_OF", "Toolbox"), aliases="Mallet"),
    entry("Joint"),
    entry("Toolbox"),
)


def test_shipped_atlas_has_no_problems(book: Book) -> None:
    """The whole atlas: all connected, nothing dangling, doubled or on a template."""
    assert sorted(checks.problems(book)) == []


def test_promises_are_those_of_the_product() -> None:
    """The figures that the checks hold are the ones that were promised."""
    assert (checks.LEAST_CONCEPTS, checks.LEAST_RELATIONS, checks.LEAST_TYPES) == (600, 2_400, 12)
    assert (checks.LARGEST_SHARE, checks.LEAST_AROUND, len(set(checks.ENTRY_TOPICS))) == (0.3, 40, 20)


def test_each_domain_is_broad(book: Book) -> None:
    """Science, technology, arts, history and daily life each have well over a hundred concepts."""
    domains = [e.domain for e in book.entries]
    assert set(domains) == {"life", "matter", "technology", "arts", "history", "daily"}
    assert min(map(domains.count, set(domains))) > 100


@pytest.mark.parametrize(
    "check",
    [
        checks.labels,
        checks.names,
        checks.kinds,
        checks.summaries,
        checks.templates,
        checks.relation_types,
        checks.statements,
    ],
)
def test_sound_small_atlas_passes(check: Check) -> None:
    """What is sound is left alone, so that each failure below is about its own flaw."""
    assert list(check(SOUND)) == []


BROKEN: dict[str, tuple[Check, tuple[Entry, ...], str]] = {
    "doubled label": (checks.labels, (entry("Nail"), entry("Nail")), "defined 2 times"),
    "alias that is a name": (checks.names, (entry("Nail"), entry("Pin", aliases="nail")), "several entries"),
    "alias that is an alias": (
        checks.names,
        (entry("Nail", aliases="Brad"), entry("Pin", aliases="Brad")),
        "several entries",
    ),
    "alias that is the own name": (checks.names, (entry("Nail", aliases="NAIL"),), "twice"),
    "bare label beside a namesake": (
        checks.names,
        (entry("Nail"), entry("Nail (finger)", name="Nail")),
        "several entries",
    ),
    "kind": (checks.kinds, (entry("Nail", kind="thing"), entry("A"), entry("B", kind="idea")), "kinds.toml"),
    "kind of nothing": (checks.kinds, (entry("Nail"),), "no entry is of the kind 'idea'"),
    "no summary": (checks.summaries, (entry("Nail", summary=""),), "0 sentences"),
    "short summary": (checks.summaries, (entry("Nail", summary="It holds."),), "2 words"),
    "long-winded summary": (
        checks.summaries,
        (entry("Nail", summary="It holds. It holds. It holds. It holds."),),
        "4 sentences",
    ),
    "broken-off summary": (checks.summaries, (entry("Nail", summary=f"{'It holds ' * 9}. And then"),), "does not end"),
    "template": (
        checks.templates,
        (
            entry("Nail", summary="Nail is a thing that many people use at home to hold wood in place."),
            entry("Hat", summary="Hat is a thing that many people use at home to hold hair in place."),
        ),
        "one template",
    ),
    "same opening": (
        checks.templates,
        (
            entry("Nail", summary="Long before the shops sold them, smiths beat iron into spikes."),
            entry("Hat", summary="Long before the shops opened, felt was worn on heads by everyone."),
        ),
        "open with 'long before the",
    ),
    "dangling name": (checks.statements, (entry("Nail", ("USES", "Anvil")),), "no such target"),
    "self-loop": (checks.statements, (entry("Nail", ("USES", "Nail")),), "not related to itself"),
    "said twice": (checks.statements, (entry("Nail", ("USES", "A"), ("USES", "A")), entry("A")), "said 2 times"),
    "unknown type": (checks.statements, (entry("Nail", ("LIKES", "A")), entry("A")), "relation_types.toml"),
    "both directions": (
        checks.statements,
        (entry("Nail", ("USES", "A")), entry("A", ("USES", "Nail"))),
        "say one of them",
    ),
    "inverse": (
        checks.statements,
        (entry("Nail", ("USES", "A")), entry("A", ("USED_FOR", "Nail"))),
        "say one of them",
    ),
    "few concepts": (checks.balance, (entry("Nail"),), "1 concepts, and 600 are promised"),
    "few relations": (checks.balance, (entry("Nail"),), "0 relations, and 2400 are promised"),
    "few types": (checks.balance, (entry("Nail"),), "0 relation types, and 12 are promised"),
    "one type for everything": (checks.balance, (entry("Nail", ("USES", "A")),), "USES makes 100%"),
    "unused type": (checks.balance, (entry("Nail", ("USES", "A")),), "of the type PART_OF"),
    "entry topic": (checks.reach, (entry("Nail"),), "'Bread' is missing"),
    "no way": (checks.reach, (entry("Bread"), entry("Nail")), "from Bread there is no way to Nail"),
    "little around": (checks.reach, (entry("Photosynthesis"),), "only 1 concepts"),
}


@pytest.mark.parametrize(("check", "entries", "complaint"), BROKEN.values(), ids=BROKEN.keys())
def test_flaw_is_found(check: Check, entries: tuple[Entry, ...], complaint: str) -> None:
    """Each check complains of the flaw that it is there for, by itself and among all of them."""
    assert complaint in "\n".join(check(small(*entries)))
    assert complaint in "\n".join(checks.problems(small(*entries)))


@pytest.mark.parametrize("reads", ["{source} uses it.", "{source} and {source}", "{source} {target} {other}"])
def test_sentence_without_both_ends_is_found(reads: str) -> None:
    """A relation type whose sentence lacks an end, or has more, is complained of."""
    bad = {"USES": RelationType("USES", "works with", reads)}
    assert "must have" in "\n".join(checks.relation_types(replace(SOUND, types=bad)))


def test_namesakes_with_labels_of_their_own_are_intended() -> None:
    """Two entries may share a name when neither claims it as its label."""
    namesakes = small(entry("Nail (tool)", name="Nail"), entry("Nail (finger)", name="Nail", kind="idea"))
    assert list(checks.names(namesakes)) == []


def test_contributors_can_run_the_checks() -> None:
    """The package run as a program reports on the whole atlas."""
    run = subprocess.run(
        [sys.executable, "-m", "providers.knowledge.atlas"], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stdout
    assert run.stdout.endswith(" 0 problems\n")


def test_guide_names_every_type_and_kind(book: Book) -> None:
    """A contributor finds each relation type and kind in the guide, and no other."""
    guide = (Path(__file__).parents[2] / "docs" / "atlas.md").read_text()
    kinds = guide.split("## Kinds")[1].split(".")[0]
    assert set(re.findall(r"`([A-Z_]+)`", guide)) == set(book.types)
    assert {kind.strip() for kind in kinds.split(",")} == set(book.kinds)


def test_statement_about_nothing_does_not_open() -> None:
    """An atlas that states what it does not define is refused when it is opened, by name."""
    with pytest.raises(GarbledError, match="Anvil"):
        Atlas(small(entry("Nail", ("USES", "Anvil"))))


@pytest.mark.parametrize(
    "text", ["[Nail]\nkind = 3", "Nail = 1", "[Nail]\nUSES = 'A'", "[Nail", "[Nail]\naliases = [1]", "\udcff"]
)
def test_file_that_is_no_atlas_is_refused(tmp_path: Path, text: str) -> None:
    """A data file of the wrong shape is an error that says so, not a half-read atlas."""
    (tmp_path / "data").mkdir()
    (tmp_path / "relation_types.toml").write_text("")
    (tmp_path / "kinds.toml").write_text("")
    (tmp_path / "data" / "daily.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(GarbledError):
        read_book(tmp_path)
