"""A hospital feed pushed at a server that is killed while at it: in the end the store is the truth.

`python -m bench.feed 100000` does the same at length.
"""

import asyncio
from pathlib import Path

from bench.feed.__main__ import simulate
from bench.feed.messages import Feed
from bench.feed.service import register

RESULTS, CLIENTS, KILLS = 400, 8, 1


def test_a_feed_loses_nothing_doubles_nothing_and_misreads_nothing(database_url: str, tmp_path: Path) -> None:
    register(database_url)
    feed = Feed(seed=5, results=RESULTS)

    differences = asyncio.run(simulate(database_url, tmp_path, feed, clients=CLIENTS, kills=KILLS))

    assert differences == []
