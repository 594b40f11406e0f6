"""GS1 keys in their two writings, EPC URN and Digital Link, brought to one.

The canonical writing is the Digital Link on ``id.gs1.org`` at its finest level: with a serial
number the lot is not repeated, other attributes are dropped.
"""

from __future__ import annotations

from traceability.maths.epcis.keys import Link
from traceability.maths.epcis.urns import parse_urn
from traceability.maths.epcis.weblinks import parse_web

_LONGEST = 512  # characters; no GS1 key comes near


def parse(text: str) -> Link | None:
    """The GS1 key a text writes; None where it writes none.

    Never raises, whatever the text.

    Examples
    --------
    >>> parse("urn:epc:class:lgtin:4012345.012345.Lot987").uri
    'https://id.gs1.org/01/04012345123456/10/Lot987'
    >>> parse("https://example.com/shop/gtin/4012345123456/lot/Lot987?x=1").uri
    'https://id.gs1.org/01/04012345123456/10/Lot987'
    """
    if len(text) > _LONGEST:
        return None
    head = text[:8].lower()
    if head == "urn:epc:":
        return parse_urn(text)
    if head.startswith(("http://", "https://")):
        return parse_web(text)
    return None
