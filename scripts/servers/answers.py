"""Whether a server answers: the smallest conversation that only a working one can have."""

import socket
from collections.abc import Mapping

USER = "neo4j"
PASSWORD = "continuum-dev"  # noqa: S105 - for development, and for servers that listen on loopback alone
HOST = "127.0.0.1"
_TIME_LIMIT = 3.0

_BOLT_4_4 = b"\x60\x60\xb0\x17" + b"\x00\x00\x04\x04" + bytes(12)
_HELLO, _RUN, _PULL = 0x01, 0x10, 0x3F
_ROW_WITH_1 = b"\xb1\x71\x91\x01"
_FAILURE = b"\xb1\x7f"


class RefusedError(Exception):
    """It answers, and will not have us."""


def redis_answers(port: int) -> bool:
    """PING is answered by PONG; not yet while it reads what it stored."""
    try:
        with socket.create_connection((HOST, port), _TIME_LIMIT) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def neo4j_answers(port: int) -> bool:
    """`RETURN 1` is answered by 1, after a login. Raises `RefusedError` when the password is not ours."""
    try:
        with socket.create_connection((HOST, port), _TIME_LIMIT) as connection:
            return _returns_1(connection)
    except OSError:
        return False


def _returns_1(connection: socket.socket) -> bool:
    """Bolt: https://neo4j.com/docs/bolt/current/ (handshake, chunks of messages, PackStream)."""
    connection.sendall(_BOLT_4_4)
    if connection.recv(4) != b"\x00\x00\x04\x04":
        return False
    login = {"user_agent": "continuum/1", "scheme": "basic", "principal": USER, "credentials": PASSWORD}
    connection.sendall(_message(_HELLO, _map(login)))
    connection.sendall(_message(_RUN, _text("RETURN 1"), _map({}), _map({})))
    connection.sendall(_message(_PULL, b"\xa1" + _text("n") + b"\xff"))
    said = b""
    while _ROW_WITH_1 not in said:
        if _FAILURE in said:
            raise RefusedError(said.decode("ascii", errors="replace"))
        piece = connection.recv(4096)
        if not piece:
            return False
        said += piece
    return True


def _message(tag: int, *fields: bytes) -> bytes:
    content = bytes([0xB0 + len(fields), tag]) + b"".join(fields)
    return len(content).to_bytes(2, "big") + content + bytes(2)


def _map(values: Mapping[str, str]) -> bytes:
    return bytes([0xA0 + len(values)]) + b"".join(_text(name) + _text(value) for name, value in values.items())


def _text(text: str) -> bytes:
    encoded = text.encode()
    return b"\xd0" + bytes([len(encoded)]) + encoded
