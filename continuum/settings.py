"""Settings: the environment is read here, once, and nowhere else."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(ValueError):
    """A setting cannot be used; the message names the variable and says what would be right."""


class Settings(BaseSettings):
    """Every setting, with its default. The name of the variable is the field's name in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(Path("data"), description="Where everything that is written lies.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    introspection: bool = Field(default=True, description="Whether the schema may be asked for.")
    graphiql: bool = Field(default=True, description="Whether GraphiQL is served at /graphiql.")
    knowledge_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        ("atlas",), description="Sources that are asked when an exploration names none, comma-separated."
    )
    explorations_at_once: int = Field(4, ge=1, le=100, description="Explorations that one process runs at a time.")
    steps_at_once: int = Field(4, ge=1, le=64, description="Steps of one exploration that run at a time.")
    lease_seconds: float = Field(10.0, ge=0.5, le=600, description="How long a dead worker holds an exploration.")
    source_timeout_seconds: float = Field(60.0, ge=0.1, le=600, description="How long one source may take.")
    query_timeout_seconds: float = Field(5.0, ge=0.1, le=300, description="How long one read of the store may take.")
    request_timeout_seconds: float = Field(30.0, ge=0.5, le=600, description="How long one query or mutation may take.")
    max_body_bytes: int = Field(1_048_576, ge=1_024, le=67_108_864, description="Largest request body.")
    max_subscriptions: int = Field(100, ge=1, le=10_000, description="Subscriptions on one WebSocket.")
    event_retention_days: int = Field(30, ge=1, description="How long events of ended explorations are kept.")
    shutdown_seconds: float = Field(10.0, ge=0, le=600, description="How long running steps may take to finish.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Other origins whose pages may call the API, comma-separated."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="Least level that is logged."
    )
    log_json: bool | None = Field(None, description="Log as JSON lines; by default when no terminal is attached.")

    def __init__(self, **values: Any) -> None:
        """Read the environment. Raises `SettingsError`."""
        try:
            super().__init__(**values)
        except ValidationError as wrong:
            raise SettingsError("; ".join(_explain(e) for e in wrong.errors())) from wrong

    @field_validator("knowledge_sources", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def database_path(self) -> Path:
        """The embedded store's file."""
        return self.data_dir / "continuum.sqlite3"

    @property
    def pages_dir(self) -> Path:
        """The built browser pages."""
        return self.data_dir / "pages"


def _explain(error: Any) -> str:
    name = str(error["loc"][0]).upper()
    field = Settings.model_fields.get(str(error["loc"][0]))
    about = f" ({field.description})" if field and field.description else ""
    return f"{name}={error['input']!r}: {error['msg']}{about}"
