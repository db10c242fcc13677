"""Secrets from files, as container platforms hand them out."""

import os
from pathlib import Path
from typing import Any, Final

from pydantic_settings import PydanticBaseSettingsSource

PREFIX: Final = "TRIALBRIDGE_"
SECRETS: Final = ("database_url", "metrics_token")
"""The settings that may also be given as a file: TRIALBRIDGE_DATABASE_URL_FILE names it."""


class SecretFiles(PydanticBaseSettingsSource):
    """The settings whose files are named."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """What stands in the file of a setting, if one is named."""
        del field
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE") if field_name in SECRETS else None
        return (None if path is None else Path(path).read_text().strip()), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every setting that stands in a file."""
        found = {name: self.get_field_value(None, name)[0] for name in SECRETS}
        return {name: value for name, value in found.items() if value is not None}
