"""Log lines as JSON, one a line: what happened, where, to which request; never what a request held."""

import logging
from traceback import extract_tb
from typing import Any

import msgspec

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line. Of an exception it has names and places; its own words may quote a patient."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as it is written."""
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname.lower(),
            "says": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info and record.exc_info[1] is not None:
            line |= {"error": lineage(record.exc_info[1]), "where": where(record.exc_info[1])}
        return msgspec.json.encode(line, enc_hook=repr).decode()


def configuration(level: str) -> dict[str, Any]:
    """How the service and its server log: to standard error, from this level on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "app.routers.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "trialbridge": {"level": level.upper()},
            "uvicorn": {"level": level.upper()},
        },
    }


def lineage(error: BaseException) -> list[str]:
    """The error's type and those of its causes."""
    chain: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 8:  # noqa: PLR2004 deep enough to see the driver's error
        chain.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    return chain


def where(error: BaseException) -> list[str]:
    """The lines the error passed through, without the values in them."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
