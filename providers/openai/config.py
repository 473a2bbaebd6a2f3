"""How OpenAI, or a server that speaks as it does, is reached and what it costs."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class OpenAiConfig:
    """Settings of everything that is asked of it. Apart from the client, so that reading them loads no library."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    """Of another server than OpenAI's own; such a server may need no key."""
    timeout: float = 60.0
    """Seconds that one call may take."""
    text_model: str = "gpt-5-mini"
    text_format: Literal["schema", "json"] = "schema"
    """`schema`: structured output by a JSON schema. `json`: plain JSON, its form told in words."""
    max_output_tokens: int = 4_000
    """The most of one answer, thinking included."""
    input_usd_per_million: float = 0.25
    output_usd_per_million: float = 2.0
    """Prices of a million tokens, in US dollars."""
    image_model: str = "gpt-image-2.5-flare"
    image_cost_usd: float = 0.07
    """The most that one picture costs."""

    @property
    def reason(self) -> str | None:
        """Why nothing can be asked, and what it needs; None when it can."""
        if self.api_key or self.base_url:
            return None
        return "set OPENAI_API_KEY, or OPENAI_BASE_URL for a server that needs no key"
