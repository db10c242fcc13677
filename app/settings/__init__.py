"""Every setting of the service, read from the environment; nothing else reads the environment."""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.settings import addresses
from app.settings.addresses import is_loopback, loopback_address
from app.settings.secret_files import PREFIX, SECRETS, SecretFiles

__all__ = ["Settings", "SettingsError", "from_environment", "is_loopback", "loopback_address", "tell_workers"]


class SettingsError(Exception):
    """The environment does not make sense; the text says which variable and what it may be."""


class Settings(BaseSettings):
    """What an operator may decide; each field is a variable TRIALBRIDGE_<NAME> (docs/settings.md)."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    database_url: str = Field(
        default="sqlite:///var/trialbridge.db",
        validate_default=True,
        repr=False,
        description="Where the trial is stored: `sqlite:////absolute/file.db` or "
        "`postgresql://user:password@host/database`.",
    )
    base_url: Annotated[str, AfterValidator(addresses.root)] | None = Field(
        default=None,
        description="The public address behind a proxy, such as `https://trial.example.org`; FHIR is at "
        "`/fhir` below it. Without it, links are built from the scheme and host of each request.",
    )
    auth: Literal["smart", "none"] = Field(
        default="smart",
        description="Who may ask. `smart`: registered clients, by SMART Backend Services. `none`: anybody, "
        "on loopback only; who brings a token is still seen as its client.",
    )
    issuer: Annotated[str, AfterValidator(addresses.issuer)] | None = Field(
        default=None,
        description="An external identity provider that signs access tokens instead of this service, by its "
        "issuer URL, such as `https://id.example.org/realms/trial`: its keys come from its "
        "`/.well-known/openid-configuration`. What a client may do is still what is registered here.",
    )
    audit: Literal["all", "changes", "off"] = Field(
        default="all",
        description="What the trail tells. `all`: every access and every change. `changes`: changes alone. "
        "`off`: nothing, on loopback only.",
    )
    protocols: Path | None = Field(
        default=None,
        description="A directory with the protocols (TOML) of further trials, read beside those that come "
        "with the service. One that is not valid stops the start.",
    )
    identifying_data: Literal["refuse", "strip", "accept"] = Field(
        default="refuse",
        description="What happens to names, addresses, telecom, photos, narratives and national numbers of "
        "patients: `refuse` (422, nothing stored), `strip` (left out before anything is stored, the answer "
        "says what; 422 where that would not be safe) or `accept` (for tests with synthetic data, on "
        "loopback only). A name in a note, or in the narrative of another resource, is not recognised.",
    )
    birth_date: Literal["any", "year"] = Field(
        default="any",
        description="What may be told of a patient's birth: `any` date, or the `year` alone, as MR-001 "
        "studies keep it. A full date is then what `TRIALBRIDGE_IDENTIFYING_DATA` says: refused, or "
        "shortened to its year. A criterion that the year does not decide asks for the day.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="From which severity on log lines are written. Logs never hold contents."
    )
    trusted_proxies: Annotated[tuple[addresses.Network, ...], NoDecode] = Field(
        default=(),
        description="The proxies in front, as addresses or networks (`10.0.0.5, 10.1.0.0/16`). Only from "
        "these `X-Forwarded-For` and `Forwarded` are believed, for the address that is audited and counted.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Web pages of other origins whose scripts may ask, as exact origins "
        "(`https://app.example.org, https://other.example.org`). None may, if not set; `*` is refused.",
    )
    metrics_token: str | None = Field(
        default=None,
        min_length=16,
        repr=False,
        description="What Prometheus sends as `Authorization: Bearer` to read `/metrics`, 16 characters or "
        "more. Without it nobody reads `/metrics`, but where `TRIALBRIDGE_AUTH` is `none`.",
    )
    requests_per_minute: Annotated[int, Field(ge=1)] = Field(
        default=6000,
        description="How many requests a client may make in a minute, if nothing else was agreed with it; "
        "beyond, 429 (`throttled`). So many may also come from an address that nobody has signed in from.",
    )
    max_body_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=16 * 1024 * 1024, description="The largest request body; a larger one is answered 413."
    )
    max_bundle_entries: Annotated[int, Field(ge=1)] = Field(
        default=10_000, description="The most entries of a transaction or batch; more are answered 413."
    )
    max_bundle_reads: Annotated[int, Field(ge=0)] = Field(
        default=100, description="The most GETs among the entries of a Bundle; more are answered 413."
    )
    max_bundle_answer_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=64 * 1024 * 1024,
        description="The most bytes of the answers of a Bundle together; the GETs beyond are answered 413, "
        "each in its own entry.",
    )
    search_seconds: Annotated[float, Field(gt=0)] = Field(
        default=20.0,
        description="How long a search, a history or an operation may read the database; then it is answered "
        "400 (`too-costly`).",
    )
    body_seconds: Annotated[float, Field(gt=0)] = Field(
        default=30.0, description="How long a client may take to send its body; then it is answered 408."
    )
    max_requests: Annotated[int, Field(ge=1)] = Field(
        default=1000,
        description="The most requests a process works on at once; more are answered 429, at once.",
    )
    max_held_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=64 * 1024 * 1024,
        description="The most bytes of large bodies (beyond the first 64 KB of each) a process holds at "
        "once; what does not fit is answered 429, and who has been sending for over 5 seconds gives way. "
        "Never less than the largest body.",
    )
    max_waiting_changes: Annotated[int, Field(ge=1)] = Field(
        default=20_000,
        description="When more changes than this wait to be committed, further ones are answered 429, "
        "at once.",
    )
    max_connections: Annotated[int, Field(ge=4)] = Field(
        default=16,
        description="The most connections a process has to PostgreSQL at once, 4 or more; what needs one "
        "meanwhile waits. SQLite has its own few.",
    )
    keep_alive_seconds: Annotated[int, Field(ge=1)] = Field(
        default=65, description="How long an idle connection is kept open."
    )
    drain_seconds: Annotated[int, Field(ge=1)] = Field(
        default=20, description="How long requests under way may take to end after SIGTERM."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then variables, then secret files."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, SecretFiles(settings_cls)

    @field_validator("database_url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        """A relative SQLite file means the same file wherever the process goes afterwards."""
        if not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must start with sqlite:/// or postgresql://")
        scheme, _, path = url.partition(":///")
        return f"sqlite:///{Path(path).resolve()}" if scheme == "sqlite" and not path.startswith("/") else url

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, written: object) -> object:
        """Addresses and networks, separated by commas or blanks."""
        return addresses.networks(written) if isinstance(written, str) else written

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _origins(cls, written: object) -> object:
        """Origins as a browser writes them, separated by commas or blanks."""
        return addresses.origins(written) if isinstance(written, str) else written

    @property
    def address(self) -> str:
        """The address of this service, below which everything it serves lies."""
        return self.base_url or "http://127.0.0.1:8000"

    @property
    def fhir_base(self) -> str:
        """The address under which a reference with a whole URL is one of ours."""
        return f"{self.address}/fhir"

    @property
    def is_open(self) -> bool:
        """Whether whoever comes without a token may do everything."""
        return self.auth == "none"

    def refuses_to_listen_on(self, host: str) -> str | None:
        """Why the service must not listen on that address with these settings; None where it may."""
        return None if is_loopback(host) else next(self._unsafe(host), None)

    def _unsafe(self, host: str) -> Iterator[str]:
        """What must not be reached from other machines."""
        if self.is_open:
            yield (
                f"TRIALBRIDGE_AUTH=none listens on loopback only, not on {host}. Use --host 127.0.0.1, or "
                "let clients sign in (TRIALBRIDGE_AUTH=smart)."
            )
        if self.identifying_data == "accept":
            yield f"TRIALBRIDGE_IDENTIFYING_DATA=accept is for tests on loopback only, not on {host}."
        if self.audit == "off":
            yield f"TRIALBRIDGE_AUDIT=off is for tests on loopback only, not on {host}."
        if self.base_url is None:
            yield (
                f"TRIALBRIDGE_BASE_URL is needed to listen on {host}: the public address at which clients "
                "sign in, such as https://trial.example.org."
            )
        elif not addresses.is_private(self.base_url):
            yield (
                "TRIALBRIDGE_BASE_URL must start with https:// (a proxy in front of this service ends TLS), "
                "or be a loopback address: else tokens and patients' data cross the network in clear."
            )


def tell_workers(base_url: str) -> None:
    """Set the address of this service for the worker processes, which read their settings by themselves."""
    os.environ[f"{PREFIX}BASE_URL"] = base_url


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; SettingsError names a variable that does not exist or makes no sense."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    for name in environment:
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_") and name not in known:
            near = get_close_matches(name, known, n=1)
            raise SettingsError(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            "; ".join(
                f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False)
            )
        ) from None
    except OSError as error:
        raise SettingsError(f"the secret file {error.filename} cannot be read") from None
