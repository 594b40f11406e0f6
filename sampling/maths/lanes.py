"""Compiled SHA-256 for very many short messages: sixteen side by side, as `hashlib` hashes one.

A call of `hashlib` costs ten times what the hash itself does, and a roster of a million units has
five million of them. Nothing is computed otherwise than there: `hashing` chooses, and its tests
hold both together, bit by bit. Only here is numba imported, and this module only where much is to
be hashed: small plans never load it.

References
----------
FIPS PUB 180-4 (2015). Secure Hash Standard, sections 4.1.2, 4.2.2, 5.1.1, 5.3.3 and 6.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_function: Any = cgutils.get_or_insert_function

WIDTH: Final = 16  # lanes: a register of 512 bits, two of 256, four of 128

# The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
_K: Final = (
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
)  # fmt: skip
# Of the square roots of the first 8.
START: Final = np.array([
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
], dtype=np.uint32)  # fmt: skip


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, and keep the result on disk where there is a place for it."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        made: Callable[..., Any] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to write: each process compiles for itself
        made = numba.njit(**options)(function)
    return made


def _swapped(builder: Any, word: Any) -> Any:
    kind = ir.FunctionType(word.type, (word.type,))
    return builder.call(_function(builder.module, kind, f"llvm.bswap.v{WIDTH}i32"), [word])


@intrinsic
def absorb(_typing: Any, words: Any, state: Any) -> Any:
    """Take one block in: ``words`` and ``state`` are addresses of uint32 (16, lanes), (8, lanes).

    The block is in the order of a little-endian machine. Written for vectors of all lanes at once,
    because the compiler does not find them by itself.
    """
    lane = ir.VectorType(ir.IntType(32), WIDTH)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        add, xor, both = builder.add, builder.xor, builder.and_
        kind = ir.FunctionType(lane, (lane, lane, lane))
        turning = _function(builder.module, kind, f"llvm.fshr.v{WIDTH}i32")

        def constant(value: int) -> Any:
            return ir.Constant(lane, [value] * WIDTH)

        def turn(x: Any, *counts: int) -> Any:
            one, *more = (builder.call(turning, [x, x, constant(count)]) for count in counts)
            for other in more:
                one = xor(one, other)
            return one

        def at(address: Any, place: int) -> Any:
            pointer = builder.inttoptr(address, lane.as_pointer())
            return builder.gep(pointer, [ir.Constant(ir.IntType(64), place)])

        source, kept = arguments
        w = [_swapped(builder, builder.load(at(source, t), align=4)) for t in range(16)]
        before = [builder.load(at(kept, i), align=4) for i in range(8)]
        a, b, c, d, e, f, g, h = before
        for t in range(64):
            if t >= 16:
                x, y = w[t - 15], w[t - 2]
                early = xor(turn(x, 7, 18), builder.lshr(x, constant(3)))
                late = xor(turn(y, 17, 19), builder.lshr(y, constant(10)))
                w.append(add(add(w[t - 16], early), add(w[t - 7], late)))
            chosen = xor(g, both(e, xor(f, g)))
            majority = builder.or_(both(a, b), both(c, builder.or_(a, b)))
            first = add(add(h, add(constant(_K[t]), w[t])), add(turn(e, 6, 11, 25), chosen))
            second = add(turn(a, 2, 13, 22), majority)
            a, b, c, d, e, f, g, h = add(first, second), a, b, c, add(d, first), e, f, g
        for i, word in enumerate((a, b, c, d, e, f, g, h)):
            builder.store(add(before[i], word), at(kept, i), align=4)
        return context.get_dummy_value()

    return types.none(types.intp, types.intp), generate


@compiled
def take(words: Any, state: Any) -> None:
    """`absorb` by itself: who calls it need not be compiled around it."""
    absorb(words, state)  # type: ignore[call-arg]


@compiled
def compress(start: Any, messages: Any, out: Any) -> None:
    """The states after whole blocks: (8,), (messages, 16 × blocks) as read, (messages, 8)."""
    w = np.empty((16, WIDTH), dtype=np.uint32)
    s = np.empty((8, WIDTH), dtype=np.uint32)
    count, blocks = messages.shape[0], messages.shape[1] // 16
    for first in range(0, count, WIDTH):
        lanes = min(WIDTH, count - first)
        for i in range(8):
            for n in range(WIDTH):
                s[i, n] = start[i]
        for b in range(blocks):
            for n in range(lanes):
                for t in range(16):
                    w[t, n] = messages[first + n, 16 * b + t]
            take(w.ctypes.data, s.ctypes.data)
        for n in range(lanes):
            for i in range(8):
                out[first + n, i] = s[i, n]
