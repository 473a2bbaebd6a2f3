"""`continuum explore`: it runs without a server, shows what it does, and keeps what it found."""

import asyncio
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from graphstore.model import Exploration, ExplorationFilter, ExplorationStatus, PageRequest
from tests.support.exploring import until
from tests.support.fake_chat import fake_chat
from tests.support.files import SMALL, lines, opened_store
from tests.support.processes import environment, server
from tests.support.terminal import LIMIT, command, continuum, in_terminal

pytestmark = pytest.mark.system

CONTROL = re.compile(r"\x1b\[")
FAR = ("--depth", 6, "--breadth", 50, "--concepts", 400)
"""An exploration that takes a while and tells more than a pipe can hold."""
SLOW = {"steps_at_once": 1}


def explorations(data_dir: Path) -> list[Exploration]:
    """What is stored of all explorations, the newest first."""

    async def read() -> list[Exploration]:
        async with opened_store(data_dir) as store:
            page = await store.explorations.page(ExplorationFilter(), PageRequest(100))
            return [item.value for item in page.items]

    return asyncio.run(read())


def events(text: str) -> list[dict[str, Any]]:
    """The JSON object of each line."""
    return [json.loads(line) for line in text.splitlines()]


def test_it_shows_a_tree_and_where_it_is_stored(tmp_path: Path) -> None:
    """Results go to standard output, what happens goes to standard error, and neither has control codes in a pipe."""
    ended = continuum(tmp_path, "explore", "photosynthesis", "--concepts", 40)
    assert ended.code == 0
    assert ended.lines[0].startswith("Photosynthesis  ")
    assert any(line.startswith("├── ") for line in ended.lines)
    assert "The budget of concepts is used up: 40 concepts (40 new)" in ended.out
    assert f"Stored in {tmp_path / 'continuum.sqlite3'}, workspace main, exploration " in ended.out
    assert "Next: continuum serve" in ended.out
    assert ended.err.startswith("Exploring photosynthesis.\n13 concepts, steps: 1 done, 12 to do: Photosynthesis, ")
    assert not CONTROL.search(ended.out + ended.err)
    [stored] = explorations(tmp_path)
    assert (stored.status, stored.progress.concepts_found) == (ExplorationStatus.BUDGET_REACHED, 40)
    assert stored.lease is None


def test_json_is_one_object_a_line(tmp_path: Path) -> None:
    """Standard output holds the numbered events and a summary as the last line, and nothing else is said."""
    ended = continuum(tmp_path, "explore", "photosynthesis", "--concepts", 40, "--json")
    assert (ended.code, ended.err) == (0, "")
    *told, summary = events(ended.out)
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert told[0]["type"] == "ExplorationStarted"
    assert (told[-1]["type"], told[-1]["status"]) == ("StatusChanged", "BUDGET_REACHED")
    grown = [event for event in told if event["type"] == "GraphGrew"]
    assert len({c["id"] for event in grown for c in event["concepts"]}) == 40
    assert all(event["relations"] for event in grown)
    assert summary["type"] == "Summary"
    assert summary["progress"] == told[-1]["progress"]
    assert (summary["created"], summary["spent"]["concepts"]) == (40, 40)


def test_pictures_are_told(tmp_path: Path) -> None:
    """As JSON each is an event that names its concept; for a person they are counted, with why they were drawn."""
    ended = continuum(tmp_path, "explore", "photosynthesis", "--concepts", 4, "--pictures", "--json")
    assert (ended.code, ended.err) == (0, "")
    *told, summary = events(ended.out)
    made = [event["image"] for event in told if event["type"] == "ImageReady"]
    found = {c["id"] for event in told if event["type"] == "GraphGrew" for c in event["concepts"]}
    assert {image["concept"] for image in made} == found
    assert {(image["provider"], image["fallbackReason"]) for image in made} == {("mock", None)}
    assert summary["spent"]["pictures"] == len(made) == 4

    words = continuum(tmp_path, "explore", "jazz", "--concepts", 3, "--pictures", image_provider="openai")
    assert "3 pictures (drawn instead: openai is not set up: set OPENAI_API_KEY" in words.out


async def test_a_model_is_left_in_good_order(tmp_path: Path) -> None:
    """The connections to it are closed at the end: nothing complains of any that were left open."""
    async with fake_chat() as model:
        asked = ("explore", "forks", "--source", "openai", "--concepts", 3, "--json")
        ended = await asyncio.to_thread(continuum, tmp_path, *asked, openai_base_url=model.address)
    assert (ended.code, ended.err) == (0, "")
    assert model.asked


