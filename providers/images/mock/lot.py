"""Chance that follows from words: the same words always draw the same lot."""

from hashlib import blake2b
from random import Random


def lot(*words: str | int) -> Random:
    """A source of numbers of its own for these words."""
    # Lone surrogates and what stands between words count as well: two different lists never share a lot for that.
    parts = (str(word).encode("utf-8", "surrogatepass") for word in words)
    digest = blake2b(b"".join(len(part).to_bytes(8, "big") + part for part in parts), digest_size=16)
    return Random(int.from_bytes(digest.digest(), "big"))  # noqa: S311  it draws pictures, no secrets
