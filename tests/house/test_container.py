"""The image and the compose file say what they should; no engine is needed to check them."""

import json
import subprocess
import sys
from pathlib import Path

from app.settings import Settings
from app.settings.secret_files import PREFIX
from tests.postgres import ROOT

BIN = Path(sys.executable).parent


def test_the_dockerfile_is_clean() -> None:
    done = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], check=False, capture_output=True)

    assert done.returncode == 0, done.stdout.decode()


def test_the_compose_file_is_valid_and_every_variable_in_it_has_a_value() -> None:
    compose: list[str | Path] = [BIN / "docker-compose", "--project-directory", ROOT, "config", "--quiet"]

    done = subprocess.run(compose, check=False, capture_output=True, env={"PATH": "/usr/bin:/bin"})

    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_compose_serves_with_settings_that_let_nobody_in_unsigned_and_publishes_on_this_machine_only() -> (
    None
):
    compose: list[str | Path] = [
        BIN / "docker-compose",
        "--project-directory",
        ROOT,
        "config",
        "--format",
        "json",
    ]
    done = subprocess.run(compose, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin"})
    api = json.loads(done.stdout)["services"]["api"]
    given = {name.removeprefix(PREFIX).lower(): value for name, value in api["environment"].items()}

    settings = Settings(**given)

    assert settings.auth == "smart"
    assert settings.refuses_to_listen_on(".".join("0000")) is None
    assert [port["host_ip"] for port in api["ports"]] == ["127.0.0.1"]


def test_the_image_serves_as_an_unprivileged_user_and_is_asked_for_its_health_without_curl() -> None:
    served = (ROOT / "Dockerfile").read_text().rpartition("FROM ")[2]

    assert "\nUSER 10001\n" in served
    assert "HEALTHCHECK" in served
    assert "/readyz" in served
    assert "curl" not in served


def test_the_image_never_migrates_by_itself() -> None:
    commands = [
        line
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith(("CMD", "ENTRYPOINT"))
    ]

    assert commands == ['CMD ["trialbridge", "serve", "--host", "0.0.0.0", "--port", "8000"]']
