"""Own files of the pages: addresses that change with the content, so that they cache for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for

STATIC = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _digest(name: str, changed_ns: int) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file, with the beginning of its hash."""
    path = STATIC / name
    return url_for("static", filename=name, v=_digest(name, path.stat().st_mtime_ns))


def keep_static(response: Response) -> Response:
    """A static file asked for by its hash never changes; without one it is asked for again."""
    if request.endpoint == "static" and response.status_code in (200, 304):
        response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") else "no-cache"
    return response


def install(app: Flask) -> None:
    """Serve the folder and give templates ``asset()``."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(keep_static)
