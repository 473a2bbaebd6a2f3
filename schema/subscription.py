"""The subscription root: what can be watched."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from resolvers import explorations, images
from schema.exploration import ExplorationEvent, event
from schema.image import Image
from schema.words import Info, object_type, subscription


@object_type
class Subscription:
    """What can be watched."""

    @subscription
    async def exploration_events(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id of an exploration.")],
        after: Annotated[
            int | None,
            strawberry.argument(description="The last `seq` you saw; events with greater numbers follow."),
        ] = None,
    ) -> AsyncGenerator[ExplorationEvent, None]:
        """What happened in an exploration, then what happens, each event once and in order, until it has ended."""
        async with aclosing(explorations.watch(info.context, id, after)) as events:
            async for happened in events:
                yield event(happened)

    @subscription
    async def image_updates(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids of 1 to 100 images.")],
    ) -> AsyncGenerator[Image, None]:
        """Each of these images as it is, then whenever it changes, until all of them have ended or were deleted."""
        async with aclosing(images.watch(info.context, ids)) as changes:
            async for image in changes:
                yield Image.of(image)
