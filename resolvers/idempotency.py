"""Requests that may come twice: what tells that it is the same one."""

from hashlib import sha256
from typing import Any

import orjson

from exploration.request import check_text
from graphstore.model import Idempotency
from resolvers.context import RequestContext

KEY_LENGTH = 200
"""Characters of the longest key."""


def idempotency(context: RequestContext, mutation: str, key: str | None, input: Any) -> Idempotency | None:
    """The mark of a request that carries a key. `input` is made of dataclasses and what JSON has."""
    if key is None:
        return None
    check_text("input.idempotencyKey", key, KEY_LENGTH)
    digest = sha256(orjson.dumps(input, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Idempotency(context.principal, mutation, key, digest)
