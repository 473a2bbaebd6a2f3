"""Neo4j's failures in the store's own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConstraintError,
    DatabaseUnavailable,
    DriverError,
    Forbidden,
    IncompleteCommit,
    Neo4jError,
    TransientError,
)

from graphstore.errors import (
    AccessError,
    ConflictError,
    InvalidError,
    ReadOnlyError,
    StoreError,
    TimeLimitError,
    UnavailableError,
)

_TIMED_OUT = "Neo.ClientError.Transaction.TransactionTimedOut"
_NO_DATABASE = "Neo.ClientError.Database.DatabaseNotFound"
_NOT_LET_IN = "Neo.ClientError.Security"
_ENDED = {"Neo.ClientError.Transaction.LockClientStopped", "Neo.ClientError.Transaction.Terminated"}
"""So the driver calls it when what waits for a lock, or runs, is ended: its time is over, or the server stops."""
_CONFLICTS = 3
_RACED = {"Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists"}
_NO_TYPE = "Neo.ClientError.Schema.TokenNameError"
_TOO_LARGE = "too large to index"
_TOO_LONG = "this is too long to be stored: a name or key that is looked up has 8,000 bytes at most"


def passes_by_itself(error: Exception) -> bool:
    """Whether the same work may well succeed in a moment, and was not done."""
    return isinstance(error, Neo4jError | DriverError) and error.is_retryable()


class Race:
    """The same for one piece of work, or that another transaction was first to store what this one would have: begun
    anew, it finds it. One that conflicts again and again is in conflict with something that it does not look for."""

    def __init__(self) -> None:
        self._conflicts = 0

    def __call__(self, error: Exception) -> bool:
        """Whether to begin anew after this failure."""
        if isinstance(error, ConstraintError):
            self._conflicts += 1
            return self._conflicts <= _CONFLICTS
        return passes_by_itself(error) or (isinstance(error, Neo4jError) and error.code in _RACED)


@contextmanager
def translated(location: str, seconds: float = 0.0) -> Iterator[None]:
    """Raise what the driver raises as one of `graphstore.errors`; a defect of ours passes as it is."""
    try:
        yield
    except (Neo4jError, DriverError) as error:
        meaning = meaning_of(error, location, seconds)
        if meaning is None:
            raise
        raise meaning from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise InvalidError(f"this cannot be stored: {error}") from error


def meaning_of(  # noqa: PLR0911  # one for each class of failure
    error: Neo4jError | DriverError, location: str, seconds: float
) -> StoreError | None:
    """What went wrong, for those who know nothing of Neo4j; None when it is a defect of the adapter."""
    match error:
        case IncompleteCommit():
            return UnavailableError(f"the connection to Neo4j at {location} was lost in a commit: it may be stored")
        case DriverError():
            return UnavailableError(f"Neo4j at {location} cannot be reached ({_in_one_line(error)})")
        case AuthError():
            return AccessError(f"Neo4j at {location} refuses these credentials: check NEO4J_USER, NEO4J_PASSWORD")
        case ConstraintError():
            return ConflictError("something like it is stored already")
        case Forbidden() | ClientError(code="Neo.ClientError.General.WriteOnReadOnlyAccessDatabase"):
            return ReadOnlyError(f"Neo4j at {location} takes nothing from this user ({error.message})")
        case DatabaseUnavailable() | TransientError():
            return UnavailableError(f"Neo4j at {location} cannot do it just now ({error.message})")
    return _meaning_of_code(error, location, seconds)


def _meaning_of_code(error: Neo4jError, location: str, seconds: float) -> StoreError | None:
    code, message = error.code or "", error.message or ""
    if code.startswith(_TIMED_OUT):
        return TimeLimitError(seconds)
    if code == _NO_DATABASE:
        return AccessError(f"Neo4j at {location} has no such database: check NEO4J_DATABASE")
    if code.startswith(_NOT_LET_IN):
        return AccessError(f"Neo4j at {location} does not let this program in ({message})")
    if _TOO_LARGE in message or code == _NO_TYPE:
        return InvalidError(_TOO_LONG if _TOO_LARGE in message else f"this is no relation type: {message}")
    if code in _ENDED or code.startswith("Neo.DatabaseError"):
        return UnavailableError(f"Neo4j at {location} could not do it ({message})")
    return None


def _in_one_line(error: Exception) -> str:
    """All of it: the first line of many says only that it could not connect."""
    return " ".join(str(error).split()) or type(error).__name__
