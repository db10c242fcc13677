"""The application as it is served: who comes without a token stays outside."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.settings import Settings
    from app.store.session import Store


@pytest.fixture
def settings(database_url: str) -> "Settings":
    from app.settings import Settings

    return Settings(database_url=database_url, base_url="http://test", auth="smart")


@pytest.fixture
def store(app: "FastAPI") -> "Store":
    found: Store = app.state.service.store
    return found
