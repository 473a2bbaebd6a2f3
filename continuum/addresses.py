"""Addresses of servers, as settings name them: checked, and shown without what is secret in them."""

import re
from base64 import b64encode
from collections.abc import Collection
from urllib.parse import parse_qsl, unquote, urlsplit

NEO4J_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
REDIS_SCHEMES = ("redis", "rediss", "unix")
REDIS_OPTIONS = ("db", "username", "password")
TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
"""Further ones of `rediss://`. All others would change what the program relies on, its time limits for example."""

_CREDENTIALS = re.compile(r"^([^:/?#]*://)?.*@", re.DOTALL)
_SECRET_OPTION = re.compile(r"(?<=[?&])([^=&]*(?:user|pass|key|token|secret|sig)[^=&]*=)[^&]*", re.IGNORECASE)


def masked(address: str) -> str:
    """The address without user and password, however malformed it may be."""
    return _SECRET_OPTION.sub(r"\1***", _CREDENTIALS.sub(r"\1***@", address))


def secrets_of(address: str) -> set[str]:
    """The passwords in an address that was checked, as they are written and as they are meant."""
    parts = urlsplit(address)
    options = [option.partition("=") for option in parts.query.split("&")]
    written = [parts.password, *(value for name, _, value in options if name.lower() == "password")]
    return {form for secret in written if secret for form in (secret, unquote(secret))}


def secrets_of_login(key: str) -> set[str]:
    """What gives away a key, or a `user:password` and the form in which that is sent."""
    _, by_name, password = key.partition(":")
    return {key, password, b64encode(key.encode()).decode()} if by_name else {key}


def check_neo4j(address: str) -> str:
    """The address of a Neo4j server. Raises `ValueError`."""
    _check(address, NEO4J_SCHEMES, "bolt://localhost:7687")
    if "@" in address:
        raise ValueError("no user and password may be in it: they belong into NEO4J_USER and NEO4J_PASSWORD")
    parts = urlsplit(address)
    if parts.path.strip("/"):
        raise ValueError("no path may be in it: the name of the database belongs into NEO4J_DATABASE")
    if parts.query and parts.scheme.startswith("bolt"):
        raise ValueError("no options may follow: only neo4j:// hands them to the cluster")
    if not all(all(option.partition("=")) for option in parts.query.split("&") if parts.query):
        raise ValueError("each option must be a name and a value, as in neo4j://host?policy=nearby")
    return address


def check_redis(address: str) -> str:
    """The address of a Redis server. Raises `ValueError`."""
    _check(address, REDIS_SCHEMES, "redis://localhost:6379/0")
    parts = urlsplit(address)
    database = parts.path.strip("/")
    if parts.scheme != "unix" and database and not database.isdecimal():
        raise ValueError("what follows the host must be the number of a database, as in redis://localhost:6379/0")
    allowed = (*REDIS_OPTIONS, *TLS_OPTIONS) if parts.scheme == "rediss" else REDIS_OPTIONS
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in allowed:
            raise ValueError(f"there is no option {name!r}; there are: {', '.join(allowed)}")
        if name == "db" and not value.isdecimal():
            raise ValueError("the option db must be the number of a database")
    return address


def check_http(address: str) -> str:
    """The address of a server that is asked over HTTP, without a slash at its end. Raises `ValueError`."""
    _check(address, ("http", "https"), "http://localhost:8080")
    if "@" in address:
        raise ValueError("no user and password may be in it: they belong into the setting of the key, or of headers")
    if urlsplit(address).query or urlsplit(address).fragment:
        raise ValueError("nothing may follow the path")
    return address.rstrip("/")


def _check(address: str, schemes: Collection[str], example: str) -> None:
    scheme, found, _ = address.partition("://")
    if not found or scheme not in schemes:
        raise ValueError(f"must begin with {', '.join(f'{name}://' for name in schemes)}; for example {example}")
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ValueError(f"is no address; for example {example}") from None
    if not (parts.path if scheme == "unix" else parts.hostname):
        what = "path of the socket" if scheme == "unix" else "host"
        raise ValueError(f"names no {what}; for example {example}")
