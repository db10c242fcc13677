"""Whether a consent stands behind a subject who is to come on the study.

Either a Consent says so, or an investigator has attested that it is signed; a Consent that was withdrawn
stands before an attestation.
"""

from collections.abc import Iterable

from app.clinical.attestation import SYSTEM
from app.clinical.care import Consent
from app.clinical.records import Coding, Measurement
from app.clinical.timeline import FINAL, order

SIGNED = Coding(SYSTEM, "consent-signed")


def is_open(patient: str, *, consents: Iterable[Consent], results: Iterable[Measurement]) -> bool:
    """Whether the consent named for the subject holds; where none is named, whether one is attested."""
    named = [one for one in consents if one.patient == patient]
    if named:
        return any(one.status == "active" and one.provision != "deny" for one in named)
    return is_attested(patient, results)


def is_attested(patient: str, results: Iterable[Measurement]) -> bool:
    """Whether the last thing an investigator stated is that the consent is signed."""
    stated = [
        one
        for one in results
        if one.patient == patient and SIGNED in one.codings and one.status in FINAL and one.truth is not None
    ]
    last = max(stated, key=lambda one: order(one.when, one.source), default=None)
    return last is not None and last.truth is True
