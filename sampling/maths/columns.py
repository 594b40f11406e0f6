"""A frozen roster as columns: hashed, ranked, kept and proved in blocks of 65,536 units.

The bytes are those of `commitment.FrameUnit.leaf` and `commitment.frame_tree`; only the way of
computing differs. A million units take 60 MB instead of a gigabyte of objects, and each block
can be hashed by itself, by another process, or fetched by itself from where it is kept.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from core.chain import canonical_json, grown, hash_all, hasher, merkle_root, merkle_tree
from sampling.maths.commitment import FrameUnit, checked_code, length_prefixed, recused_hash
from sampling.maths.hashing import Table, digests, is_compiled, tree_root
from sampling.maths.spread import Listener, silent, spread

BLOCK: Final = 2**16  # units; a power of two, so that blocks are whole subtrees
_MAGIC: Final = b"ZHF1"
_LONGEST_CODE: Final = 64


@dataclass(frozen=True, slots=True)
class Kind:
    """What units share: everything in a leaf but code and recusals."""

    stratum: str
    category: str
    region: str
    odds_num: int = 1
    odds_den: int = 1
    chance: int | None = None

    def before(self) -> bytes:
        """The part of a leaf between its code and its recusals."""
        odds = (str(self.odds_num), str(self.odds_den))
        shared = length_prefixed(self.stratum, *odds, self.category, self.region)
        return shared + b"\x00\x00\x00\x20"

    def after(self) -> bytes:
        """The part of a leaf after its recusals."""
        return b"" if self.chance is None else length_prefixed(str(self.chance))


@dataclass(frozen=True, slots=True, eq=False)
class FrameColumns:
    """A roster in frame order: shorter codes first, then by bytes.

    Attributes
    ----------
    codes : shape (units,), dtype "S"
        ASCII; without repeats.
    kind : shape (units,), dtype uint32
        Place in ``kinds``.
    kinds : tuple of Kind
    recused : shape (units, 32), dtype uint8
        Salted hash of the inspectors who must not visit the unit; none before it is computed.
    """

    codes: npt.NDArray[np.bytes_]
    kind: npt.NDArray[np.uint32]
    kinds: tuple[Kind, ...]
    recused: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        if not self.codes.shape == self.kind.shape == self.recused.shape[:1]:
            raise ValueError("codes, kinds and recusals must be as many")
        _check_order(self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return -(-len(self) // BLOCK)

    def block(self, number: int) -> FrameColumns:
        """The units of one block; shares memory with the whole."""
        part = slice(number * BLOCK, (number + 1) * BLOCK)
        kind, kinds = self.kind[part], self.kinds
        if len(kinds) > BLOCK // 8:  # odds of their own: keep those that occur in the block
            used, local = np.unique(kind, return_inverse=True)
            kind, kinds = local.astype(np.uint32), tuple(kinds[n] for n in used.tolist())
        return FrameColumns(self.codes[part], kind, kinds, self.recused[part])

    def code(self, row: int) -> str:
        """The code in a row."""
        return bytes(self.codes[row]).decode("ascii")

    def rows_of(self, codes: Iterable[str]) -> dict[str, int]:
        """The rows of some codes, in their order; one that is not in the roster is absent."""
        width = self.codes.dtype.itemsize
        wanted: dict[int, dict[bytes, str]] = {}
        for code in codes:
            if 0 < len(code) <= width and code.isascii():
                wanted.setdefault(len(code), {})[code.encode()] = code
        lengths = np.char.str_len(self.codes) if wanted else np.empty(0, dtype=np.intp)
        found = {}
        for length, texts in sorted(wanted.items()):  # codes of one length are sorted by bytes
            first, end = np.searchsorted(lengths, [length, length + 1]).tolist()
            part, asked = self.codes[first:end], np.array(sorted(texts), dtype=self.codes.dtype)
            places = np.searchsorted(part, asked)
            asked, places = asked[places < len(part)], places[places < len(part)]
            rows = (first + places[part[places] == asked]).tolist()
            found.update({texts[bytes(self.codes[row])]: row for row in rows})
        return found

    def unit(self, row: int) -> FrameUnit:
        """One unit as an object."""
        kind = self.kinds[self.kind[row]]
        return FrameUnit(
            code=self.code(row),
            stratum=kind.stratum,
            category=kind.category,
            region=kind.region,
            recused=self.recused[row].tobytes(),
            odds_num=kind.odds_num,
            odds_den=kind.odds_den,
            chance=kind.chance,
        )

    def units(self) -> Iterator[FrameUnit]:
        """The units as objects, in frame order."""
        return map(self.unit, range(len(self)))

    def strata(self) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
        """For each unit the place of its stratum among the strata, and these."""
        keys = tuple(dict.fromkeys(kind.stratum for kind in self.kinds))
        place = {key: number for number, key in enumerate(keys)}
        of_kind = np.fromiter((place[kind.stratum] for kind in self.kinds), dtype=np.intp)
        return of_kind[self.kind] if len(keys) else np.empty(0, dtype=np.intp), keys

    def sizes(self) -> dict[str, int]:
        """Units by stratum."""
        where, keys = self.strata()
        counts = np.bincount(where, minlength=len(keys)).tolist()
        return {key: count for key, count in zip(keys, counts, strict=True) if count}


def _check_order(codes: npt.NDArray[np.bytes_]) -> None:
    if len(codes) < 2:
        return
    lengths = np.char.str_len(codes)
    shorter = lengths[:-1] < lengths[1:]
    rising = shorter | ((lengths[:-1] == lengths[1:]) & (codes[:-1] < codes[1:]))
    if rising.all():
        return
    row = int(np.argmin(rising))
    before, after = bytes(codes[row]).decode(), bytes(codes[row + 1]).decode()
    if before == after:
        raise ValueError(f"unit {after} is in the roster twice")
    raise ValueError(f"units {before} and {after} are not in frame order")


def frame_order(codes: Sequence[str]) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.intp]]:
    """Codes in frame order, and where each came from.

    Raises
    ------
    ValueError
        If a code cannot be used in a draw.
    """
    try:
        column = np.array(codes, dtype=np.bytes_) if len(codes) else np.empty(0, dtype="S1")
    except UnicodeEncodeError:
        column = np.empty(0, dtype="S1")
    lengths = np.char.str_len(column)
    # numpy drops zeros at the end of a text: lengths tell.
    whole = len(column) == len(codes) and int(lengths.sum()) == sum(map(len, codes))
    if not whole or not _are_usable(column):
        for code in codes:
            checked_code(code)
    order = np.arange(len(column))
    if (np.diff(lengths) < 0).any() or (column[:-1] > column[1:]).any():
        order = np.lexsort((column, lengths))
    return column[order], order


def _are_usable(column: npt.NDArray[np.bytes_]) -> bool:
    """Printable ASCII without blanks, 1 to 64 long? Zeros are numpy's filling."""
    width = column.dtype.itemsize
    if width > _LONGEST_CODE:
        return False
    table = column.view(np.uint8).reshape(len(column), width)
    inside = (table >= 0x21) & (table <= 0x7E)
    filled = np.char.str_len(column)
    return bool((filled > 0).all() and (inside.sum(axis=1) == filled).all())


