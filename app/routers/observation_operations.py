"""Observation $lastn and $stats: the newest results of each kind, and statistics over a patient's results."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from app.clinical.records import Coding, Measurement, Source
from app.clinical.statistics import STATISTICS, sample
from app.fhir_mapping import bundle, codec, datatypes, links, question, statistics
from app.fhir_mapping import search as grammar
from app.fhir_mapping.change import Version
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.query import Clause
from app.fhir_mapping.question import Given, Pair
from app.fhir_mapping.resource import Column
from app.fhir_mapping.search_problems import CONTROLS
from app.routers import answers, rendering
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.routers.scopes import require_search
from app.store.latest import latest_of_each
from app.store.search import find

_MOST = 1000
_MOST_CODES = 20
_SHAPED_BY = ("_summary", "_elements", "_format", "_pretty")
"""The controls of a search that $lastn honours, too."""
_TRUNCATED = Issue(
    "too-costly",
    f"there are more than the {_MOST} that are shown: ask for fewer codes (code=), or a smaller max",
    severity="warning",
)


async def lastn(request: FhirRequest, asked: Operation) -> FhirResponse:
    """The newest of each code among what the search finds, `max` of each."""
    given = question.given(asked, request.parameters)
    pairs = [pair for pair in request.parameters if pair[0] != "max" and pair[1]]
    _refuse_controls(pairs)
    found = grammar.parse(request.resource, pairs, base=request.base, strict=True)
    conditions = found.query.conditions
    if not any(isinstance(one, Clause) and one.parameter.column is Column.PATIENT for one in conditions):
        text = "say whose: $lastn needs patient= or subject="
        raise refusal(400, "required", text, "http.patient")
    most = int(given.get("max", ["1"])[0])
    if most == 0:
        raise refusal(400, "value", "max must be a whole number from 1", "http.max")
    require_search(request, found.query)
    service = request.service
    latest = await latest_of_each(service.store, request.visibility, found.query, most=most)
    request.showed(*latest.versions)
    address = f"{request.base}/{request.path.strip('/')}"
    here = links.with_parameters(address, [*found.applied, ("max", str(most))])
    answer = bundle.gathered(
        latest.versions,
        base=request.base,
        relations=[("self", here)],
        total=None if latest.truncated else len(latest.versions),
        shape=rendering.shape(found.summary, found.elements),
        said=[_TRUNCATED] if latest.truncated else [],
    )
    return answers.resource(answer)


def _refuse_controls(pairs: Sequence[Pair]) -> None:
    """Refuse what would order, page or add to an answer that has an order of its own and one page."""
    text = "{} is not served by $lastn, whose answer is one page, by code, newest first: take it out"
    names = dict.fromkeys(name.partition(":")[0] for name, _ in pairs)
    unserved = [name for name in names if name in CONTROLS and name not in _SHAPED_BY]
    unserved += ["_summary"] if ("_summary", "count") in pairs else []
    if unserved:
        raise Refusal(
            400, tuple(Issue("not-supported", text.format(name), f"http.{name}") for name in unserved)
        )


async def stats(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Statistics of one patient's results, for each code asked for."""
    given = question.given(asked, request.parameters)
    missing = [one.name for one in asked.parameters if one.required and one.name not in given]
    if missing:
        text = "$stats needs {}, such as {}"
        issues = (Issue("required", text.format(name, asked.example), f"http.{name}") for name in missing)
        raise Refusal(400, tuple(issues))
    if len(given["code"]) > _MOST_CODES:
        text = f"$stats takes {_MOST_CODES} codes at a time: ask in parts"
        raise refusal(400, "too-costly", text, "http.code")
    subject = _subject(request, given["subject"][0])
    samples, counted = [], []
    for code in given["code"]:
        token = _token(given, code)
        versions = await _found(request, given, subject=subject, token=token)
        measurements = _measurements(request, versions)
        samples.append(sample(_coding(token, measurements), measurements))
        counted += versions
    request.saw(*(one.name for one in counted))
    observations = [statistics.observation(one, _names(given), subject=subject) for one in samples]
    included = [version.document or b"" for version in counted[: _limit(given)]]
    return answers.resource(statistics.parameters(observations, included))


def _subject(request: FhirRequest, text: str) -> str:
    """The one patient asked about, as `Patient/id`: results of several would be mixed."""
    own = ("Patient", text) if links.is_id(text) else datatypes.reference(text, request.base)
    if own is None or own[0] != "Patient" or "/_history/" in text:
        raise refusal(400, "value", "subject is one patient, as Patient/id", "http.subject")
    return "/".join(own)


def _names(given: Given) -> Sequence[str]:
    return [name for name in STATISTICS if name in given["statistic"]]


def _limit(given: Given) -> int:
    """How many of the observations counted are given, too."""
    if given.get("include", ["false"])[0] != "true":
        return 0
    return min(int(given.get("limit", [str(_MOST)])[0]), _MOST)


def _token(given: Given, code: str) -> str:
    system = given.get("system", [""])[0]
    return f"{system}|{code}" if system and "|" not in code else code


async def _found(request: FhirRequest, given: Given, *, subject: str, token: str) -> list[Version]:
    """The results of one code; 400 where there are more than can be counted at once."""
    pairs: list[Pair] = [("subject", subject), ("code", token), *_bounds(given)]
    asked = grammar.parse(
        request.resource, [*pairs, ("_sort", "-date"), ("_count", str(_MOST))], base=request.base, strict=True
    )
    service = request.service
    page = await find(service.store, request.visibility, asked.query)
    if page.after is not None:
        text = f"over {_MOST} results: narrow the period"
        raise refusal(400, "too-costly", text, "http.period")
    return page.versions


def _bounds(given: Given) -> list[Pair]:
    """The days asked about, as a search says them."""
    bounds: list[Pair] = []
    if "period" in given:
        start, slash, end = given["period"][0].partition("/")
        if not slash:
            raise refusal(
                400, "value", "period is written from/to, such as 2022-09-01/2023-03-01", "http.period"
            )
        bounds += [("date", f"ge{start}")] * bool(start) + [("date", f"le{end}")] * bool(end)
    if "duration" in given:
        seconds = timedelta(seconds=int(Decimal(given["duration"][0]) * 3600))
        since = datetime.now(UTC) - seconds  # noqa: TID251 the clock of the door: the last hours end now
        bounds.append(("date", f"ge{links.instant(since)}"))
    return bounds


def _measurements(request: FhirRequest, versions: Sequence[Version]) -> list[Measurement]:
    """What these observations measured themselves; their components have codes of their own."""
    found = []
    for version in versions:
        source = Source(version.type, version.id, version.version)
        document = codec.read(version.document or b"{}")
        records = request.resource.to_records(document, source)
        found += [one for one in records if isinstance(one, Measurement) and one.part == 0]
    return found


def _coding(token: str, measurements: Sequence[Measurement]) -> Coding:
    """The code asked for, with the system it bears in the results where none was named."""
    system, _, code = token.rpartition("|")
    borne = (one for measurement in measurements for one in measurement.codings if one.code == code)
    return Coding(system, code) if system else next(borne, Coding("", code))
