"""What can go wrong in a store.

StoreError
├── NotFoundError (LookupError)          nothing there, or in another workspace
├── InvalidError (ValueError)            the request can never be carried out
├── ConflictError                        the request does not fit the present state
│   ├── VersionConflict                  somebody changed it in between
│   ├── StatusConflict                   an exploration or image in this status cannot do it
│   └── IdempotencyConflict              the key was used with another input
├── LeaseLost                            the caller no longer owns the exploration or image
├── BudgetExceeded                       the reservation does not fit
├── SchemaMismatch                       the stored schema is not this program's
└── UnavailableError                     the store cannot do it now
    ├── AccessError                      it does not let this program in: waiting alone does not help
    ├── ReadOnlyError                    it can be read but not written (full disk, rights)
    └── TimeLimitError (TimeoutError)    the query took too long and was stopped
"""

from graphstore.model import ExplorationStatus, ImageStatus


class StoreError(Exception):
    """Any failure of a store that its callers are meant to tell apart."""


class NotFoundError(StoreError, LookupError):
    """There is no such thing in this workspace."""

    def __init__(self, what: str, id: str) -> None:
        super().__init__(f"there is no {what} {id!r} here")
        self.what = what
        self.id = id


class InvalidError(StoreError, ValueError):
    """The request can never be carried out, whatever the state."""


class ConflictError(StoreError):
    """The request does not fit the present state."""


class VersionConflict(ConflictError):
    """The thing was changed since the caller read it."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"expected version {expected}, but it is at version {actual}; read it again and decide anew")
        self.expected = expected
        self.actual = actual


class IdempotencyConflict(ConflictError):
    """An idempotency key came again with another input."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the idempotency key {key!r} was used with another input less than 24 hours ago")


class StatusConflict(ConflictError):
    """An exploration or image in this status cannot do what was asked."""

    def __init__(
        self,
        action: str,
        status: ExplorationStatus | ImageStatus,
        allowed: frozenset[ExplorationStatus] | frozenset[ImageStatus],
        what: str = "exploration",
    ) -> None:
        names = ", ".join(sorted(allowed))
        super().__init__(f"cannot {action} an {what} that is {status}; it must be one of: {names}")
        self.status = status
        self.allowed = allowed


class LeaseLost(StoreError):
    """The lease belongs to somebody else, ran out, or what it was for has ended."""

    def __init__(self, id: str, what: str = "exploration") -> None:
        super().__init__(f"the lease on {what} {id} is no longer held")
        self.id = id


class BudgetExceeded(StoreError):
    """A reservation would go beyond the budget."""

    def __init__(self, budget: str) -> None:
        super().__init__(f"the reservation does not fit the budget of {budget}")
        self.budget = budget


class SchemaMismatch(StoreError):
    """The stored schema is not the one this program works with."""


class UnavailableError(StoreError):
    """The store cannot do it now; the same request may succeed later."""


class AccessError(UnavailableError):
    """The store refuses the credentials, or has no database of that name: somebody must change a setting."""


class ReadOnlyError(UnavailableError):
    """The store can be read but not written."""


class TimeLimitError(UnavailableError, TimeoutError):
    """The query was stopped at its time limit, in seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the query was stopped after {seconds:g} s")
