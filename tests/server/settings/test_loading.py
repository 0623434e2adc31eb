"""Settings come from defaults, file, environment and flags, in that order, and say where from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import Misconfigured
from augury_server.settings import Settings, load_settings, missing_secrets, secret_key, setting_fields
from augury_server.settings.database_url import database_settings, is_embedded
from augury_server.settings.hiding import without_password

SOURCES = ("file", "environment", "flag")


def test_without_anything_every_value_is_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load_settings(environment={})
    assert loaded.settings == Settings(home=tmp_path / ".augury")
    assert {loaded.origin(name) for name in setting_fields()} == {"default"}


@given(given_by=st.sets(st.sampled_from(SOURCES)))
def test_the_last_source_that_gives_a_value_wins_and_is_named(
    given_by: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("settings") / "augury.toml"
    file.write_text("[web]\nport = 1001\n" if "file" in given_by else "", encoding="utf-8")
    loaded = load_settings(
        file=file,
        environment={"AUGURY_WEB__PORT": "1002"} if "environment" in given_by else {},
        flags={"web.port": "1003"} if "flag" in given_by else {},
    )
    expected, origin = 8000, "default"
    for source, port, told in (
        ("file", 1001, f"file {file}"),
        ("environment", 1002, "environment AUGURY_WEB__PORT"),
        ("flag", 1003, "flag"),
    ):
        if source in given_by:
            expected, origin = port, told
    assert (loaded.settings.web.port, loaded.origin("web.port")) == (expected, origin)


def test_every_setting_can_be_given_by_a_variable_and_has_words_for_people() -> None:
    for setting in setting_fields().values():
        assert setting.description.endswith("."), setting.name
        assert setting.variable == "AUGURY_" + setting.name.replace(".", "__").upper()


@pytest.mark.parametrize(
    ("environment", "flags", "words"),
    [
        ({"AUGURY_WEB__PROT": "1"}, {}, "AUGURY_WEB__PORT"),
        ({"AUGURY_DATABSE__URL": "x"}, {}, "AUGURY_DATABASE__URL"),
        ({}, {"web.prot": "1"}, "web.port"),
        ({"AUGURY_WEB__PORT": "many"}, {}, "web.port (environment AUGURY_WEB__PORT)"),
        ({"AUGURY_WEB__PORT": "70000"}, {}, "65535"),
        ({"AUGURY_ENVIRONMENT": "live"}, {}, "production"),
        ({"AUGURY_CONFIG": "/nowhere/augury.toml"}, {}, "/nowhere/augury.toml"),
        ({"AUGURY_WEB__SECRET_KEY_FILE": "/nowhere/key"}, {}, "/nowhere/key"),
    ],
)
def test_what_does_not_exist_or_fit_is_refused_with_its_name_and_the_nearest(
    environment: dict[str, str], flags: dict[str, str], words: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_settings(environment=environment, flags=flags)
    assert words in str(refused.value)


def test_a_file_that_is_no_toml_and_a_key_that_no_section_has_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "augury.toml"
    file.write_text("[web\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="TOML"):
        load_settings(file=file, environment={})
    file.write_text("[web]\nprot = 1\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"web\.port"):
        load_settings(file=file, environment={})


def test_lists_are_read_from_commas_or_json() -> None:
    for text in ("a.example, b.example", '["a.example", "b.example"]'):
        loaded = load_settings(environment={"AUGURY_WEB__ALLOWED_HOSTS": text})
        assert loaded.settings.web.allowed_hosts == ("a.example", "b.example")


def test_a_secret_may_be_a_file_and_never_shows_in_text(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("very-secret-" * 6 + "\n", encoding="utf-8")
    loaded = load_settings(environment={"AUGURY_WEB__SECRET_KEY_FILE": str(file)})
    assert secret_key(loaded.settings) == "very-secret-" * 6
    assert "very-secret" not in repr(loaded)


def test_a_value_that_does_not_fit_a_secret_is_not_quoted() -> None:
    with pytest.raises(Misconfigured) as refused:
        load_settings(environment={}, flags={"web.secret_key": ["hidden-words"]})
    assert "hidden-words" not in str(refused.value)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_staging_and_production_do_not_start_without_a_long_secret(environment: str, tmp_path: Path) -> None:
    for key in ({}, {"web.secret_key": "short"}):
        settings = load_settings(
            environment={}, flags={"environment": environment, "home": str(tmp_path), **key}
        ).settings
        assert missing_secrets(settings)
        with pytest.raises(Misconfigured, match=environment):
            secret_key(settings)
    whole = load_settings(environment={}, flags={"environment": environment, "web.secret_key": "k" * 50}).settings
    assert missing_secrets(whole) == ()
    assert secret_key(whole) == "k" * 50


def test_development_makes_one_key_and_keeps_it_to_its_owner(tmp_path: Path) -> None:
    settings = load_settings(environment={}, flags={"home": str(tmp_path / "home")}).settings
    key = secret_key(settings)
    assert len(key) >= 50
    assert secret_key(settings) == key
    assert (tmp_path / "home" / "secret_key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


def test_no_secret_has_a_default() -> None:
    secrets = [setting for setting in setting_fields().values() if setting.secret]
    assert {setting.name for setting in secrets} >= {"web.secret_key", "database.password", "redis.url"}
    assert all(setting.default is None for setting in secrets)


def test_a_database_url_becomes_djangos_settings(tmp_path: Path) -> None:
    def of(url: str, **flags: str) -> dict[str, object]:
        every = {"database.url": url, "home": str(tmp_path), **flags}
        return database_settings(load_settings(environment={}, flags=every).settings)

    assert of("")["NAME"] == str(tmp_path / "augury.sqlite3")
    assert of("sqlite:////var/x.db")["NAME"] == "/var/x.db"
    there = of("postgresql://ada@db.example:6543/prices?sslmode=require", **{"database.password": "p w"})
    assert (there["NAME"], there["USER"], there["HOST"], there["PORT"], there["PASSWORD"]) == (
        "prices", "ada", "db.example", "6543", "p w",
    )  # fmt: skip
    options = there["OPTIONS"]
    assert isinstance(options, dict)
    assert options["sslmode"] == "require"
    assert "statement_timeout=60000" in options["options"]
    assert is_embedded(load_settings(environment={}, flags={}).settings)


@pytest.mark.parametrize(
    ("name", "url", "told"),
    [
        ("database.url", "mysql://ada:open sesame@db/prices", r"or sqlite:///, got .mysql://ada:\(hidden"),
        ("redis.url", "http://:sesame@cache", "redis://, rediss:// or unix://, got a secret"),
    ],
)
def test_a_url_of_another_kind_is_refused_when_settings_are_read_without_its_password(
    name: str, url: str, told: str
) -> None:
    with pytest.raises(Misconfigured, match=told) as caught:
        load_settings(environment={}, flags={name: url})
    assert "sesame" not in str(caught.value)


def test_a_settings_file_that_is_a_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "augury.toml").mkdir()
    with pytest.raises(Misconfigured, match=r"augury\.toml is a folder"):
        load_settings(environment={})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ada:p:w@rd@db:5432/x", "postgresql://ada:(hidden)@db:5432/x"),
        ("redis://:secret@host/0 and rediss://u:other@host", "redis://:(hidden)@host/0 and rediss://u:(hidden)@host"),
        ("postgresql://ada@db:5432/x", "postgresql://ada@db:5432/x"),
        ("sqlite:////var/a@b.db", "sqlite:////var/a@b.db"),
    ],
)
def test_passwords_in_urls_are_hidden(text: str, shown: str) -> None:
    assert without_password(text) == shown
