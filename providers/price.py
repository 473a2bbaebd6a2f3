"""What asking costs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """An amount of what providers charge for."""

    tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: "Price") -> "Price":
        return Price(self.tokens + other.tokens, self.cost_usd + other.cost_usd)

    @property
    def free(self) -> bool:
        """Whether it is nothing."""
        return not self.tokens and not self.cost_usd


NOTHING = Price()
