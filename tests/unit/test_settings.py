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
    ],
)
def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    """The message has the variable's name, its value, and what would be right."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings()
    assert f"{name}={value!r}" in str(refused.value)
    assert told in str(refused.value)


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
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
        case tuple():
            return f"`{','.join(default)}`"
    return f"`{default}`"
