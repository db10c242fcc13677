"""The population is stored whole, and says something under every parameter."""

import pytest

from tests.search.asked import Asked
from tests.search.population import read
from tests.search.standard import PARAMETERS, TYPES


def test_what_the_server_holds_is_what_it_answered(asked: Asked) -> None:
    for one in asked.world.documents:
        stored = asked.http.get(f"{one['resourceType']}/{one['id']}")
        assert read(stored.content) == one


@pytest.mark.parametrize("kind", TYPES)
def test_each_parameter_has_something_to_find(asked: Asked, kind: str) -> None:
    for name in PARAMETERS[kind]:
        assert asked.world.answer(kind, [(f"{name}:missing", "false")]), f"nothing says {kind}.{name}"
