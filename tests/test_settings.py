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
        ("TRIALBRIDGE_AUTH", "none-i-accept-secret"),
        ("TRIALBRIDGE_TRUSTED_PROXIES", "10.0.0.5, proxy.secret.example"),
        ("TRIALBRIDGE_TRUSTED_PROXIES", f"{ANYWHERE}/0"),
        ("TRIALBRIDGE_CORS_ORIGINS", "*"),
        ("TRIALBRIDGE_CORS_ORIGINS", "https://*.secret.example"),
        ("TRIALBRIDGE_CORS_ORIGINS", "https://secret.example/"),
        ("TRIALBRIDGE_CORS_ORIGINS", "https://secret.example:443"),
        ("TRIALBRIDGE_CORS_ORIGINS", "null"),
        ("TRIALBRIDGE_METRICS_TOKEN", "short-secret"),
        ("TRIALBRIDGE_REQUESTS_PER_MINUTE", "0"),
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

    assert from_environment().auth == "smart"


def test_networks_and_origins_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBRIDGE_TRUSTED_PROXIES", "10.0.0.5, 10.1.0.0/16 fd00::/8")
    monkeypatch.setenv("TRIALBRIDGE_CORS_ORIGINS", "https://app.example.org,http://localhost:3000")

    settings = from_environment()

    assert [str(one) for one in settings.trusted_proxies] == ["10.0.0.5/32", "10.1.0.0/16", "fd00::/8"]
    assert settings.cors_origins == ("https://app.example.org", "http://localhost:3000")


def test_a_relative_database_file_stays_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert Settings(database_url="sqlite:///trial.db").database_url == f"sqlite:///{tmp_path}/trial.db"


@pytest.mark.parametrize("written", ["https://a.example", "https://a.example/", "https://a.example/fhir"])
def test_the_public_address_is_given_with_or_without_fhir(written: str) -> None:
    assert Settings(base_url=written).base_url == "https://a.example"


PUBLIC = "https://trial.example.org"


@pytest.mark.parametrize(
    ("auth", "identifying", "base_url", "host", "refused"),
    [
        ("smart", "refuse", None, "127.0.0.1", None),
        ("smart", "accept", None, "localhost", None),
        ("none", "refuse", None, "127.0.0.1", None),
        ("none", "refuse", None, "::1", None),
        ("none", "refuse", None, "localhost", None),
        ("none", "accept", None, "127.0.0.1", None),
        ("none", "refuse", PUBLIC, ANYWHERE, "TRIALBRIDGE_AUTH=none"),
        ("none", "refuse", PUBLIC, "::", "TRIALBRIDGE_AUTH=none"),
        ("none", "refuse", PUBLIC, "trial.example.org", "TRIALBRIDGE_AUTH=none"),
        ("smart", "refuse", PUBLIC, ANYWHERE, None),
        ("smart", "strip", PUBLIC, "trial.example.org", None),
        ("smart", "accept", PUBLIC, ANYWHERE, "TRIALBRIDGE_IDENTIFYING_DATA"),
        ("smart", "refuse", None, ANYWHERE, "TRIALBRIDGE_BASE_URL is needed"),
        ("smart", "refuse", "http://trial.example.org", ANYWHERE, "https://"),
        ("smart", "refuse", "http://localhost.example.org", ANYWHERE, "https://"),
        ("smart", "refuse", "http://127.0.0.1:8000", ANYWHERE, None),
    ],
)
def test_it_listens_only_where_that_is_safe(
    auth: str, identifying: str, base_url: str | None, host: str, refused: str | None
) -> None:
    said = Settings.model_validate({"auth": auth, "identifying_data": identifying, "base_url": base_url})

    why = said.refuses_to_listen_on(host)

    assert (why is None) if refused is None else (refused in (why or ""))


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
