"""What sources answer, as it is seen from outside: whether it is of use, and what it costs."""

import asyncio
from collections.abc import Iterable
from typing import Final

from exploration.agents.validation import Fate
from providers.errors import GarbledError, ProviderError, RefusedError
from providers.knowledge.port import Findings
from providers.price import Price
from telemetry.metrics import work as metrics

_OUTCOMES: Final = ((GarbledError, "garbled"), (RefusedError, "refused"), (asyncio.CancelledError, None))


def answered(source: str, findings: Findings | None) -> None:
    """A source has said something, or that it knows nothing."""
    if findings is None or not findings.known:
        metrics.ANSWERS.labels(source, "unknown").inc()
    else:
        metrics.ANSWERS.labels(source, "repaired" if findings.repaired else "known").inc()
        metrics.CLAIMS_OF_ANSWER.labels(source).observe(len(findings.links))
    if findings is not None:
        _booked(source, Price(findings.tokens, findings.cost_usd))


def unanswered(source: str, error: BaseException, worst: Price) -> None:
    """Nothing came of asking. What that has cost is booked, or the worst where nobody knows."""
    outcome = next((name for kind, name in _OUTCOMES if isinstance(error, kind)), "failed")
    if outcome is not None:
        metrics.ANSWERS.labels(source, outcome).inc()
    used = error.used if isinstance(error, ProviderError) else None
    _booked(source, worst if used is None else used)


def judged(sources: Iterable[str], fates: Iterable[Fate]) -> None:
    """What became of relations that were claimed; `sources` says by whom each was."""
    for source, fate in zip(sources, fates, strict=True):
        metrics.CLAIMS.labels(source, fate).inc()


def _booked(source: str, price: Price) -> None:
    metrics.TOKENS.labels(source).inc(max(0, price.tokens))
    metrics.COST.labels(source).inc(max(0.0, price.cost_usd))