def test_a_terminal_gets_a_live_display(tmp_path: Path) -> None:
    """In a terminal progress is drawn in place, and the tree is what stays, no line wider than the terminal."""
    ended = in_terminal(tmp_path, "explore", "photosynthesis", "--depth", 4, "--concepts", 500, width=90, **SLOW)
    assert ended.code == 0
    assert CONTROL.search(ended.out)
    assert "of 500 concepts" in ended.out
    assert re.search(r"steps: \d+ done, \d+ to do", ended.out)
    kept = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", ended.out).replace("\r", "").splitlines()
    tree = kept[next(n for n, line in enumerate(kept) if line.startswith("Photosynthesis  ")) :]
    assert max(len(line) for line in tree if "──" in line) <= 90


def test_ctrl_c_in_a_terminal_keeps_what_was_found(tmp_path: Path) -> None:
    """Ctrl-C cancels the exploration, shows what there is, and the exit code says so."""
    ended = in_terminal(
        tmp_path,
        "explore",
        "photosynthesis",
        *FAR,
        press_when=lambda shown: " 1 done" in shown or "found" in shown,
        **SLOW,
    )
    assert ended.code == 130
    assert "Cancelled (interrupted by Ctrl-C)" in ended.out
    assert "Traceback" not in ended.out
    [stored] = explorations(tmp_path)
    assert (stored.status, stored.reason) == (ExplorationStatus.CANCELLED, "interrupted by Ctrl-C")
    assert stored.progress.concepts_found > 0


