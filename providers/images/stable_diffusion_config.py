"""How a server of Stable Diffusion is reached, and how it draws."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StableDiffusionConfig:
    """Settings of everything that is asked of it. Apart from the client, so that reading them loads no library."""

    endpoint: str | None = None
    api_key: str | None = field(default=None, repr=False)
    """Sent as a bearer token; `user:password` logs in by name."""
    timeout: float = 120.0
    """Seconds that one call may take."""
    steps: int = 25
    guidance: float = 7.0
    sampler: str = "Euler a"
    negative_prompt: str = ""
    cost_usd: float = 0.0
    """What one picture costs."""

    @property
    def reason(self) -> str | None:
        """Why nothing can be asked, and what it needs; None when it can."""
        return None if self.endpoint else "set STABLE_DIFFUSION_ENDPOINT"
