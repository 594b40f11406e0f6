"""Feeds of what is published: Atom (RFC 4287) and JSON Feed 1.1, from the same entries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE = "application/atom+xml"
JSON_TYPE = "application/feed+json"
# Characters that XML 1.0 cannot hold, however they are escaped.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was published.

    Attributes
    ----------
    address : str
        Absolute address of its page; also its identity, which never changes.
    updated_at : datetime
        Later than ``published_at`` where it was withdrawn or added to.
    """

    address: str
    title: str
    summary: str
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its name, where it lies, which page it belongs to, and its entries, newest first."""

    title: str
    address: str
    page: str
    author: str
    entries: Sequence[Entry]
    empty_at: datetime  # what stands as its time while it has no entries


def atom(feed: Feed) -> bytes:
    """The feed as an Atom document."""
    ElementTree.register_namespace("", ATOM)
    root = ElementTree.Element(f"{{{ATOM}}}feed")

    def put(parent: ElementTree.Element, name: str, words: str = "", **facts: str) -> Any:
        element = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", facts)
        element.text = _UNFIT.sub("", words) or None
        return element

    put(root, "id", feed.address)
    put(root, "title", feed.title)
    put(root, "updated", _newest(feed).isoformat())
    put(root, "link", rel="self", href=feed.address, type=ATOM_TYPE)
    put(root, "link", rel="alternate", href=feed.page, type="text/html")
    put(put(root, "author"), "name", feed.author)
    for one in feed.entries:
        entry = put(root, "entry")
        put(entry, "id", one.address)
        put(entry, "title", one.title)
        put(entry, "link", rel="alternate", href=one.address, type="text/html")
        put(entry, "published", one.published_at.isoformat())
        put(entry, "updated", one.updated_at.isoformat())
        put(entry, "summary", one.summary)
    found: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def json_feed(feed: Feed) -> dict[str, Any]:
    """The feed as a JSON Feed document."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "authors": [{"name": feed.author}],
        "items": [
            {
                "id": one.address,
                "url": one.address,
                "title": one.title,
                "content_text": one.summary,
                "date_published": one.published_at.isoformat(),
                "date_modified": one.updated_at.isoformat(),
            }
            for one in feed.entries
        ],
    }


def _newest(feed: Feed) -> datetime:
    return max((one.updated_at for one in feed.entries), default=feed.empty_at)
