"""Whatever goes wrong becomes an OperationOutcome; of a failure the log gets name and place, no contents."""

import logging

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Issue, Refusal, operation_outcome, passing, refusal
from app.routers import answers
from app.routers.answers import FhirResponse
from app.routers.logs import lineage, where
from app.store.database import Contention, DatabaseError

log = logging.getLogger("trialbridge")

RETRY_AFTER = 5
"""Seconds after which a request that met a failing database may be sent again."""


def refused(refusal: Refusal, request_id: str, *, place: str) -> FhirResponse:
    """The answer to what cannot be carried out; `place` is where, if the Refusal says nothing closer."""
    codes = [issue.code for issue in refusal.issues]
    log.info("refused", extra={"request": request_id, "status": refusal.status, "issues": codes})
    return answers.refused(refusal.at(place))


def failure(error: Exception, request_id: str) -> Refusal:
    """500 with the request id to look for in the log; the error's own words may quote a patient.

    503 where it is the database that failed, or others wrote the same again and again: that passes, so the
    same request may succeed later.
    """
    log.error("failed", extra={"request": request_id, "error": lineage(error), "where": where(error)})
    if isinstance(error, Contention):
        text = "somebody else changed the same at the same moment; send it again"
        return passing(503, "transient", text, seconds=1)
    if isinstance(error, DatabaseError):
        text = f"the database does not answer; send it again later. Tell the operator this id: {request_id}"
        return passing(503, "transient", text, seconds=RETRY_AFTER)
    text = f"the server failed; nothing of this is confirmed. Tell the operator this id: {request_id}"
    return refusal(500, "exception", text, "http.url")


async def http_exception(_request: Request, error: Exception) -> Response:
    """The errors of FastAPI and Starlette themselves, such as an address that does not exist."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    code = {404: "not-found", 405: "not-supported"}.get(status, "processing")
    text = {
        404: "there is nothing at this address: FHIR is at /fhir, described at /fhir/metadata and /docs",
        405: f"this address takes {headers.get('Allow', 'GET')} only",
    }.get(status, "the request cannot be carried out")
    body = codec.write(operation_outcome([Issue(code, text, "http.url")]))
    return Response(body, status, headers, media_type="application/fhir+json; charset=utf-8")
