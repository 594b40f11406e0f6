"""The application: each part plugged in once."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import flask_smorest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import api.console.pages
import api.views
from api import auth, errors, requests
from api.console import shell
from api.reference import OPENAPI
from core import log
from core.config import secret_key, settings
from core.files import LARGEST_BYTES

# Routes that Flask and flask-smorest add themselves; both give out public files.
LIBRARY_ROUTES = frozenset({"static", "api-docs.openapi_json"})


class UnguardedRoutes(RuntimeError):
    """Some routes have no guard; the application does not start."""


def create_app(*, testing: bool = False) -> Flask:
    """Build the web application.

    Raises
    ------
    UnguardedRoutes
        A route neither requires a role nor is declared public.
    """
    log.configure("web")
    app = Flask("api", static_folder="console/static", template_folder="console/templates")
    app.config.update(
        OPENAPI,
        SECRET_KEY=secret_key(),
        TESTING=testing,
        MAX_CONTENT_LENGTH=LARGEST_BYTES,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    proxies = settings().trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
    requests.install(app)
    auth.install(app)
    shell.install(app)
    rest = flask_smorest.Api(app)
    for module in _modules(api.views):
        # Health pages are not part of the documented interface: plain Flask.
        documented = isinstance(module.blueprint, flask_smorest.Blueprint)
        (rest if documented else app).register_blueprint(module.blueprint)
    for module in _modules(api.console.pages):
        app.register_blueprint(module.blueprint)
    errors.install(app)  # after flask-smorest, whose own error format we do not use
    missing = [name for name in auth.unguarded(app) if name not in LIBRARY_ROUTES]
    if missing:
        raise UnguardedRoutes(
            f"no guard on {', '.join(missing)}: put @require(...) or @public under the route"
        )
    return app


def _modules(package: Any) -> list[Any]:
    """The modules of a package that hold a blueprint, by name."""
    found = []
    for info in sorted(iter_modules(package.__path__), key=lambda each: each.name):
        module = import_module(f"{package.__name__}.{info.name}")
        if hasattr(module, "blueprint"):
            found.append(module)
    return found
