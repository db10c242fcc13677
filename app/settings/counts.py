"""Where the worker processes of one service count together, so that any of them can tell the sums."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_PLACE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""What the Prometheus client reads when it is loaded."""


@contextmanager
def counted_together(workers: int) -> Iterator[None]:
    """A directory for the counts of these worker processes, for as long as they run; one needs none.

    To be entered before the processes are started.
    """
    if workers == 1:
        yield
        return
    with TemporaryDirectory(prefix="trialbridge-metrics-", ignore_cleanup_errors=True) as place:
        os.environ[_PLACE] = place
        try:
            yield
        finally:
            del os.environ[_PLACE]


def shared_place() -> Path | None:
    """That directory; None where this process counts by itself."""
    place = os.environ.get(_PLACE)
    return Path(place) if place else None
