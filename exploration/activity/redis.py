"""Live activity that all processes see, in Redis: a hash for each exploration, a field for each step."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from exploration.activity.port import AgentActivity
from exploration.redis.link import RedisLink
from graphstore.port import ExplorationRef

REPORT = """
local ends = redis.call('TIME')[1] + ARGV[3]
redis.call('HSET', KEYS[1], ARGV[1], ends .. ' ' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
"""Each step's life is its own: the key lives on with the other steps. Only the server's clock counts."""


class RedisActivity:
    """`exploration.activity.port.Activity` over a link, which may lead to a server that evicts."""

    def __init__(self, link: RedisLink, *, life: int = 90) -> None:
        """`life`: seconds after which a report is forgotten; longer than a source may take to answer."""
        self._link = link
        self._life = life

    async def report(self, ref: ExplorationRef, activity: AgentActivity) -> None:
        """See `Activity.report`."""
        key, written = self._key(ref), _written(activity)

        async def report(redis: Redis) -> None:
            await redis.register_script(REPORT)([key], [activity.step, written, self._life])

        await self._link.attempt(report, None)

    async def clear(self, ref: ExplorationRef, step: str) -> None:
        """See `Activity.clear`."""
        key = self._key(ref)

        async def clear(redis: Redis) -> None:
            async with redis.pipeline(transaction=False) as pipe:
                pipe.hdel(key, step)
                await pipe.execute()

        await self._link.attempt(clear, None)

    async def current(self, refs: Sequence[ExplorationRef]) -> Mapping[ExplorationRef, Sequence[AgentActivity]]:
        """See `Activity.current`."""

        async def read(redis: Redis) -> list[Any]:
            async with redis.pipeline(transaction=False) as pipe:
                pipe.time()
                for ref in refs:
                    pipe.hgetall(self._key(ref))
                return await pipe.execute(raise_on_error=False)

        if not refs:
            return {}
        time, *hashes = await self._link.attempt(read, [(0, 0)])
        found = {ref: _read(fields, time[0]) for ref, fields in zip(refs, hashes, strict=False)}
        return {ref: sorted(steps, key=lambda a: a.since) for ref, steps in found.items() if steps}

    def _key(self, ref: ExplorationRef) -> str:
        return self._link.key("activity", *ref)


def _written(activity: AgentActivity) -> str:
    return json.dumps([activity.agent, activity.subject, activity.since.isoformat(), activity.share])


def _read(fields: object, now: int) -> list[AgentActivity]:
    """What is not past its time; an error in place of the hash, and fields that are nothing of ours, are left out."""
    if not isinstance(fields, dict):
        return []
    found = (_activity(step, value, now) for step, value in fields.items())
    return [activity for activity in found if activity is not None]


def _activity(step: bytes, value: bytes, now: int) -> AgentActivity | None:
    try:
        ends, written = value.split(b" ", 1)
        agent, subject, since, *more = json.loads(written)
        moment, share = datetime.fromisoformat(since), _share(more)
        activity = AgentActivity(str(agent), str(subject), step.decode(), moment, share)
        return activity if int(ends) > now and activity.since.tzinfo else None
    except (ValueError, TypeError, RecursionError):
        return None


def _share(more: list[Any]) -> float | None:
    """Processes of an older version say nothing of it."""
    share = None if not more or more[0] is None else float(more[0])
    return share if share is None or 0 <= share <= 1 else None
