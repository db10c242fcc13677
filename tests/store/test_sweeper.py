"""What waits is carried out by itself until the service stops, and then no longer."""

import asyncio

import pytest

from app.fhir_mapping.intake import Intake
from app.store.session import Store
from app.store.sweeper import Sweeper


@pytest.mark.parametrize("steps", range(5))
async def test_it_stops_though_it_is_woken_in_that_moment(store: Store, steps: int) -> None:
    sweeper = Sweeper(store, Intake("accept"))
    sweeper.start()
    await asyncio.sleep(0.3)
    sweeper.wake({"Patient"})
    for _ in range(steps):
        await asyncio.sleep(0)

    stopping = asyncio.create_task(sweeper.stop())
    done, _ = await asyncio.wait({stopping}, timeout=2)
    stopping.cancel()
    assert done
