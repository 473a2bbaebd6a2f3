"""Text that can be sent and stored."""


def without_surrogates(text: str) -> str:
    """The text with a question mark for each lone half of a surrogate, which has no form in UTF-8."""
    return text.encode("utf-8", "replace").decode()


def storable(text: str) -> str:
    """The text as every store and every file of an export takes it: without NUL as well."""
    return without_surrogates(text).replace("\0", "?")
