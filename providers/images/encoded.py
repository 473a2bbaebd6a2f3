"""Pictures as they come within JSON: in base64."""

import base64
import binascii

from providers.errors import GarbledError


def decoded(text: object, server: str) -> bytes:
    """The bytes of a picture that a server gave, perhaps as a `data:` URL. Raises `GarbledError`."""
    if not isinstance(text, str):
        raise GarbledError(f"{server} answered without the picture itself")
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError):
        raise GarbledError(f"{server} answered with a picture that is no base64") from None
