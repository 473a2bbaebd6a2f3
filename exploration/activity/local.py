"""Live activity within this process."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from exploration.activity.port import AgentActivity
from graphstore.port import ExplorationRef


class LocalActivity:
    """`exploration.activity.port.Activity` in memory."""

    def __init__(self) -> None:
        self._steps: defaultdict[ExplorationRef, dict[str, AgentActivity]] = defaultdict(dict)

    async def report(self, ref: ExplorationRef, activity: AgentActivity) -> None:
        """See `Activity.report`."""
        self._steps[ref][activity.step] = activity

    async def clear(self, ref: ExplorationRef, step: str) -> None:
        """See `Activity.clear`."""
        steps = self._steps.get(ref, {})
        steps.pop(step, None)
        if not steps:
            self._steps.pop(ref, None)

    async def current(self, refs: Sequence[ExplorationRef]) -> Mapping[ExplorationRef, Sequence[AgentActivity]]:
        """See `Activity.current`."""
        found = {ref: self._steps.get(ref, {}).values() for ref in refs}
        return {ref: sorted(steps, key=lambda a: a.since) for ref, steps in found.items() if steps}
