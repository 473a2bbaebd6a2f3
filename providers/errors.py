"""What can go wrong when something outside is asked.

ProviderError
├── TransientError          asking again later may help
├── RefusedError            it will not answer this, ever
├── GarbledError            it answered something that cannot be used
└── NotConfiguredError      it is not set up here
"""


class ProviderError(Exception):
    """Any failure of a provider. The message is fit for a person and holds no secret."""

    retry_after: float | None = None
    """Seconds after which the provider said to ask again."""


class TransientError(ProviderError):
    """Asking again later may help."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RefusedError(ProviderError):
    """The provider will not answer this."""


class GarbledError(ProviderError):
    """The answer cannot be used."""


class NotConfiguredError(ProviderError):
    """The provider is not set up here; the message says what it needs."""
