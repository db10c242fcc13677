"""Whatever the OpenAPI description allows, and much it does not, is answered or explained; never a 5xx."""

import json
from typing import Any

import pytest
import schemathesis
from schemathesis.config import (
    CoveragePhaseConfig,
    ExamplesPhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)

from app.fhir_mapping.kept import KEPT
from app.routers import openapi
from tests.fuzz.explained import is_explained
from tests.servers import Server

SCHEMA = schemathesis.openapi.from_dict(
    json.loads(openapi.text()),
    config=SchemathesisConfig(
        projects=ProjectsConfig(
            default=ProjectConfig(
                generation=GenerationConfig(
                    deterministic=True, max_examples=2, no_shrink=True, with_security_parameters=False
                ),
                phases=PhasesConfig(
                    coverage=CoveragePhaseConfig(enabled=False), examples=ExamplesPhaseConfig(enabled=False)
                ),
            )
        )
    ),
)

NOT_FHIR = "^/(hl7v2|auth/.*)$"
"""What is answered in other words than FHIR's."""
MORE_OF_THE_SAME = f"/({'|'.join(kept.name for kept in KEPT if kept.name != 'DiagnosticReport')})(/|$)"
"""Addresses of further kept types, which are declared alike and served by the same code."""


@pytest.mark.rule(77)
@SCHEMA.exclude(path_regex=MORE_OF_THE_SAME).exclude(path_regex=NOT_FHIR).parametrize()
def test_what_the_description_allows_is_answered_or_explained(
    case: schemathesis.Case[Any], sqlite_server: Server
) -> None:
    answer = case.call(base_url=sqlite_server.url)

    is_explained(answer.status_code, answer.content, method=case.method)
