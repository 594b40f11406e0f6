"""Log lines: JSON on standard output, each with the number of the request that caused it."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from core.outbox import request_number


def _with_request(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    number = request_number.get()
    if number is not None:
        event.setdefault("request", number)
    return event


def configure(program: str) -> None:
    """Send our lines and those of libraries through one formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _with_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    structlog.contextvars.bind_contextvars(program=program)


def logger(name: str) -> Any:
    """A logger for one module."""
    return structlog.stdlib.get_logger(name)
