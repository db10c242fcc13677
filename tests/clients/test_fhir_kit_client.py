"""fhir-kit-client, the FHIR client of Node programs, against a real server."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.programs import program
from tests.servers import Server

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the Node client is installed."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "kit.mjs"):
        shutil.copyfile(HERE / name, folder / name)
    install = [str(program("npm", "npm")), "install", "--silent", "--no-audit", "--no-fund"]
    subprocess.run(install, check=True, cwd=folder, timeout=300)
    return folder


def test_a_program_written_for_any_server_works_here(server: Server, workshop: Path) -> None:
    node = str(program("node", "nodejs"))
    done = subprocess.run(
        [node, "kit.mjs", f"{server.url}/fhir"],
        check=False,
        cwd=workshop,
        capture_output=True,
        timeout=60,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen == {
        "fhirVersion": "4.0.1",
        "statuses": [201, 200],
        "once": True,
        "updated": "2",
        "conditionally": [True, "3"],
        "patched": "1988",
        "transaction": ["201 Created"] * 5,
        "pages": [[0.1, 0.2], [0.3, 0.4], [0.5]],
        "compartment": 2,
        "history": ["4", "3", "2", "1"],
        "everything": ["Observation"] * 5 + ["Patient"],
        "refused": [404, "OperationOutcome"],
    }
