"""What is left to do when the users have gone: explorations by status, and for how long the oldest has waited."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.load.asking import session

_QUERY = """{
  queued: explorations(filter: {statuses: [QUEUED]}, last: 1) { totalCount edges { node { createdAt } } }
  running: explorations(filter: {statuses: [RUNNING]}, first: 1) { totalCount }
  done: explorations(filter: {statuses: [COMPLETED, BUDGET_REACHED]}, first: 1) { totalCount }
  failed: explorations(filter: {statuses: [FAILED]}, first: 1) { totalCount }
}"""
_AGE = "queue_oldest_age_seconds"


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many explorations stand where."""

    queued: int
    running: int
    done: int
    failed: int
    oldest_seconds: float
    """Since the oldest QUEUED one was asked for; 0 when there is none."""
    queue_seconds: float | None
    """What the processes say at /metrics of the oldest job in the queue; None where none of them says it."""

    def __str__(self) -> str:
        metric = "not told by /metrics" if self.queue_seconds is None else f"{self.queue_seconds:.1f} s by /metrics"
        return (
            f"Explorations: {self.done:,} done, {self.running:,} running, {self.queued:,} queued, {self.failed:,} "
            f"failed. The oldest queued one was asked for {self.oldest_seconds:.1f} s ago; oldest job in the queue: "
            f"{metric}."
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is left to do."""
        return not self.queued + self.running


async def backlog(servers: Sequence[str], workers: Sequence[str]) -> Backlog | None:
    """Just now; None when the first server does not say it."""
    data = await _counts(servers[0])
    if not data:
        return None
    now = datetime.now(UTC)
    ages = [age for address in (*servers, *workers) for age in await _ages(address)]
    oldest = [(now - datetime.fromisoformat(e["node"]["createdAt"])).total_seconds() for e in data["queued"]["edges"]]
    counts = {name: each["totalCount"] for name, each in data.items()}
    return Backlog(**counts, oldest_seconds=max(oldest, default=0.0), queue_seconds=max(ages, default=None))


async def _counts(server: str) -> Mapping[str, Any]:
    try:
        async with session(server) as calls, calls.post("/graphql", json={"query": _QUERY}) as response:
            answer = await response.json()
    except (TimeoutError, aiohttp.ClientError):
        return {}
    return {} if "errors" in answer else answer["data"]


async def _ages(address: str) -> Iterable[float]:
    try:
        async with session(address) as calls, calls.get("/metrics") as response:
            text = await response.text() if response.ok else ""
    except (TimeoutError, aiohttp.ClientError):
        return ()
    return [s.value for family in text_string_to_metric_families(text) for s in family.samples if s.name == _AGE]
