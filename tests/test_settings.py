"""What an operator may decide, and what the service says when the environment makes no sense."""

from pathlib import Path

import pytest

from app.settings import Settings, SettingsError, from_environment, loopback_address

ANYWHERE = ".".join("0000")


def test_a_variable_that_is_no_setting_is_named_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBRIDGE_DATABSE_URL", "sqlite:///x.db")

    with pytest.raises(SettingsError, match="did you mean TRIALBRIDGE_DATABASE_URL"):
        from_environment()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRIALBRIDGE_AUTH", "secret-maybe"),
        ("TRIALBRIDGE_DATABASE_URL", "mysql://user:secret@host/db"),
        ("TRIALBRIDGE_BASE_URL", "trial.secret.example"),
        ("TRIALBRIDGE_MAX_BODY_BYTES", "secret"),
        ("TRIALBRIDGE_IDENTIFYING_DATA", "secret"),
    ],
)
def test_a_senseless_value_is_refused_by_name_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name) as refused:
        from_environment()

    assert "secret" not in str(refused.value)


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://user:hidden@host/db\n")
    monkeypatch.setenv("TRIALBRIDGE_DATABASE_URL_FILE", str(secret))

    settings = from_environment()

    assert settings.database_url == "postgresql://user:hidden@host/db"
    assert "hidden" not in repr(settings)


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRIALBRIDGE_DATABASE_URL_FILE", str(tmp_path / "none"))

    with pytest.raises(SettingsError, match="none cannot be read"):
        from_environment()


def test_an_empty_variable_is_as_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBRIDGE_AUTH", "")

    assert from_environment().auth is None


def test_a_relative_database_file_stays_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert Settings(database_url="sqlite:///trial.db").database_url == f"sqlite:///{tmp_path}/trial.db"


@pytest.mark.parametrize("written", ["https://a.example", "https://a.example/", "https://a.example/fhir"])
def test_the_public_address_is_given_with_or_without_fhir(written: str) -> None:
    assert Settings(base_url=written).base_url == "https://a.example"


@pytest.mark.parametrize(
    ("auth", "identifying", "host", "allowed"),
    [
        (None, "refuse", "127.0.0.1", False),
        ("none", "refuse", "127.0.0.1", True),
        ("none", "refuse", "::1", True),
        ("none", "refuse", "localhost", True),
        ("none", "refuse", ANYWHERE, False),
        ("none", "refuse", "trial.example.org", False),
        ("none-i-accept", "refuse", ANYWHERE, True),
        ("none", "accept", "127.0.0.1", True),
        ("none-i-accept", "strip", ANYWHERE, True),
        ("none-i-accept", "accept", ANYWHERE, False),
    ],
)
def test_it_listens_only_where_that_is_safe(auth: str, identifying: str, host: str, allowed: bool) -> None:
    settings = Settings.model_validate({"auth": auth, "identifying_data": identifying})

    assert (settings.refuses_to_listen_on(host) is None) is allowed


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("localhost", "http://127.0.0.1:8123"),
        ("::1", "http://[::1]:8123"),
        ("[::1]", "http://[::1]:8123"),
    ],
)
def test_on_loopback_the_service_knows_its_own_address(host: str, address: str) -> None:
    assert loopback_address(host, 8123) == address