def columns_of(units: Sequence[FrameUnit]) -> FrameColumns:
    """The columns of some units, in whatever order they come.

    Raises
    ------
    ValueError
        If a code occurs twice.
    """
    known: dict[Kind, int] = {}
    place = [
        known.setdefault(
            Kind(
                unit.stratum,
                unit.category,
                unit.region,
                unit.odds_num,
                unit.odds_den,
                unit.chance,
            ),
            len(known),
        )
        for unit in units
    ]
    codes, order = frame_order([unit.code for unit in units])
    recused = np.frombuffer(b"".join(unit.recused for unit in units), dtype=np.uint8)
    return FrameColumns(
        codes=codes,
        kind=np.array(place, dtype=np.uint32)[order],
        kinds=tuple(known),
        recused=recused.reshape(len(units), 32)[order],
    )


def with_odds(columns: FrameColumns, given: Sequence[tuple[int, int, int | None]]) -> FrameColumns:
    """The same roster with odds and stated chance (numerator, denominator, chance) of each unit."""
    known: dict[tuple[int, tuple[int, int, int | None]], int] = {}
    kind = [
        known.setdefault(pair, len(known))
        for pair in zip(columns.kind.tolist(), given, strict=True)
    ]
    return replace(
        columns,
        kind=np.array(kind, dtype=np.uint32),
        kinds=tuple(
            replace(columns.kinds[old], odds_num=num, odds_den=den, chance=chance)
            for old, (num, den, chance) in known
        ),
    )


