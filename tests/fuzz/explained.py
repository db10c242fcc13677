"""What every answer holds to, whatever was sent."""

from hypothesis import HealthCheck, settings

from app.fhir_mapping import codec

BRIEFLY = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""The same few examples each time: what is found is found on every machine."""


def is_explained(status: int, body: bytes, *, method: str = "POST") -> None:
    """It went well, or it is refused with an OperationOutcome that says what, and where; never a 5xx."""
    assert status < 500, body
    if status < 400 or method == "HEAD":
        return
    outcome = codec.read(body)
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"]
    for issue in outcome["issue"]:
        assert issue["code"]
        assert issue["diagnostics"]
        assert issue["expression"]
