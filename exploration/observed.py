"""Explorations and their steps, as they are seen from outside."""

from contextlib import AbstractContextManager

import structlog
from opentelemetry.trace import Span
from opentelemetry.util.types import AttributeValue

from exploration.images.drawing import image_error
from graphstore.model import Exploration, ExplorationStatus, Step, StepKind
from telemetry.metrics import work as metrics
from telemetry.metrics.graph import IMAGE_FAILURES
from telemetry.traces import span

_log = structlog.get_logger(__name__)


def submitted(exploration: Exploration) -> None:
    """Somebody has asked for it, and it is stored."""
    metrics.SUBMITTED.labels(exploration.options.sources[0]).inc()
    _log.info("exploration_submitted", exploration=exploration.id)  # from here a request's id leads to the work for it


def ended(exploration: Exploration) -> None:
    """It has come to its end. To be told once, by whoever made that change."""
    metrics.COMPLETED.labels(exploration.status).inc()
    found = exploration.progress.concepts_found
    _log.info("exploration_ended", exploration=exploration.id, status=exploration.status, concepts=found)
    if exploration.finished is not None:
        seconds = (exploration.finished - exploration.created).total_seconds()
        metrics.DURATION.labels(exploration.status).observe(seconds)
    if exploration.status is ExplorationStatus.BUDGET_REACHED:
        metrics.BUDGET_REACHED.labels((exploration.reason or "").partition(":")[0]).inc()


def attempt(step: Step) -> AbstractContextManager[Span]:
    """A span around one attempt at a step."""
    attributes: dict[str, AttributeValue] = {
        "continuum.exploration.id": step.exploration,
        "continuum.step.id": step.id,
        "continuum.step.depth": step.depth,
        "continuum.step.attempt": step.attempts + 1,
    }
    return span(f"step {step.kind.lower()}", attributes)


def failed(step: Step, error: Exception, *, will_retry: bool) -> None:
    """An attempt at a step has failed, and that is stored."""
    kind = step.kind.lower()
    # Only of which class: the message may repeat what was asked for.
    told = {"exploration": step.exploration, "step": step.id, "kind": kind, "error": type(error).__name__}
    _log.info("step_attempt_failed", **told, attempt=step.attempts + 1, will_retry=will_retry)
    if will_retry:
        metrics.STEPS_RETRIED.labels(kind).inc()
        return
    metrics.STEPS_FAILED.labels(kind).inc()
    if step.kind is StepKind.PICTURE:
        IMAGE_FAILURES.labels(image_error(error).code).inc()
