"""What steps and their explorations have spent, and how steps end."""

from dataclasses import replace

from graphstore.model import Exploration, Spend, Step, StepState
from graphstore.transaction import Transaction


def plus(one: Spend, other: Spend) -> Spend:
    """The sum; rounded, so that many small costs add up to what their decimals say."""
    return Spend(
        one.concepts + other.concepts,
        round(one.seconds + other.seconds, 6),
        one.tokens + other.tokens,
        round(one.cost_usd + other.cost_usd, 9),
        one.pictures + other.pictures,
    )


def settled(exploration: Exploration, step: Step, spent: Spend | None) -> tuple[Exploration, Step]:
    """Put an attempt's true spend in the place of its reservation; an unknown one leaves the reservation spent."""
    if spent is None:
        return exploration, step
    reserved = step.reserved or Spend()
    extra = Spend(
        seconds=spent.seconds,
        tokens=spent.tokens - reserved.tokens,
        cost_usd=spent.cost_usd - reserved.cost_usd,
        pictures=spent.pictures - reserved.pictures,
    )
    return replace(exploration, spent=plus(exploration.spent, extra)), replace(step, spent=plus(step.spent, extra))


def done(tx: Transaction, step: Step) -> Step:
    """The step, come to its end; its attempt was settled before."""
    return replace(step, state=StepState.DONE, reserved=None, error=None, answer=None, retry_at=None, finished=tx.now)