# Hashes


@dataclass(frozen=True, slots=True)
class Closing:
    """What a unit's hidden recusals are made of."""

    secret: bytes
    recused: Mapping[str, frozenset[str]]  # inspectors by code; most units have none


def closed(
    columns: FrameColumns,
    closing: Closing,
    algorithm: str = "sha256",
    *,
    processes: int | None = None,
    progress: Listener = silent,
) -> tuple[FrameColumns, tuple[bytes, ...]]:
    """The roster with its recusals hidden (`closed_recusals`), and the roots of its blocks.

    Parameters
    ----------
    columns : FrameColumns
        Its ``recused`` is not looked at.
    progress : callable
        Told ("leaves", blocks done, blocks) before each block; may raise to stop.
    """

    def work(number: int) -> bytes:
        block = columns.block(number)
        hidden = _hidden(block, closing, algorithm, compiled)
        return _block_root(block, hidden, algorithm, compiled) + hidden.tobytes()

    compiled = is_compiled(len(columns), algorithm)
    found = spread(
        columns.blocks,
        32 * (BLOCK + 1),
        work,
        processes=processes,
        stage="leaves",
        progress=progress,
        by_threads=compiled,
    )
    recused = np.frombuffer(b"".join([each[32:] for each in found]), dtype=np.uint8)
    whole = FrameColumns(
        columns.codes, columns.kind, columns.kinds, recused.reshape(len(columns), 32)
    )
    return whole, tuple(each[:32] for each in found)


def block_roots(
    columns: FrameColumns,
    algorithm: str = "sha256",
    *,
    processes: int | None = None,
    progress: Listener = silent,
) -> tuple[bytes, ...]:
    """The Merkle root of each block; `core.chain.grown` makes the root of the roster of them."""

    def work(number: int) -> bytes:
        block = columns.block(number)
        return _block_root(block, block.recused, algorithm, compiled)

    compiled = is_compiled(len(columns), algorithm)
    return tuple(
        spread(
            columns.blocks,
            32,
            work,
            processes=processes,
            stage="leaves",
            progress=progress,
            by_threads=compiled,
        )
    )


def root_of(roots: Sequence[bytes], algorithm: str = "sha256") -> bytes:
    """The root of a roster from those of its blocks: `frame_tree(units).root`."""
    return grown(roots, algorithm) if roots else merkle_root([], algorithm)


def ticket_column(
    columns: FrameColumns,
    prefix: bytes,
    algorithm: str = "sha256",
    *,
    processes: int | None = None,
    progress: Listener = silent,
) -> bytes:
    """The tickets of all units, one after another, 32 bytes each.

    Parameters
    ----------
    prefix : bytes, shape (64,)
        `draw.ticket_prefix`.
    """

    def work(number: int) -> bytes:
        codes = columns.block(number).codes
        return _hashed_codes(prefix, codes, algorithm, compiled).tobytes()

    compiled = is_compiled(len(columns), algorithm)
    found = spread(
        columns.blocks,
        32 * BLOCK,
        work,
        processes=processes,
        stage="tickets",
        progress=progress,
        by_threads=compiled,
    )
    return b"".join(found)


