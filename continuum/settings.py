"""Settings: the environment is read here, once, and nowhere else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from continuum.addresses import check_http, check_neo4j, check_redis, masked, secrets_of, secrets_of_login
from continuum.headers import headers_of, secrets_in

LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class SettingsError(ValueError):
    """A setting cannot be used; the message names the variable and says what would be right."""


class Settings(BaseSettings):
    """Every setting, with its default. The name of the variable is the field's name in upper case."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    data_dir: Path = Field(Path("data"), description="Where everything that is written lies.")
    pages_dir: Path | None = Field(None, description="Where the built browser pages lie; by default in DATA_DIR.")
    neo4j_uri: str | None = Field(
        None, description="Neo4j server that keeps the graph, in place of the file in DATA_DIR: bolt://host:7687."
    )
    neo4j_user: str = Field("neo4j", description="Who logs in to Neo4j, where there is a NEO4J_PASSWORD.")
    neo4j_password: SecretStr | None = Field(None, description="Password of NEO4J_USER; without one nobody logs in.")
    neo4j_database: str = Field("neo4j", description="Name of the database on the Neo4j server.")
    redis_url: SecretStr | None = Field(
        None, description="Redis server that hands work to `continuum worker` processes: redis://host:6379/0."
    )
    redis_cache_url: SecretStr | None = Field(
        None, description="Second Redis server, for what may be evicted; by default the same one."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    worker_port: int = Field(8001, ge=0, le=65_535, description="Port of a worker's /health, /ready and /metrics.")
    introspection: bool = Field(default=True, description="Whether the schema may be asked for.")
    graphiql: bool = Field(default=True, description="Whether GraphiQL is served at /graphiql.")
    knowledge_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Sources that are asked when an exploration names none, comma-separated; by default the best one "
        "that is available: openai, else atlas.",
    )
    openai_api_key: SecretStr | None = Field(
        None, description="Key of OpenAI, or of a server that speaks as it does; such a server may need none."
    )
    openai_base_url: str | None = Field(
        None, description="Address of another server that speaks as OpenAI does: http://127.0.0.1:11434/v1."
    )
    openai_timeout_seconds: float = Field(60.0, ge=1, le=600, description="How long one call of OpenAI may take.")
    openai_text_model: str = Field("gpt-5-mini", description="Model that is asked for knowledge.")
    openai_text_format: Literal["schema", "json"] = Field(
        "schema", description="How answers are kept in form: by a JSON schema, or, where the server has none, by words."
    )
    openai_max_output_tokens: int = Field(
        4_000, ge=256, le=200_000, description="The most tokens of one answer, thinking included."
    )
    openai_input_usd_per_million: float = Field(
        0.25, ge=0, description="What a million tokens that are sent cost, in US dollars."
    )
    openai_output_usd_per_million: float = Field(
        2.0, ge=0, description="What a million tokens that are answered cost, in US dollars."
    )
    openai_image_model: str = Field("gpt-image-2.5-flare", description="Model that makes pictures.")
    openai_image_cost_usd: float = Field(0.07, ge=0, description="The most that one picture of it costs.")
    stable_diffusion_endpoint: str | None = Field(
        None, description="Server with the API of AUTOMATIC1111's web UI: http://127.0.0.1:7860."
    )
    stable_diffusion_api_key: SecretStr | None = Field(
        None, description="Sent to STABLE_DIFFUSION_ENDPOINT as a bearer token; `user:password` logs in by name."
    )
    stable_diffusion_steps: int = Field(25, ge=1, le=150, description="Sampling steps of one picture.")
    stable_diffusion_guidance: float = Field(7.0, ge=0, le=30, description="How closely the prompt is followed.")
    stable_diffusion_sampler: str = Field("Euler a", description="Sampling method.")
    stable_diffusion_negative_prompt: str = Field(
        "text, letters, watermark, signature, frame", description="What pictures should not show."
    )
    stable_diffusion_cost_usd: float = Field(0.0, ge=0, description="What one picture of it costs.")
    image_provider: str | None = Field(
        None,
        description="Who makes pictures when a request names nobody; by default the best one that is set up: openai, "
        "stable-diffusion, else mock, which draws them.",
    )
    image_generation_enabled: bool = Field(
        default=True, description="Whether pictures are made by others; if not, all are drawn."
    )
    image_timeout_seconds: float = Field(120.0, ge=1, le=600, description="How long making one picture may take.")
    image_cache_ttl: float = Field(
        3_600.0,
        ge=0,
        le=31_536_000,
        description="Seconds for which an equal request is given the same picture; 0: never.",
    )
    image_store_url: str | None = Field(
        None, description="Where pictures are kept: s3://bucket/folder, or a folder; by default one in DATA_DIR."
    )
    backup_url: str | None = Field(
        None,
        description="Where `continuum backup` keeps backups: s3://bucket/folder, or a folder; not that of pictures.",
    )
    images_at_once: int = Field(4, ge=1, le=100, description="Pictures that one process has made at a time.")
    explorations_at_once: int = Field(4, ge=1, le=100, description="Explorations that one process runs at a time.")
    steps_at_once: int = Field(4, ge=1, le=64, description="Steps of one exploration that run at a time.")
    lease_seconds: float = Field(10.0, ge=0.5, le=600, description="How long a dead worker holds an exploration.")
    source_timeout_seconds: float = Field(60.0, ge=0.1, le=600, description="How long one source may take.")
    query_timeout_seconds: float = Field(5.0, ge=0.1, le=300, description="How long one read of the store may take.")
    request_timeout_seconds: float = Field(30.0, ge=0.5, le=600, description="How long one query or mutation may take.")
    max_body_bytes: int = Field(1_048_576, ge=1_024, le=67_108_864, description="Largest request body.")
    max_subscriptions: int = Field(100, ge=1, le=10_000, description="Subscriptions on one WebSocket.")
    event_retention_days: int = Field(30, ge=1, description="How long events of ended explorations are kept.")
    startup_wait_seconds: float = Field(
        60.0, ge=0, le=3_600, description="How long a process that starts waits for a Neo4j that is not there yet."
    )
    drain_seconds: float = Field(
        0.5, ge=0, le=600, description="How long a stopping server says that it is not ready before it closes sockets."
    )
    shutdown_seconds: float = Field(10.0, ge=0, le=600, description="How long running steps may take to finish.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Other origins whose pages may call the API, comma-separated."
    )
    log_level: LogLevel = Field("WARNING", description="Least level that is logged.")
    log_levels: Annotated[Mapping[str, LogLevel], NoDecode] = Field(
        {}, description="Other levels for parts of the program, comma-separated: exploration=DEBUG,aiohttp=ERROR."
    )
    log_json: bool | None = Field(None, description="Log as JSON lines; by default when no terminal is attached.")
    known_operations: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Names of GraphQL operations that metrics tell apart, beside the explorer page's own."
    )
    tracing_enabled: bool = Field(default=False, description="Whether traces are sent to OTEL_EXPORTER_OTLP_ENDPOINT.")
    otel_exporter_otlp_endpoint: str = Field(
        "http://127.0.0.1:4318", description="Collector that takes OTLP over HTTP; /v1/traces is appended."
    )
    otel_exporter_otlp_headers: SecretStr | None = Field(
        None, description="Headers for the collector, comma-separated: authorization=Bearer abc."
    )
    otel_service_name: str = Field("continuum", description="What traces call this service.")
    otel_traces_sampler_arg: float = Field(
        0.1, ge=0, le=1, description="Share of traces that are recorded, where the caller's own does not decide it."
    )

    def __init__(self, **values: Any) -> None:
        """Read the environment. Raises `SettingsError`."""
        try:
            super().__init__(**values)
        except ValidationError as wrong:
            raise SettingsError("; ".join(_explain(e) for e in wrong.errors())) from wrong

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: object, info: ValidationInfo) -> object:
        """What is none could be told to nobody: not as a label, in a header, or in a span. Files may be called so."""
        if isinstance(value, str) and info.field_name not in _FOLDERS and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("is not UTF-8") from None
        return value

    @field_validator("knowledge_sources", "cors_origins", "known_operations", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) and value.upper() in get_args(LogLevel) else value

    @field_validator("log_levels", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(name.strip() and equals for name, equals, _ in pairs):
            raise ValueError("write name=LEVEL, comma-separated")
        return {name.strip(): level.strip().upper() for name, _, level in pairs}

    @field_validator("neo4j_uri")
    @classmethod
    def _is_neo4j(cls, value: str | None) -> str | None:
        return None if value is None else check_neo4j(value)

    @field_validator("neo4j_database")
    @classmethod
    def _is_for_data(cls, value: str) -> str:
        if value.lower() == "system":
            raise ValueError("this is where Neo4j keeps its users and databases, and nothing else")
        return value

    @field_validator("redis_url", "redis_cache_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(check_redis(value.get_secret_value()))

    @field_validator("redis_cache_url")
    @classmethod
    def _is_second(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and info.data.get("redis_url", value) is None:
            raise ValueError("REDIS_URL must be set too: this is a second server beside that one")
        return value

    @field_validator("openai_base_url", "stable_diffusion_endpoint", "otel_exporter_otlp_endpoint")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        return None if value is None else check_http(value)

    @field_validator("otel_exporter_otlp_headers")
    @classmethod
    def _are_headers(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            headers_of(value.get_secret_value())
        return value

    @property
    def secrets(self) -> frozenset[str]:
        """What must not be shown anywhere."""
        urls = [url.get_secret_value() for url in (self.redis_url, self.redis_cache_url) if url]
        keys = (self.neo4j_password, self.openai_api_key)
        secret = {key.get_secret_value() for key in keys if key}
        if self.stable_diffusion_api_key:
            secret |= secrets_of_login(self.stable_diffusion_api_key.get_secret_value())
        if self.otel_exporter_otlp_headers:
            secret |= secrets_in(self.otel_exporter_otlp_headers.get_secret_value())
        return frozenset(secret.union(*map(secrets_of, urls)) - {""})

    @property
    def store_location(self) -> str:
        """Where the graph is kept, as a person is told."""
        if self.neo4j_uri is None:
            return str(self.database_path)
        return f"{self.neo4j_uri.rstrip('/')}/{self.neo4j_database}"

    @property
    def redis_location(self) -> str | None:
        """Where the queue is, as a person is told."""
        return masked(self.redis_url.get_secret_value()) if self.redis_url else None

    @property
    def database_path(self) -> Path:
        """The embedded store's file."""
        return self.data_dir / "continuum.sqlite3"

    @property
    def image_location(self) -> str:
        """Where pictures are kept: a URL as obstore knows them, or a folder."""
        return self.image_store_url or str(self.data_dir / "images")

    @property
    def pages_path(self) -> Path:
        """The built browser pages."""
        return self.pages_dir or self.data_dir / "pages"


_FOLDERS = frozenset({"data_dir", "pages_dir"})
_MASKED = frozenset(
    {
        "neo4j_uri",
        "redis_url",
        "redis_cache_url",
        "openai_base_url",
        "stable_diffusion_endpoint",
        "otel_exporter_otlp_endpoint",
    }
)
_HIDDEN = frozenset({"neo4j_password", "openai_api_key", "stable_diffusion_api_key", "otel_exporter_otlp_headers"})


def _explain(error: Any) -> str:
    name = str(error["loc"][0])
    field = Settings.model_fields.get(name)
    about = f" ({field.description})" if field and field.description else ""
    value = masked(str(error["input"])) if name in _MASKED else error["input"]
    shown = "" if name in _HIDDEN else f"={value!r}"
    return f"{name.upper()}{shown}: {error['msg'].removeprefix('Value error, ')}{about}"
