"""A real browser against a real server on this machine; skipped loudly where there is none."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from core.unit_of_work import unit_of_work
from registry.service import born_as, load_packs

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, headless."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(
            f"NO BROWSER FOUND (looked for {', '.join(BROWSERS)}); install chromium or set CHROMIUM"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def address(committed: str) -> Iterator[str]:
    """The address of the application on a database of the test's own, born as a demo."""
    from api.app import create_app

    with unit_of_work() as session:
        born_as(session, "demo")
        load_packs(session)
    yield from serve(create_app(testing=True))


def serve(application: Any) -> Iterator[str]:
    """Serve an application while the generator is held; tells its address."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()


class Visitor:
    """A page of a browser that remembers what it asked for and complained about."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )

    def open(self, path: str) -> Any:
        """Go to a page; returns the answer."""
        return self.page.goto(self.address + path)

    @property
    def strangers(self) -> list[str]:
        """Requests that left this machine's server."""
        return [url for url in self.asked if not url.startswith((self.address, "data:"))]


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """Open a visitor: ``visit(width=390, javascript=False)``."""
    contexts = []

    def open_visitor(*, width: int = 1440, javascript: bool = True) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=javascript
        )
        contexts.append(context)
        return Visitor(context.new_page(), address)

    yield open_visitor
    for context in contexts:
        context.close()
