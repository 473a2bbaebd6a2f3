"""What Neo4j says of its failures, in the words of the store."""

import pytest
from neo4j.exceptions import Neo4jError

from graphstore.errors import (
    AccessError,
    ConflictError,
    InvalidError,
    ReadOnlyError,
    StoreError,
    TimeLimitError,
    UnavailableError,
)
from graphstore.neo4j.failures import meaning_of


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("Neo.ClientError.General.WriteOnReadOnlyAccessDatabase", ReadOnlyError),
        ("Neo.ClientError.Security.Forbidden", ReadOnlyError),
        ("Neo.ClientError.Security.Unauthorized", AccessError),
        ("Neo.ClientError.Security.AuthenticationRateLimit", AccessError),
        ("Neo.ClientError.Database.DatabaseNotFound", AccessError),
        ("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration", TimeLimitError),
        ("Neo.TransientError.Transaction.LockClientStopped", UnavailableError),
        ("Neo.TransientError.Transaction.Terminated", UnavailableError),
        ("Neo.TransientError.General.DatabaseUnavailable", UnavailableError),
        ("Neo.DatabaseError.Transaction.TransactionCommitFailed", UnavailableError),
        ("Neo.ClientError.Schema.ConstraintValidationFailed", ConflictError),
        ("Neo.ClientError.Schema.TokenNameError", InvalidError),
    ],
)
def test_failures_that_are_no_defect_of_ours(code: str, meaning: type[StoreError]) -> None:
    """Each has the class by which callers tell what to do about it."""
    assert type(meaning_of(_failure(code), "bolt://db", 1.0)) is meaning


@pytest.mark.parametrize("code", ["Neo.ClientError.Statement.SyntaxError", "Neo.ClientError.Statement.TypeError"])
def test_a_defect_of_ours_is_not_hidden(code: str) -> None:
    """It has no meaning for anybody else."""
    assert meaning_of(_failure(code), "bolt://db", 1.0) is None


def _failure(code: str) -> Neo4jError:
    """As the driver makes it of what the server sends."""
    return Neo4jError._hydrate_neo4j(code=code, message="as the server says")
