"""Settings: read once, frozen, and clear about what is wrong."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from continuum.settings import Settings, SettingsError


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in a list may have spaces around them, and an empty variable counts as none."""
    monkeypatch.setenv("KNOWLEDGE_SOURCES", "atlas, graph")
    monkeypatch.setenv("CORS_ORIGINS", "")
    settings = Settings()
    assert (settings.knowledge_sources, settings.cors_origins) == (("atlas", "graph"), ())


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "99999", "65535"),
        ("PORT", "http", "integer"),
        ("LOG_LEVEL", "loud", "'DEBUG', 'INFO'"),
        ("LEASE_SECONDS", "0", "0.5"),
        ("NEO4J_DATABASE", "system", "users and databases"),
        ("IMAGE_CACHE_TTL", "inf", "finite"),
        ("IMAGE_CACHE_TTL", "1e18", "31536000"),
        ("OPENAI_OUTPUT_USD_PER_MILLION", "nan", "finite"),
        ("OPENAI_TEXT_MODEL", "a\udcffb", "is not UTF-8"),
        ("OTEL_SERVICE_NAME", "\udcff", "is not UTF-8"),
    ],
)
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    """The message has the variable's name, its value, and what would be right."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings()
    assert f"{name}={value!r}" in str(refused.value)
    assert told in str(refused.value)


def test_a_folder_may_be_called_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of files are bytes, and need not be text."""
    monkeypatch.setenv("DATA_DIR", "a\udcffb")
    assert Settings().data_dir == Path("a\udcffb")


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("NEO4J_URI", "bolt://neo4j:hunter2@db", "NEO4J_URI='bolt://***@db': no user and password may be in it"),
        ("NEO4J_URI", "http://db", "NEO4J_URI='http://db': must begin with bolt://"),
        ("REDIS_URL", "redis://:hunter2@db:port", "REDIS_URL='redis://***@db:port': is no address"),
        ("REDIS_CACHE_URL", "redis://:hunter2@db", "REDIS_CACHE_URL='redis://***@db': REDIS_URL must be set too"),
    ],
)
def test_a_bad_address_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, shown: str
) -> None:
    """The message has the variable's name and what would be right, and never a password."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings()
    assert shown in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_secrets_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that are printed show no password, and know which ones others must not show."""
    monkeypatch.setenv("NEO4J_URI", "bolt://db")
    monkeypatch.setenv("NEO4J_PASSWORD", "hunter2")
    monkeypatch.setenv("REDIS_URL", "redis://:swordfish@queue:6379/1")
    settings = Settings()
    assert settings.secrets == {"hunter2", "swordfish"}
    assert settings.redis_location == "redis://***@queue:6379/1"
    assert settings.store_location == "bolt://db/neo4j"
    assert not [secret for secret in settings.secrets if secret in f"{settings!r} {settings}"]


def test_settings_do_not_change() -> None:
    """They are read once and then frozen."""
    settings = Settings(data_dir=Path("somewhere"))
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]
    assert settings.database_path == Path("somewhere/continuum.sqlite3")


def test_every_setting_says_what_it_is_for() -> None:
    """The table in the README and the error messages are made of these words."""
    assert all(field.description for field in Settings.model_fields.values())


def test_the_readme_lists_every_setting() -> None:
    """The table in the README names each variable with its default and its description."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        [row] = [line for line in readme.splitlines() if line.startswith(f"| `{name.upper()}` |")]
        assert str(field.description) in row
        assert _shown(field.default) in row


def _shown(default: object) -> str:
    match default:
        case None | ():
            return ""
        case dict():
            return ",".join(f"{name}={value}" for name, value in default.items())
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
        case tuple():
            return f"`{','.join(default)}`"
    return f"`{default}`"