@contextmanager
def started(data_dir: Path, **settings: object) -> "Iterator[tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]]":
    """A run whose outputs the test reads; it cannot end before that, as it says more than a pipe holds."""
    with subprocess.Popen(
        command("explore", "photosynthesis", *FAR, "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(data_dir, **settings),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"ExplorationStarted" in process.stdout.readline()
        yield process, process.stdout, process.stderr


def test_an_interrupted_script_gets_its_summary(tmp_path: Path) -> None:
    """SIGINT ends a --json run with the cancellation as its last event, a summary, and exit code 130."""
    with started(tmp_path) as (process, out, err):
        process.send_signal(signal.SIGINT)
        *_, last, summary = events(out.read().decode())
        assert (process.wait(LIMIT), err.read()) == (130, b"")
    assert (last["type"], last["status"]) == ("StatusChanged", "CANCELLED")
    assert (summary["type"], summary["status"]) == ("Summary", "CANCELLED")


def test_a_reader_that_goes_away_ends_it(tmp_path: Path) -> None:
    """When nobody reads its output any more (`| head`), it cancels the exploration and ends without a word."""
    with started(tmp_path) as (process, out, err):
        out.close()
        assert (process.wait(LIMIT), err.read()) == (141, b"")
    [stored] = explorations(tmp_path)
    assert (stored.status, stored.reason) == (ExplorationStatus.CANCELLED, "nobody reads its output any more")


def kill_early(data_dir: Path) -> None:
    """Start a run and kill it at once."""
    with started(data_dir, lease_seconds=1) as (process, _, _):
        process.kill()


async def test_a_server_takes_it_up_after_its_death(tmp_path: Path) -> None:
    """A killed run leaves its exploration to a running server, which brings it to its end."""
    async with server(tmp_path, lease_seconds=1) as running:
        await asyncio.to_thread(kill_early, tmp_path)

        async def is_complete() -> bool:
            answer = await running.graphql("{ explorations(first: 1) { edges { node { status } } } }")
            return bool(answer["explorations"]["edges"][0]["node"]["status"] == "BUDGET_REACHED")

        await until(is_complete, seconds=60)


def test_an_unknown_topic_names_the_nearest(tmp_path: Path) -> None:
    """A topic that no source knows is answered with those that are near it, and nothing is started."""
    ended = continuum(tmp_path, "explore", "photosinthesis")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: the source 'atlas' knows nothing of 'photosinthesis'. The nearest topics are: ")
    assert "Photosynthesis" in ended.err
    assert explorations(tmp_path) == []


def test_an_ambiguous_topic_shows_its_senses_and_how_to_choose(tmp_path: Path) -> None:
    """Each sense comes with a number, and the number chooses it."""
    ended = continuum(tmp_path, "explore", "mercury")
    assert (ended.code, ended.out) == (2, "")
    assert "Error: 'mercury' has 2 senses; choose one of them." in ended.err
    assert re.findall(r"^(\d)  (Mercury \(.+?\))", ended.err, re.MULTILINE) == [
        ("1", "Mercury (element)"),
        ("2", "Mercury (celestial body)"),
    ]
    chosen = continuum(tmp_path, "explore", "mercury", "--sense", 2, "--depth", 1)
    assert (chosen.code, "Solar System" in chosen.out) == (0, True)


def test_a_number_that_is_none_starts_nothing(tmp_path: Path) -> None:
    """A sense beyond the last is an error that lists those there are."""
    ended = continuum(tmp_path, "explore", "mercury", "--sense", 7)
    assert (ended.code, "there is no sense 7" in ended.err) == (2, True)
    assert explorations(tmp_path) == []


def test_a_terminal_is_asked_which_sense_is_meant(tmp_path: Path) -> None:
    """A person at a terminal picks a sense and goes on."""
    ended = in_terminal(
        *(tmp_path, "explore", "mercury", "--depth", 1), press_when=lambda shown: "Which one" in shown, keys=b"2\n"
    )
    assert (ended.code, "Solar System" in ended.out) == (0, True)


def test_leaving_that_question_starts_nothing(tmp_path: Path) -> None:
    """Ctrl-C at the question ends the command, and nothing was stored."""
    # Python loses a Ctrl-C that comes in the instant between a prompt and the wait for its answer.
    ended = in_terminal(*(tmp_path, "explore", "mercury"), press_when=lambda shown: "Which one" in shown, insist=True)
    assert ended.code == 130
    assert "Traceback" not in ended.out
    assert "Mercury (celestial body)" in ended.out, "a sense is not broken into pieces for its summary"
    assert explorations(tmp_path) == []


def test_a_stored_sense_is_chosen_by_its_number_or_id(tmp_path: Path) -> None:
    """What is stored can be explored from, by the number of a sense or by the stored id."""
    continuum(tmp_path, "import", "-", "--source-title", "small", stdin=lines(*SMALL))
    assert continuum(tmp_path, "explore", "mammal", "--source", "graph").code == 2
    chosen = continuum(tmp_path, "explore", "mammal", "--source", "graph", "--sense", 1, "--depth", 1)
    assert chosen.code == 0
    assert "(0 new)" in chosen.out
    [stored] = explorations(tmp_path)
    assert stored.root is not None
    assert continuum(tmp_path, "explore", "--source", "graph", "--concept", stored.root, "--depth", 1).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Error: topic: give either a topic or a concept to start from"),
        (("",), "Error: topic: is empty; 1 to 200 characters are allowed"),
        (("x" * 201,), "Error: topic: has 201 characters; at most 200 are allowed"),
        (("light", "--depth", 7), "Error: depth: 7 is not between 1 and 6"),
        (("light", "--concepts", 0), "Error: budget.concepts: 0 is not between 1 and 10,000"),
        (("light", "--seconds", "nan"), "Error: budget.seconds: nan is not between 1 and 86,400"),
        (("light", "--source", "oracle"), "Error: there is no knowledge source 'oracle'; there are: atlas, graph"),
        (("--concept", "x"), "Error: --concept: 'x' is no id of this API; give one that it has returned"),
        (("a", "--concept", "0190a8d8-fef3-72cd-8bb8-17f493bbfd1b"), "Error: topic: give either a topic or a concept"),
        (("--concept", "0190a8d8-fef3-72cd-8bb8-17f493bbfd1b"), "Error: there is no concept '0190a8d8-fef3"),
        (("a\x1b[31m",), "Error: topic: holds a character that is no text"),
    ],
)
def test_what_cannot_be_started_is_said_in_one_sentence(
    tmp_path: Path, arguments: tuple[object, ...], message: str
) -> None:
    """A request out of bounds names the argument and what is allowed, and nothing is stored."""
    ended = continuum(tmp_path, "explore", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(message)
    assert ended.err.count("\n") == 1
    assert explorations(tmp_path) == []


def test_workspaces_are_apart(tmp_path: Path) -> None:
    """What one workspace explores is not in another."""
    assert continuum(tmp_path, "--workspace", "mine", "explore", "photosynthesis", "--depth", 1).code == 0
    assert continuum(tmp_path, "--workspace", "mine", "search", "photosynthesis").lines
    ended = continuum(tmp_path, "search", "photosynthesis")
    assert (ended.code, ended.out) == (0, "")
    assert "Nothing is stored yet" in ended.err


def test_stored_text_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Control characters in imported names are never written to the terminal."""
    evil = {"concept": "1", "name": "Evil\x1b]0;owned\x07 [red]name[/red]", "summary": "a\x1b[2Jb"}
    continuum(tmp_path, "import", "-", "--source-title", "evil", stdin=lines(evil))
    found = continuum(tmp_path, "search", "evil")
    assert "\x1b" not in found.out
    assert found.lines[0] == "Evil ]0;owned [red]name[/red]  0 relations"
    explored = continuum(tmp_path, "explore", "--source", "graph", "--concept", found.lines[-1].strip())
    assert "\x1b" not in explored.out + explored.err
    assert explored.lines[0].startswith("Evil ]0;owned [red]name[/red]")
