"""Addresses: what is wrong with one is said, and what is secret in it is not."""

import pytest

from continuum.addresses import check_neo4j, check_redis, masked, secrets_of


@pytest.mark.parametrize(
    "address",
    [
        *(
            "bolt://localhost",
            "bolt+s://db.example:7687",
            "neo4j://10.0.0.1:7687",
            "neo4j+ssc://[::1]:7687",
            "bolt://db/",
        ),
        "neo4j://db?policy=nearby&region=eu",
    ],
)
def test_addresses_of_neo4j(address: str) -> None:
    """Every scheme of the driver is taken, with or without a port."""
    assert check_neo4j(address) == address


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("localhost:7687", "must begin with bolt://"),
        ("http://localhost:7474", "must begin with bolt://"),
        ("bolt://", "names no host"),
        ("bolt://db:port", "is no address"),
        ("bolt://db:99999", "is no address"),
        ("bolt://neo4j:hunter2@db:7687", "NEO4J_USER and NEO4J_PASSWORD"),
        ("bolt://db:7687/graph", "NEO4J_DATABASE"),
        ("bolt://db?policy=nearby", "no options may follow"),
        ("neo4j://db?nearby", "a name and a value"),
        ("neo4j://db?policy=", "a name and a value"),
    ],
)
def test_what_is_no_address_of_neo4j(address: str, told: str) -> None:
    """The message says what would be right, and never shows a password."""
    with pytest.raises(ValueError, match=r"[a-z]") as refused:
        check_neo4j(address)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        *("redis://localhost", "redis://:pass@host:6379/3", "rediss://user:pass@host/", "unix:///run/redis.sock?db=2"),
        "rediss://host?ssl_ca_certs=/etc/ca.pem&username=user&password=pass",
    ],
)
def test_addresses_of_redis(address: str) -> None:
    """Every scheme of the client is taken, with credentials in it or without."""
    assert check_redis(address) == address


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("localhost:6379", "must begin with redis://"),
        ("redis://", "names no host"),
        ("unix://", "names no path of the socket"),
        ("redis://:hunter2@host:hunter2", "is no address"),
        ("redis://host/cache", "the number of a database"),
        ("redis://host?db=cache", "the number of a database"),
        ("redis://host?socket_timeout=60", "no option 'socket_timeout'"),
        ("redis://host?ssl_ca_certs=/etc/ca.pem", "no option 'ssl_ca_certs'"),
        ("unix:///run/redis.sock?password=hunter2&decode_responses=true", "no option 'decode_responses'"),
    ],
)
def test_what_is_no_address_of_redis(address: str, told: str) -> None:
    """The message says what would be right, and never shows a password."""
    with pytest.raises(ValueError, match=r"[a-z]") as refused:
        check_redis(address)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://:pass@host:6379/0", "redis://***@host:6379/0"),
        ("redis://user:p@ss/word@host", "redis://***@host"),
        ("user:pass@host", "***@host"),
        ("unix:///run/redis.sock?password=pass&db=1", "unix:///run/redis.sock?password=***&db=1"),
        ("https://collector/?x=1&api-key=abc&AccessToken=d=e", "https://collector/?x=1&api-key=***&AccessToken=***"),
    ],
)
def test_credentials_are_masked(address: str, shown: str) -> None:
    """Whatever stands before the host is hidden, also where the address is malformed."""
    assert masked(address) == shown


def test_the_secrets_of_an_address() -> None:
    """The password is known as it is written and as it is meant, wherever it stands."""
    assert secrets_of("redis://host") == set()
    assert secrets_of("redis://user:p%40ss@host") == {"p%40ss", "p@ss"}
    assert secrets_of("unix:///run/redis.sock?password=pass&db=1") == {"pass"}
