"""Illustrating: a step has a picture made of its concept, after the concept was committed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from exploration.activity.port import AgentActivity
from exploration.errors import ConceptGone
from exploration.images.drawing import AGENT, Drawn, NotKept, Sketch
from exploration.images.telling import telling
from exploration.tools import Tools
from graphstore.errors import NotFoundError, UnavailableError
from graphstore.model import Event, Exploration, Illustration, ImageOptions, Pictures, Spend, Step
from graphstore.port import Store
from providers.errors import TransientError
from providers.price import NOTHING, Price


@dataclass(frozen=True, slots=True)
class Illustrating:
    """`exploration.lane.Craft` of steps that have a picture made.

    The place where pictures are kept being away is a failed attempt, and no reason to give the exploration up.
    """

    tools: Tools
    store: Store
    token: str
    pictures: Pictures
    lap: Callable[[], float]
    """Seconds of work since they were booked last."""

    async def attempt(self, exploration: Exploration, step: Step) -> Sequence[Event]:
        """See `Craft.attempt`. Raises `TransientError` too when the picture cannot be kept."""
        options = _options(self.pictures)
        sketch = await self.tools.drawing.sketch(self.store, step.concept or "", options)
        await self._reserve(exploration, step, options)
        drawn = await self._drawn(exploration, step, sketch, options)
        made = Illustration(
            exploration=exploration.id,
            token=self.token,
            step=step.id,
            options=options,
            prompt=drawn.prompt,
            concept_version=drawn.concept_version,
            picture=drawn.pictures[0],
            seconds=self.lap(),
        )
        try:
            return [await self.store.work.illustrate(made)]
        except NotFoundError as gone:
            raise ConceptGone from gone

    async def _reserve(self, exploration: Exploration, step: Step, options: ImageOptions) -> None:
        """Book what the picture can cost at most, unless it costs nothing and nobody counts it."""
        try:
            await self.tools.drawing.ready()
        except UnavailableError as away:
            raise TransientError(str(away), used=NOTHING) from away
        worst = Spend(pictures=1, cost_usd=self.tools.drawing.cost(options))
        if worst.cost_usd or exploration.budget.pictures is not None:
            await self.store.work.reserve(exploration.id, self.token, step.id, worst)

    async def _drawn(self, exploration: Exploration, step: Step, sketch: Sketch, options: ImageOptions) -> Drawn:
        since, ref = datetime.now(UTC), (self.store.workspace, exploration.id)

        async def report(share: float | None) -> None:
            await self.tools.activity.report(ref, AgentActivity(AGENT, sketch.name, step.id, since, share))

        try:
            async with telling(report) as told:
                return await self.tools.drawing.draw(self.store, sketch, options, told=told)
        except NotKept as away:
            raise TransientError(str(away), used=Price(cost_usd=away.cost_usd)) from away


def _options(pictures: Pictures) -> ImageOptions:
    return ImageOptions(pictures.provider, pictures.size, pictures.quality, pictures.style)
