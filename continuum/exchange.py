"""How processes hear of each other and share what they have: through Redis, or not at all."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from continuum.settings import Settings
from exploration.activity.local import LocalActivity
from exploration.activity.port import Activity
from exploration.dispatch.port import EXPLORATION, IMAGES
from exploration.feed.local import LocalFeed
from exploration.feed.port import Feed
from exploration.redis.memory import Memory
from providers.images.cache.memory import MemoryImageCache
from providers.images.cache.port import ImageCache
from providers.images.flights.local import LocalFlights
from providers.images.flights.port import Flights

if TYPE_CHECKING:
    from exploration.dispatch.redis import RedisDispatch

QUEUE_HOLD = 3.0
"""Seconds after its last sign of life at which the queue counts a worker as dead; never longer than a lease."""
ACTIVITY_GRACE = 30
"""Seconds for which an agent's activity is remembered beyond the longest answer of whoever it asks."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What processes share; by default each has its own."""

    feed: Feed = field(default_factory=LocalFeed)
    activity: Activity = field(default_factory=LocalActivity)
    image_cache: ImageCache = field(default_factory=MemoryImageCache)
    flights: Flights = field(default_factory=LocalFlights)
    queues: "Mapping[str, RedisDispatch]" = field(default_factory=dict)
    """By the kind of job: explorations and images do not wait for each other."""
    checks: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    memories: Mapping[str, Callable[[], Awaitable[Memory | None]]] = field(default_factory=dict)
    """By the same names: how full the servers are."""


async def opened_exchange(settings: Settings, stack: AsyncExitStack) -> Exchange:
    """What the settings name; closed by the stack."""
    if settings.redis_url is None:
        return Exchange()
    # Loaded where they are needed: the embedded default starts sooner without them.
    from exploration.activity.redis import RedisActivity  # noqa: PLC0415
    from exploration.dispatch.redis import RedisDispatch  # noqa: PLC0415
    from exploration.feed.redis import RedisFeed  # noqa: PLC0415
    from exploration.redis.link import connected  # noqa: PLC0415
    from providers.images.cache.redis import RedisImageCache  # noqa: PLC0415
    from providers.images.flights.redis import RedisFlights  # noqa: PLC0415

    link = cache = await stack.enter_async_context(connected(settings.redis_url.get_secret_value()))
    links = {"redis": link}
    if settings.redis_cache_url is not None:
        cache = await stack.enter_async_context(connected(settings.redis_cache_url.get_secret_value()))
        links["redis_cache"] = cache
    longest = max(settings.source_timeout_seconds, settings.image_timeout_seconds)
    hold = min(QUEUE_HOLD, settings.lease_seconds)
    return Exchange(
        feed=RedisFeed(link),
        activity=RedisActivity(cache, life=ceil(longest) + ACTIVITY_GRACE),
        image_cache=RedisImageCache(cache, MemoryImageCache(), cache.key()),
        flights=RedisFlights(link, link.key()),
        queues={
            EXPLORATION: RedisDispatch(link, hold=hold),
            IMAGES: RedisDispatch(link, name="dispatch-images", hold=hold),
        },
        checks={name: each.ping for name, each in links.items()},
        memories={name: each.memory for name, each in links.items()},
    )
