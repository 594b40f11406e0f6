"""Identifiers: every writing of one thing has one key, and no text breaks the reader."""

from __future__ import annotations

import string
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maths.epcis.event import IdentifierKind as Kind
from traceability.maths.epcis.identifiers import identify, identify_lot
from traceability.maths.epcis.keys import check_digit
from traceability.maths.epcis.links import parse

HOST = "https://id.gs1.org/"
SET_82 = "!\"%&'()*+,-./0123456789:;<=>?_" + string.ascii_letters

# GTIN 9521141123454 etc.: see test_hashing for the sums of the check digits.
WRITINGS = [
    ("urn:epc:id:sgtin:9521141.012345.77", "01/09521141123454/21/77", Kind.INSTANCE),
    ("urn:epc:class:lgtin:9521141.012345.L-7", "01/09521141123454/10/L-7", Kind.LOT),
    ("urn:epc:idpat:sgtin:9521141.012345.*", "01/09521141123454", Kind.CLASS),
    ("urn:epc:id:sgln:9521141.00001.0", "414/9521141000014", Kind.PLACE),
    ("urn:epc:id:sgln:9521141.00001.dock/2".replace("/", "%2F"),
     "414/9521141000014/254/dock%2F2", Kind.PLACE),
    ("urn:epc:id:pgln:9521141.00001", "417/9521141000014", Kind.PARTY),
    ("urn:epc:id:sscc:9521141.0000000042", "00/095211410000000427", Kind.CONTAINER),
    ("urn:epc:id:giai:9521141.A-9", "8004/9521141A-9", Kind.ASSET),
    ("urn:epc:id:cpi:9521141.PART.5", "8010/9521141PART/8011/5", Kind.INSTANCE),
    ("urn:epc:idpat:cpi:9521141.PART.*", "8010/9521141PART", Kind.CLASS),
    ("URN:EPC:ID:SGTIN:9521141.012345.77", "01/09521141123454/21/77", Kind.INSTANCE),
    ("https://shop.example/p/01/9521141123454/10/L-7", "01/09521141123454/10/L-7", Kind.LOT),
    ("HTTP://Shop.example/gtin/09521141123454/lot/L-7/", "01/09521141123454/10/L-7", Kind.LOT),
    (f"{HOST}01/09521141123454/10/L-7/21/77?17=261231#x", "01/09521141123454/21/77",
     Kind.INSTANCE),
    (f"{HOST}01/09521141123454/22/2A", "01/09521141123454", Kind.CLASS),
    (f"{HOST}01/96385074", "01/00000096385074", Kind.CLASS),
    (f"{HOST}414/9521141000014/254/dock%2f2", "414/9521141000014/254/dock%2F2", Kind.PLACE),
    (f"{HOST}8006/095211411234540102/10/L", "8006/095211411234540102/10/L", Kind.LOT),
    (f"{HOST}01/09521141123454/10/%4C-7", "01/09521141123454/10/L-7", Kind.LOT),
    ("(01)09521141123454(10)L-7", "01/09521141123454/10/L-7", Kind.LOT),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "kind"), WRITINGS)
def test_a_gs1_key_has_one_canonical_writing(text: str, path: str, kind: Kind) -> None:
    found = identify(text)

    assert (found.key, found.kind) == (HOST + path, kind)


OPAQUE = [
    "urn:oid:1.2.156.3088.1",
    "MA.156.M07000.1/A1",
    "100003693060000120260407",
    "https://example.com/01/not-a-number",
    "https://example.com/trace/10/7",
    f"{HOST}01/09521141123454/99/x",
    f"{HOST}01/09521141123454/10/a/10/b",
    f"{HOST}01/09521141123454/10/%zz",
    "urn:epc:idpat:sgtin:9521141.*.*",
    "urn:epc:id:gid:1.2.3",
    "geo:50.9,6.9",
    "",
    "urn:epc:",
    "(01)1",
]


@pytest.mark.parametrize("text", OPAQUE)
def test_what_is_no_gs1_key_is_compared_as_written(text: str) -> None:
    found = identify(text)

    assert (found.key, found.kind, found.gtin) == (text, Kind.OPAQUE, None)


def test_the_case_of_a_uuid_says_nothing() -> None:
    assert identify("urn:uuid:AB-1").key == identify("URN:UUID:ab-1").key == "urn:uuid:ab-1"


def test_a_business_document_is_a_document() -> None:
    assert identify("urn:epcglobal:cbv:bt:9521141000014:D-77").kind is Kind.DOCUMENT


