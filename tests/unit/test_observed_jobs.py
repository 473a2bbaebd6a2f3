"""Jobs that go on where somebody wanted them: in a trace, with their own ids in the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from opentelemetry.trace import SpanKind
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars, get_contextvars

from continuum.assembly import Parts
from exploration.dispatch.local import LocalDispatch
from exploration.dispatch.observed import observed
from exploration.dispatch.port import EXPLORATION, IMAGES, Dispatch, Job
from exploration.dispatch.record import job_of, record_of
from exploration.dispatch.redis import RedisDispatch
from exploration.redis.link import connected
from graphstore.port import Store
from providers.errors import RefusedError
from providers.images.observed import Observed
from providers.images.openai import OpenAiImages
from providers.images.port import ImageProvider
from providers.images.stable_diffusion import StableDiffusionImages
from providers.images.stable_diffusion_config import StableDiffusionConfig
from providers.openai.config import OpenAiConfig
from telemetry.traces import carried, span
from tests.support.claims import added
from tests.support.exploring import Scripted, end_of
from tests.support.fake_a1111 import fake_a1111
from tests.support.fake_collector import Trace, seen_spans
from tests.support.fake_images import wanted
from tests.support.fake_openai import fake_openai
from tests.support.fake_server import FakeServer
from tests.support.figures import Moved
from tests.support.painting import ended, painted

JOB = Job("main", EXPLORATION, "0197a000-0000-7000-8000-000000000001")


def asking() -> Any:
    """A request that wants something."""
    return span("request", kind=SpanKind.SERVER)


def test_a_record_carries_where_the_job_comes_from() -> None:
    """Through what Redis keeps and back; a job without a trace is one as well, and traces tell no jobs apart."""
    with seen_spans(), asking():
        job = Job("main", IMAGES, "1", carried())
    assert set(job.trace) == {"traceparent"}
    again = job_of(record_of(job))
    assert (again.trace, again) == (job.trace, job)
    assert job_of(record_of(JOB)).trace == {}
    assert {job, Job("main", IMAGES, "1")} == {job}


class Run:
    """Notes what it is run in."""

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.fields: dict[str, Any] = {}

    async def __call__(self, _job: Job, _wake: asyncio.Event) -> None:
        self.fields = dict(get_contextvars())
        with span("inside"):
            self.done.set()


async def in_trace(dispatch: Dispatch, run: Run, seen: Trace, job: Job) -> None:
    """Enqueue it within a request, and wait until it was run."""
    with bound_contextvars(request_id="r"), asking():
        await dispatch.enqueue(Job(job.workspace, job.kind, job.id, carried()))
    async with asyncio.timeout(10):
        await run.done.wait()
        while "run exploration" not in seen.names:  # noqa: ASYNC110 - it ends in a moment, in this process
            await asyncio.sleep(0.01)


@asynccontextmanager
async def by_redis(url: str, run: Any) -> AsyncIterator[Dispatch]:
    """A worker over Redis."""
    async with connected(url) as link:
        dispatch = RedisDispatch(link)
        async with dispatch.working(run, 1):
            yield dispatch


@pytest.fixture(
    params=["local", pytest.param("redis", marks=(pytest.mark.services, pytest.mark.xdist_group("services")))]
)
async def dispatched(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Dispatch, Run]]:
    """A dispatch of either kind, and what it runs."""
    run = Run()
    local = request.param == "local"
    opened: Any = (
        LocalDispatch(observed(run), 1) if local else by_redis(request.getfixturevalue("redis_url"), observed(run))
    )
    async with opened as dispatch:
        yield dispatch, run


async def test_a_run_goes_on_in_the_trace_of_whoever_wanted_it(dispatched: tuple[Dispatch, Run]) -> None:
    """Whoever hands the job out: it is consumed below the request, and what it does is below that."""
    dispatch, run = dispatched
    with seen_spans() as seen:
        await in_trace(dispatch, run, seen, JOB)
    consumed = seen.named("run exploration")
    assert seen.ancestors(seen.named("inside")) == ["run exploration", "request"]
    assert consumed.kind == "consumer"
    assert consumed.attributes["continuum.exploration.id"] == JOB.id
    assert len({one.trace for one in seen}) == 1


async def test_a_run_logs_its_own_ids_and_not_the_requests(dispatched: tuple[Dispatch, Run]) -> None:
    """A job goes on for hours after the request that wanted it, and perhaps for another one."""
    dispatch, run = dispatched
    with seen_spans() as seen:
        await in_trace(dispatch, run, seen, JOB)
    assert run.fields == {"exploration": JOB.id, "workspace": "main"}


async def test_nothing_of_a_run_is_left_behind() -> None:
    """Neither in the log nor in the figures nor in the trace of whoever ran it, also when it fails."""

    async def fail(job: Job, _wake: asyncio.Event) -> None:
        assert get_contextvars()["job"] == job.id
        assert moved.all("jobs_running") == {("images",): 1}
        raise RuntimeError("boom")

    clear_contextvars()
    bind_contextvars(kept="k")
    moved = Moved()
    with seen_spans() as seen:
        with pytest.raises(RuntimeError, match="boom"):
            await observed(fail)(Job("main", IMAGES, "1"), asyncio.Event())
        assert carried() == {}
    assert (get_contextvars(), moved.all("jobs_running")) == ({"kept": "k"}, {})
    assert (seen.named("run images").status, seen.named("run images").message) == ("error", "RuntimeError")


async def test_each_step_and_each_agent_has_a_span(parts: Parts, explore: Any, scripted: Scripted) -> None:
    """One trace from the request to the source; a step that fails says by which error, and nothing of its words."""
    scripted.fail = lambda name, _attempt: RefusedError("a secret") if name == "b" else None
    with seen_spans() as seen:
        with asking():
            exploration = await explore(depth=2)
        await end_of(parts, exploration)
        await parts.finish_work()
    assert not seen.orphans()
    steps = [one for one in seen if one.name == "step expand"]
    assert [one.status for one in steps].count("error") == 1
    assert "a secret" not in str(seen)
    for step in steps:
        assert step.attributes["continuum.exploration.id"] == exploration.id
        assert step.attributes["continuum.step.attempt"] == 1
        assert seen.ancestors(step) == ["run exploration", "request"]
    provider = next(one for one in seen if one.name == "provider scripted")
    assert seen.ancestors(provider) == ["agent research", "step expand", "run exploration", "request"]
    assert {f"agent {name}" for name in ("research", "connection", "validation", "content")} <= seen.names


async def test_images_go_on_in_the_trace_of_their_request(parts: Parts, store: Store) -> None:
    """From the request through the job and the painter to the provider."""
    leaf = (await added(store, "Leaf"))["Leaf"]
    with seen_spans() as seen:
        with asking():
            images = await painted(parts, leaf)
        await ended(parts, *images)
        await parts.finish_work()
    assert not seen.orphans()
    provider = seen.named("provider scribbler")
    assert seen.ancestors(provider) == ["agent painter", "run images", "request"]
    assert seen.named("run images").attributes["continuum.job.id"] == images[0].job


async def test_calls_of_providers_say_which_trace_they_belong_to() -> None:
    """OpenAI's library, with its own HTTP, and aiohttp alike send `traceparent`, of a span below the provider's."""
    async with fake_openai() as openai, fake_a1111() as a1111, AsyncExitStack() as stack:
        library = OpenAiImages(OpenAiConfig("key", base_url=f"{openai.address}/v1"))
        stack.push_async_callback(library.close)
        providers: tuple[tuple[ImageProvider, FakeServer], ...] = (
            (library, openai),
            (StableDiffusionImages(StableDiffusionConfig(a1111.address), every=60), a1111),
        )
        for provider, server in providers:
            with seen_spans() as seen, asking():
                await Observed(provider).generate(wanted(size=(1024, 1024)))
            sent = next(one for one in seen if one.kind == "client")
            assert seen.ancestors(sent)[0] == f"provider {provider.name}"
            assert server.asked[0].headers["traceparent"].startswith(f"00-{sent.trace}-{sent.id}-")


async def test_how_far_a_picture_is_takes_no_spans() -> None:
    """A server is asked so twice a second: nobody would find the call for the picture among them."""
    async with fake_a1111() as server:
        server.shares.extend((0.2, 0.5, 0.9))
        provider = StableDiffusionImages(StableDiffusionConfig(server.address), every=0.01)
        with seen_spans() as seen, asking():
            await provider.generate(wanted(size=(512, 512)))
    assert server.polled >= 3
    assert [one.name for one in seen] == ["POST", "request"]
