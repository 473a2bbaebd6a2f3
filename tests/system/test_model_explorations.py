"""Explorations by a language model, in real processes: whatever it answers, and however they die, within the budget."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from graphstore.model import (
    ENDED,
    Exploration,
    ExplorationFilter,
    ExplorationStatus,
    PageRequest,
    StepFilter,
    StepState,
)
from graphstore.port import Store
from graphstore.sqlite import open_database
from tests.support.exploring import ALL, until
from tests.support.fake_chat import FakeChat, fake_chat
from tests.support.graphs import check_history, graph_by_key
from tests.support.processes import environment, server

pytestmark = pytest.mark.system

TOPIC = "the art of folding maps"
ARGUMENTS = ("explore", *TOPIC.split(), "--source", "openai", "--depth", "3", "--concepts", "100", "--json")
KEY = "sk-not-to-be-seen"
MOODS = (
    *("busy", "half", "answer", "broken", "garbage", "hang", "drop", "busy", "answer", "misshapen", "answer"),
    *("answer", "hang", "busy", "prose"),
)
"""Two answers out of form never follow each other within what runs at once: such a step would be given up."""


def settings(chat: FakeChat) -> dict[str, object]:
    """A short patience, so that what hangs is given up soon."""
    return {
        "openai_base_url": chat.address,
        "openai_api_key": KEY,
        "openai_timeout_seconds": 1,
        "openai_max_output_tokens": 1_000,
        "lease_seconds": 1,
    }


async def explore(data_dir: Path, chat: FakeChat, *more: str) -> asyncio.subprocess.Process:
    """`continuum explore`, begun."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "continuum", *ARGUMENTS, *more),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**environment(data_dir, **settings(chat)), "COLUMNS": "200"},
        cwd=os.fspath(data_dir.parent),
    )


async def the_only(store: Store) -> Exploration:
    """The exploration in the store."""
    [item] = (await store.explorations.page(ExplorationFilter(), PageRequest(10))).items
    return item.value


async def stored(data_dir: Path) -> tuple[Exploration, dict[str, Any]]:
    """The exploration as it ended, and the graph by key; its history is checked."""
    database = await open_database(data_dir / "continuum.sqlite3")
    try:
        store = database.within("main")
        ended = await the_only(store)
        await check_history(store, ended.id)
        return ended, await graph_by_key(store)
    finally:
        await database.close()


async def test_a_moody_model_gives_the_whole_graph(tmp_path: Path) -> None:
    """429, 500, hanging, garbage, half an answer and broken connections among its replies change nothing in the end,
    and what is spent stays within the budget and covers what was billed."""
    async with fake_chat() as calm:
        process = await explore(tmp_path / "calm", calm)
        await process.communicate()
        assert process.returncode == 0
    async with fake_chat(*MOODS) as moody:
        process = await explore(tmp_path / "moody", moody, "--tokens", "2000000", "--cost", "4.5")
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        assert KEY not in errors.decode()
    (undisturbed, expected), (ended, graph) = await stored(tmp_path / "calm"), await stored(tmp_path / "moody")
    assert undisturbed.status is ended.status is ExplorationStatus.COMPLETED
    assert graph == expected
    assert moody.billed <= ended.spent.tokens <= 2_000_000
    assert 0 < ended.spent.cost_usd <= 4.5


async def test_a_budget_ends_it_before_it_is_exceeded(tmp_path: Path) -> None:
    """A call of which the worst case does not fit is not made: neither tokens nor dollars exceed the budget."""
    async with fake_chat() as chat:
        process = await explore(tmp_path / "tight", chat, "--tokens", "15000")
        await process.communicate()
        assert process.returncode == 0
    ended, _ = await stored(tmp_path / "tight")
    assert ended.status is ExplorationStatus.BUDGET_REACHED
    assert (ended.reason or "").startswith("tokens")
    assert chat.billed == ended.spent.tokens <= 15_000
    assert ended.progress.steps_pending


async def test_killed_in_mid_call_it_goes_on_within_the_budget(tmp_path: Path) -> None:
    """SIGKILL while calls are under way: another process completes the graph; the lost calls keep what they had
    booked, no concept is asked for more than once more, and the budget holds."""
    data_dir = tmp_path / "killed"
    async with fake_chat() as chat:
        chat.seconds = 0.4
        process = await explore(data_dir, chat, "--tokens", "500000", "--cost", "1")

        async def second_level() -> bool:
            return len(chat.subjects) > 2

        await until(second_level, seconds=20)
        process.kill()
        await process.wait()
        database = await open_database(data_dir / "continuum.sqlite3")
        try:
            store = database.within("main")
            killed = await the_only(store)
            assert killed.status not in ENDED
            async with server(data_dir, **settings(chat)):

                async def has_ended() -> bool:
                    return (await the_only(store)).status in ENDED

                await until(has_ended, seconds=30)
            ended = await the_only(store)
            steps = (await store.explorations.steps([ended.id], StepFilter(), ALL))[ended.id]
        finally:
            await database.close()
    assert ended.status is ExplorationStatus.COMPLETED
    assert {item.value.state for item in steps.items} == {StepState.DONE}
    assert max(chat.subjects.values()) <= 2
    assert chat.billed <= ended.spent.tokens <= 500_000
    assert ended.spent.cost_usd <= 1
