"""A score is one Observation: its own value together with its components."""

from collections import defaultdict
from collections.abc import Iterable

from app.clinical.records import Coding, Measurement, Source


def panels(code: Coding, measurements: Iterable[Measurement]) -> list[list[Measurement]]:
    """The measurements of each Observation of that code, in the order in which it gives them."""
    by_source: defaultdict[Source, list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        if code in measurement.codings or code in measurement.panel:
            by_source[measurement.source].append(measurement)
    return [sorted(parts, key=lambda part: part.part) for parts in by_source.values()]
