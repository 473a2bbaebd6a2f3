"""What can go wrong when something outside is asked.

ProviderError
├── TransientError          asking again later may help
├── RefusedError            it will not answer this, ever
│   └── ContentPolicyError  its rules forbid what was asked for
├── GarbledError            it answered something that cannot be used
└── NotConfiguredError      it is not set up here
"""

from providers.price import Price


class ProviderError(Exception):
    """Any failure of a provider. The message is fit for a person and holds no secret."""

    def __init__(self, message: str, *, used: Price | None = None, retry_after: float | None = None) -> None:
        """`used`: what the failed attempt is known to have cost; None when that cannot be told, and then the worst is
        assumed. `retry_after`: seconds after which the provider said to ask again."""
        super().__init__(message)
        self.used = used
        self.retry_after = retry_after


class TransientError(ProviderError):
    """Asking again later may help."""


class RefusedError(ProviderError):
    """The provider will not answer this."""


class ContentPolicyError(RefusedError):
    """The provider's rules forbid what was asked for."""


class GarbledError(ProviderError):
    """The answer cannot be used."""

    def __init__(self, message: str, *, answer: str | None = None, used: Price | None = None) -> None:
        """`answer`: what was said, word for word, for inspection."""
        super().__init__(message, used=used)
        self.answer = answer


class NotConfiguredError(ProviderError):
    """The provider is not set up here; the message says what it needs."""