def inclusion_proof(
    columns: FrameColumns, row: int, roots: Sequence[bytes], algorithm: str = "sha256"
) -> tuple[bytes, ...]:
    """The siblings from a unit's leaf to the root of the roster (RFC 9162, 2.1.3.1).

    Hashes one block, not the roster: the roots of the others are known.
    """
    block = columns.block(row // BLOCK)
    within = merkle_tree((unit.leaf() for unit in block.units()), algorithm)
    above = _TreeOfRoots(tuple(roots), algorithm)
    return (*within.inclusion_proof(row % BLOCK), *above.proof(row // BLOCK))


@dataclass(frozen=True, slots=True)
class _TreeOfRoots:
    roots: tuple[bytes, ...]
    algorithm: str

    def proof(self, index: int) -> list[bytes]:
        level, found = list(self.roots), []
        make = hasher(self.algorithm)
        make.update(b"\x01")
        while len(level) > 1:
            if index ^ 1 < len(level):
                found.append(level[index ^ 1])
            pairs = zip(level[0::2], level[1::2], strict=False)
            level = hash_all(make, [a + b for a, b in pairs]) + level[len(level) & ~1 :]
            index >>= 1
        return found


def _block_root(block: FrameColumns, hidden: Table, algorithm: str, compiled: bool) -> bytes:
    before = [kind.before() for kind in block.kinds]
    after = [kind.after() for kind in block.kinds]
    leaves = np.empty((len(block), 32), dtype=np.uint8)
    shapes = np.array([(len(b), len(a)) for b, a in zip(before, after, strict=True)])
    lengths = np.char.str_len(block.codes)
    # Leaves of one shape are hashed together.
    key = (lengths << 32) + (shapes[:, 0] << 16)[block.kind] + shapes[:, 1][block.kind]
    for shape in np.unique(key).tolist():
        rows = np.flatnonzero(key == shape)
        whole = slice(None) if len(rows) == len(block) else rows
        length, wide, last = shape >> 32, shape >> 16 & 0xFFFF, shape & 0xFFFF
        kind = block.kind[whole]
        fields: list[bytes | Table] = [
            b"\x00" + length_prefixed("unit") + length.to_bytes(4, "big"),
            _bytes_of(block.codes)[whole, :length],
            _table_of(before, wide)[kind],
            hidden[whole],
        ]
        if last:
            fields.append(_table_of(after, last)[kind])
        leaves[whole] = digests(len(rows), fields, algorithm, compiled=compiled)
    if compiled and len(leaves):
        return tree_root(leaves)
    return grown(_rows(leaves), algorithm)


def _bytes_of(codes: npt.NDArray[np.bytes_]) -> Table:
    return np.ascontiguousarray(codes).view(np.uint8).reshape(len(codes), codes.dtype.itemsize)


def _table_of(texts: Sequence[bytes], width: int) -> Table:
    """The texts of one width, row by row; those of another stay empty."""
    table = np.zeros((len(texts), width), dtype=np.uint8)
    for row, text in enumerate(texts):
        if len(text) == width:
            table[row] = np.frombuffer(text, dtype=np.uint8)
    return table


def _hidden(block: FrameColumns, closing: Closing, algorithm: str, compiled: bool) -> Table:
    prefix = length_prefixed("salt", closing.secret)
    salts = _hashed_codes(prefix, block.codes, algorithm, compiled)
    fields: list[bytes | Table] = [length_prefixed("recused") + b"\x00\x00\x00\x20", salts]
    hashes = digests(len(block), fields, algorithm, compiled=compiled)
    if closing.recused:
        for code, row in block.rows_of(closing.recused).items():
            found = recused_hash(bytes(salts[row]), closing.recused[code], algorithm)
            hashes[row] = np.frombuffer(found, dtype=np.uint8)
    return hashes


def _hashed_codes(
    prefix: bytes, codes: npt.NDArray[np.bytes_], algorithm: str, compiled: bool
) -> Table:
    """H(prefix ‖ LP(code)) for each code: codes of one length are hashed together."""
    lengths = np.char.str_len(codes)
    edges = np.flatnonzero(np.diff(lengths)) + 1  # frame order: lengths only grow
    found = [np.empty((0, 32), dtype=np.uint8)]
    for part in np.split(codes, edges):
        if len(part):
            length = len(part[0])
            fields: list[bytes | Table] = [
                prefix + length.to_bytes(4, "big"),
                _bytes_of(part)[:, :length],
            ]
            found.append(digests(len(part), fields, algorithm, compiled=compiled))
    return np.concatenate(found)


def _rows(table: npt.NDArray[np.uint8]) -> list[bytes]:
    raw = table.tobytes()
    return [raw[at : at + 32] for at in range(0, len(raw), 32)]


# Bytes


def encoded(block: FrameColumns) -> bytes:
    """One block as bytes to keep: columns one after another, compressed where that helps."""
    used = np.flatnonzero(np.bincount(block.kind, minlength=len(block.kinds)))
    kinds = [block.kinds[number] for number in used.tolist()]
    local = np.zeros(len(block.kinds), dtype=np.intp)
    local[used] = np.arange(len(used))
    small = local[block.kind].astype("<u2" if len(kinds) < 2**16 else "<u4")
    width = block.codes.dtype.itemsize
    table = block.codes.view(np.uint8).reshape(len(block), width)
    columns = [
        zlib.compress(np.ascontiguousarray(table.T).tobytes(), 1),  # alike bytes side by side
        zlib.compress(small.tobytes(), 1),
        block.recused.tobytes(),  # hashes do not compress
    ]
    head = canonical_json(
        {
            "size": len(block),
            "width": width,
            "kinds": [  # odds as text: they may be larger than JSON's integers
                [k.stratum, k.category, k.region, str(k.odds_num), str(k.odds_den), k.chance]
                for k in kinds
            ],
            "lengths": [len(column) for column in columns],
        }
    )
    return b"".join([_MAGIC, len(head).to_bytes(4, "big"), head, *columns])


def decoded(blocks: Sequence[bytes]) -> FrameColumns:
    """The roster from its blocks.

    Raises
    ------
    ValueError
        If they are not what `encoded` made.
    """
    parts = [_decoded(block) for block in blocks]
    kinds: dict[Kind, int] = {}
    width = max((part.codes.dtype.itemsize for part in parts), default=1)
    codes, places, recused = [], [], []
    for part in parts:
        to_whole = np.array(
            [kinds.setdefault(kind, len(kinds)) for kind in part.kinds], dtype=np.uint32
        )
        codes.append(part.codes.astype(f"S{width}"))
        places.append(to_whole[part.kind])
        recused.append(part.recused)
    if not parts:
        empty = np.empty(0, dtype=np.uint32)
        return FrameColumns(np.empty(0, dtype="S1"), empty, (), np.empty((0, 32), dtype=np.uint8))
    return FrameColumns(
        np.concatenate(codes), np.concatenate(places), tuple(kinds), np.concatenate(recused)
    )


def _decoded(content: bytes) -> FrameColumns:
    if content[:4] != _MAGIC:
        raise ValueError("this is not a block of a roster")
    try:
        end = 8 + int.from_bytes(content[4:8], "big")
        head = json.loads(content[8:end])
        size, width = head["size"], head["width"]
        raw = []
        for length in head["lengths"]:
            raw.append(content[end : end + length])
            end += length
        table = np.frombuffer(zlib.decompress(raw[0]), dtype=np.uint8).reshape(width, size)
        kinds = tuple(
            Kind(stratum, category, region, int(odds_num), int(odds_den), chance)
            for stratum, category, region, odds_num, odds_den, chance in head["kinds"]
        )
        wide = "<u2" if len(kinds) < 2**16 else "<u4"
        return FrameColumns(
            codes=np.ascontiguousarray(table.T).view(f"S{width}").reshape(size),
            kind=np.frombuffer(zlib.decompress(raw[1]), dtype=wide).astype(np.uint32),
            kinds=kinds,
            recused=np.frombuffer(raw[2], dtype=np.uint8).reshape(size, 32),
        )
    except (ArithmeticError, LookupError, TypeError, ValueError, zlib.error) as error:
        raise ValueError(f"a block of the roster is damaged: {error}") from None


def frame_json(columns: FrameColumns) -> bytes:
    """frame.json of the bundle: canonical JSON of `bundle.frame_part`, written row by row."""
    has_chances = any(kind.chance is not None for kind in columns.kinds)
    after = [
        b'",%s]' % canonical_json(kind.chance) if has_chances else b'"]' for kind in columns.kinds
    ]
    before = [
        b'",%s,%d,%d,%s,%s,"'
        % (
            canonical_json(kind.stratum),
            kind.odds_num,
            kind.odds_den,
            canonical_json(kind.category),
            canonical_json(kind.region),
        )
        for kind in columns.kinds
    ]
    found = []
    for number in range(columns.blocks):
        part = slice(number * BLOCK, (number + 1) * BLOCK)
        hexes = columns.recused[part].tobytes().hex().encode()
        codes = [_escaped(code) for code in columns.codes[part].tolist()]
        found.append(
            b",".join(
                [
                    b'["' + code + before[kind] + hexes[at : at + 64] + after[kind]
                    for code, kind, at in zip(
                        codes, columns.kind[part].tolist(), range(0, len(hexes), 64), strict=True
                    )
                ]
            )
        )
    names = ["code", "stratum", "odds_num", "odds_den", "category", "region", "recused"]
    head = canonical_json([*names, "chance"] if has_chances else names)
    return b"".join([b'{"columns":', head, b',"units":[', b",".join(found), b"]}"])


def _escaped(code: bytes) -> bytes:
    """A code inside JSON text: only two printable characters are written otherwise."""
    if b'"' in code or b"\\" in code:
        return code.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return code