FLAWS = {
    "urn:epc:id:sgtin:9521141.12345.7": "need 13 digits together",
    "urn:epc:id:sgtin:95211.01234567.7": "6 to 12 digits",
    "urn:epc:id:sgtin:9521141.012345": "3 parts",
    "urn:epc:id:sgtin:9521141.012345.": "1 to 20 characters",
    "urn:epc:id:sgtin:9521141.012345.123456789012345678901": "1 to 20 characters",
    "urn:epc:id:sgtin:9521141.012345.a%2": "broken escape",
    "urn:epc:id:sgtin:9521141.012345.乳": "character set 82",
    "urn:epc:id:sgtin:９521141.012345.7": "6 to 12 digits",
    "urn:epc:id:sscc:9521141.000000004": "17 digits",
    "urn:epc:id:pgln:9521141.1": "12 digits",
    "urn:epc:class:lgtin:9521141.0123456.L": "13 digits",
    "urn:epc:id:cpi:9521141.part.5": "set 39",
    "urn:epc:id:itip:9521141.012345.1.02.7": "2 digits each",
}


@pytest.mark.parametrize(("text", "words"), FLAWS.items())
def test_a_damaged_urn_tells_its_flaw(text: str, words: str) -> None:
    link = parse(text)

    assert link is not None
    assert link.flaw is not None
    assert words in link.flaw
    assert identify(text).kind is Kind.OPAQUE


def test_a_wrong_check_digit_is_a_doubt_and_no_flaw() -> None:
    link = parse(f"{HOST}01/09521141123455/10/L")

    assert link is not None
    assert link.flaw is None
    assert link.doubt == "the check digit of GTIN 09521141123455 should be 4"


@given(st.text(string.digits, min_size=1, max_size=17))
def test_the_check_digit_makes_the_weighted_sum_a_multiple_of_ten(digits: str) -> None:
    whole = digits + check_digit(digits)

    weighted = sum(int(each) * (3 if place % 2 else 1) for place, each in enumerate(whole[::-1]))
    assert weighted % 10 == 0


@st.composite
def lots(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """Company prefix, indicator, item reference and a lot with any character it may have."""
    length = draw(st.integers(6, 12))
    prefix = draw(st.text(string.digits, min_size=length, max_size=length))
    rest = 13 - length
    reference = draw(st.text(string.digits, min_size=rest, max_size=rest))
    lot = draw(
        st.text(SET_82, min_size=1, max_size=20).filter(lambda text: text not in {".", ".."})
    )
    return prefix, reference[0], reference[1:], lot


@given(lots(), st.booleans())
@settings(max_examples=300)
def test_urn_link_and_pair_of_one_lot_have_one_key(
    made: tuple[str, str, str, str], lower: bool
) -> None:
    prefix, indicator, reference, lot = made
    gtin = indicator + prefix + reference
    gtin += check_digit(gtin)
    escaped = quote(lot, safe="")
    escaped = escaped.replace("%2", "%2").lower() if lower and lot.islower() else escaped

    urn = identify(f"urn:epc:class:lgtin:{prefix}.{indicator}{reference}.{escaped}")
    link = identify(f"http://dl.example/ai/01/{gtin}/10/{escaped}?x=1")
    pair = identify_lot(gtin, lot)

    assert urn.key == link.key == pair.key
    assert (urn.gtin, urn.lot) == (link.gtin, link.lot) == (gtin, lot)
    assert identify(urn.key).key == urn.key  # idempotent


@given(
    st.one_of(
        st.text(),
        st.text().map(lambda text: "urn:epc:id:sgtin:" + text),
        st.text().map(lambda text: "https://id.gs1.org/01/" + text),
        st.lists(
            st.sampled_from(
                [*string.printable, "urn:epc:", "id:", "idpat:", "class:", "sgtin:", "lgtin:", "01",
                 "/10/", "/21/", "https://", "%", ".", ".*", "(01)", "8004", "9521141"]
            ),
            max_size=12,
        ).map("".join),
    )
)  # fmt: skip
@settings(max_examples=500)
def test_no_text_breaks_the_reader(text: str) -> None:
    found = identify(text)

    assert identify(found.key).key == found.key


@pytest.mark.parametrize("gtin", ["123", "0952114112345x", "", "９521141123454"])
def test_a_pair_needs_a_gtin(gtin: str) -> None:
    with pytest.raises(ValueError, match="8, 12, 13 or 14 digits"):
        identify_lot(gtin, "L")


@pytest.mark.parametrize("lot", ["", "批号一", "x" * 21, "a b"])
def test_a_pair_needs_a_lot_gs1_can_write(lot: str) -> None:
    with pytest.raises(ValueError, match="set 82"):
        identify_lot("09521141123454", lot)
