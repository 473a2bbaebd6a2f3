"""The client of OpenAI, and of servers that speak as it does, made when it is first needed."""

from typing import TYPE_CHECKING

from providers.openai.config import OpenAiConfig

if TYPE_CHECKING:
    from providers.openai.limited import LimitedClient

MOST_BYTES = 8 * 1024 * 1024
"""Of an answer that is text."""


class OpenAiClient:
    """The library's client, made when it is first used, within the loop that runs then."""

    def __init__(self, config: OpenAiConfig, most_bytes: int = MOST_BYTES) -> None:
        self._config = config
        self._most_bytes = most_bytes
        self._client: LimitedClient | None = None

    def opened(self) -> "LimitedClient":
        """The client, whose calls raise nothing but `ProviderError`. Raises `NotConfiguredError`."""
        if self._client is None:
            # Half a second, which nobody should wait who only wants to know what there is.
            from providers.openai.limited import LimitedClient  # noqa: PLC0415 -- see above

            self._client = LimitedClient(self._config, self._most_bytes)
        return self._client

    async def close(self) -> None:
        """Close its connections. It may be used again."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
