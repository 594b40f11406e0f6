"""Canonical JSON, the hash chain and Merkle trees against published values and by property."""

from __future__ import annotations

import hashlib
import json
import math
import string

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from core import chain

# Text without unpaired surrogates; large integers are tried apart.
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts, inner, max_size=4)
        | st.dictionaries(st.text(string.ascii_letters, max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)

# Inputs and roots of the reference tests of Certificate Transparency (google/certificate-
# transparency, merkle_tree_test.cc, Apache-2.0): the trees over the first 1 … 8 entries.
CT_ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def root_by_definition(entries: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, written as there: split at the largest power of two."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    left, right = root_by_definition(entries[:split]), root_by_definition(entries[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@given(values)
def test_canonical_bytes_equal_those_of_an_independent_implementation(value: object) -> None:
    assert chain.canonical_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(values)
def test_canonical_bytes_read_back_as_the_same_value(value: object) -> None:
    assert json.loads(chain.canonical_json(value)) == value


def test_keys_are_ordered_by_utf16_code_units_as_in_the_rfc() -> None:
    # RFC 8785, 3.2.3: the published sorting example; the emoji comes before U+FB33 although its
    # code point is larger.
    published = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }

    ordered = list(json.loads(chain.canonical_json(published)).values())

    assert ordered == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"rate": [1, 0.5]}, r"\$\.rate\[\]: 0\.5 is a float"),
        (math.nan, "is a float"),
        ({"n": 2**53}, "does not fit into 53 bits"),
        ({1: "one"}, "key 1 is not text"),
        ("\ud800", "unpaired surrogate U\\+D800"),
        ({"\udfff": 1}, "unpaired surrogate U\\+DFFF"),
        ({"raw": b"x"}, "bytes has no JSON form"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_place(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        chain.canonical_json(value)


def test_the_chain_names_the_first_entry_that_was_changed() -> None:
    bodies = [{"n": n, "text": "抽签"} for n in range(1, 6)]
    entries, previous = [], chain.GENESIS
    for number, body in enumerate(bodies, start=1):
        previous = chain.chain_hash(previous, body)
        entries.append(chain.ChainEntry(number, body, previous))

    changed = [*entries]
    changed[2] = chain.ChainEntry(3, {"n": 3, "text": "改"}, entries[2].hash)

    assert chain.verify_chain(entries) is None
    assert chain.verify_chain(changed) == 3
    assert chain.verify_chain([entries[0], entries[2]]) == 2


def test_an_entry_whose_hash_was_recomputed_breaks_the_next_one() -> None:
    first = chain.chain_hash(chain.GENESIS, {"n": 1})
    second = chain.chain_hash(first, {"n": 2})
    forged = chain.chain_hash(chain.GENESIS, {"n": 9})

    broken = chain.verify_chain(
        [chain.ChainEntry(1, {"n": 9}, forged), chain.ChainEntry(2, {"n": 2}, second)]
    )

    assert broken == 2


def test_roots_equal_the_published_ones() -> None:
    roots = [chain.merkle_root(CT_ENTRIES[:size]).hex() for size in range(1, 9)]

    assert roots == CT_ROOTS


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert chain.merkle_root([]) == hashlib.sha256(b"").digest()  # RFC 9162, 2.1.1


def test_proofs_of_seven_leaves_are_those_the_rfc_draws() -> None:
    # RFC 9162, 2.1.5: nodes a … l over d0 … d6.
    leaves = [bytes([n]) for n in range(7)]
    a, b, c, d, e, f, j = (chain.leaf_hash(leaf) for leaf in leaves)
    g, h, i = chain.node_hash(a, b), chain.node_hash(c, d), chain.node_hash(e, f)
    k, l = chain.node_hash(g, h), chain.node_hash(i, j)  # noqa: E741 - the RFC's letters
    tree = chain.merkle_tree(leaves)

    # The RFC's figure names the six inner nodes and leaf j in this order; its proofs:
    assert tree.inclusion_proof(0) == (b, h, l)
    assert tree.inclusion_proof(3) == (c, g, l)
    assert tree.inclusion_proof(4) == (f, j, k)
    assert tree.inclusion_proof(6) == (i, k)
    assert tree.consistency_proof(3) == (c, d, g, l)
    assert tree.consistency_proof(4) == (l,)
    assert tree.consistency_proof(6) == (i, j, k)


@given(st.lists(st.binary(max_size=6), max_size=40))
def test_the_tree_grown_from_below_is_the_tree_of_the_definition(entries: list[bytes]) -> None:
    assert chain.merkle_root(entries) == root_by_definition(entries)


@given(st.integers(1, 40), st.data())
def test_every_leaf_proves_its_place_and_no_other(size: int, data: st.DataObject) -> None:
    tree = chain.merkle_tree([bytes([n]) for n in range(size)])
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))

    proof = tree.inclusion_proof(index)

    holds = chain.verify_inclusion(
        leaf=tree.levels[0][other], index=index, size=size, proof=proof, root=tree.root
    )
    assert holds is (other == index)


@given(st.integers(1, 40), st.data())
def test_a_changed_or_cut_inclusion_proof_fails(size: int, data: st.DataObject) -> None:
    tree = chain.merkle_tree([bytes([n]) for n in range(size)])
    index = data.draw(st.integers(0, size - 1))
    proof = list(tree.inclusion_proof(index))
    wrong = [*proof, bytes(32)]
    if proof and data.draw(st.booleans()):
        wrong = proof[:-1]

    assert not chain.verify_inclusion(
        leaf=tree.levels[0][index], index=index, size=size, proof=wrong, root=tree.root
    )


@settings(max_examples=200)
@given(st.integers(1, 40), st.integers(0, 40))
def test_a_grown_tree_proves_that_it_kept_its_beginning(first: int, more: int) -> None:
    entries = [bytes([n]) for n in range(first + more)]
    tree = chain.merkle_tree(entries)
    proof = tree.consistency_proof(first)

    def holds(old_root: bytes) -> bool:
        return chain.verify_consistency(
            first=first,
            second=first + more,
            first_root=old_root,
            second_root=tree.root,
            proof=proof,
        )

    assert holds(chain.merkle_root(entries[:first]))
    assert not holds(chain.merkle_root([b"other", *entries[1:first]]))


@pytest.mark.parametrize("first", [0, 8])
def test_a_consistency_proof_needs_a_beginning_within_the_tree(first: int) -> None:
    tree = chain.merkle_tree([bytes([n]) for n in range(7)])

    with pytest.raises(ValueError, match=r"first must lie in \[1, 7\]"):
        tree.consistency_proof(first)


def test_sm3_gives_the_value_of_the_standard() -> None:
    # GB/T 32905-2016, annex A.1: the message "abc".
    assert (
        chain.digest(b"abc", "sm3").hex()
        == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


def test_a_python_without_sm3_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(name: str, *_: object) -> None:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(hashlib, "new", unsupported)

    with pytest.raises(ValueError, match="SM3 is not offered"):
        chain.digest(b"abc", "sm3")


def test_an_unknown_digest_is_refused() -> None:
    with pytest.raises(ValueError, match="digest must be one of sha256, sm3, got 'md5'"):
        chain.digest(b"", "md5")
