"""Random draws of many entities at once, keyed as in `sim.kernel.streams`.

Making a generator takes about as long as a hundred draws. A model with thousands of entities that
draw a few numbers a day takes them from here instead: entity and number of the draw are the
counter of a counter-based generator, so any draw can be had without those before it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from sim.kernel.compiled import compiled
from sim.kernel.streams import Streams

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

# Philox 4x64 with 10 rounds: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
_M0, _M1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_W0, _W1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_LOW, _HALF, _DROP = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(11)
_TO_UNIT = 2.0**-53


def entity_codes(names: Sequence[str]) -> Words:
    """Return a 64-bit code of each name, (N,): what stands for the entity in the counter."""
    codes = [blake2b(name.encode(), digest_size=8).digest() for name in names]
    return np.frombuffer(b"".join(codes), dtype="<u8").astype(np.uint64)


def draw_key(streams: Streams, purpose: str) -> Words:
    """Return the key, (2,), of all draws for one purpose in one replication."""
    digest = blake2b(digest_size=16)
    for part in (str(int(streams.seed)), str(int(streams.replication)), "", purpose):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return np.frombuffer(digest.digest(), dtype="<u8").astype(np.uint64)


@compiled
def _high(a, b):  # type: ignore[no-untyped-def]
    """Return the upper 64 bits of a product of two 64-bit words."""
    a0, a1, b0, b1 = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    middle = a1 * b0 + ((a0 * b0) >> _HALF)
    other = (middle & _LOW) + a0 * b1
    return a1 * b1 + (middle >> _HALF) + (other >> _HALF)


@compiled
def philox(key0, key1, c0, c1, c2, c3):  # type: ignore[no-untyped-def]
    """Return the four 64-bit words that key and counter stand for."""
    for _ in range(10):
        high0, low0 = _high(_M0, c0), _M0 * c0
        high1, low1 = _high(_M1, c2), _M1 * c2
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0
        key0, key1 = key0 + _W0, key1 + _W1
    return c0, c1, c2, c3


@compiled
def _fill(key, entities, first, out):  # type: ignore[no-untyped-def]
    zero = np.uint64(0)
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            words = philox(key[0], key[1], np.uint64(first + k), entities[i], zero, zero)
            out[i, k, 0] = float(words[0] >> _DROP) * _TO_UNIT
            out[i, k, 1] = float(words[1] >> _DROP) * _TO_UNIT
            out[i, k, 2] = float(words[2] >> _DROP) * _TO_UNIT
            out[i, k, 3] = float(words[3] >> _DROP) * _TO_UNIT


@compiled
def _to_normal(pairs):  # type: ignore[no-untyped-def]
    """Box and Muller 1958: two uniform draws in [0, 1) become two standard normal ones."""
    flat = pairs.reshape(-1)
    for i in range(0, flat.size, 2):
        radius = math.sqrt(-2.0 * math.log1p(-flat[i]))
        angle = 2.0 * math.pi * flat[i + 1]
        flat[i], flat[i + 1] = radius * math.cos(angle), radius * math.sin(angle)


def uniforms(key: Words, entities: Words, first: int, count: int) -> Floats:
    """Return uniform draws in [0, 1), (N, count, 4): four for each entity and number of a draw.

    Parameters
    ----------
    key : (2,) array
        From `draw_key`.
    entities : (N,) array
        From `entity_codes`.
    first, count : int
        Numbers of the draws: ``first`` to ``first + count - 1``. Draw 7 is the same whichever
        other draws are asked for.
    """
    out = np.empty((len(entities), count, 4))
    _fill(key, entities, first, out)
    return out


def normals(key: Words, entities: Words, first: int, count: int) -> Floats:
    """Return standard normal draws, (N, count, 4), numbered as in `uniforms`."""
    out = uniforms(key, entities, first, count)
    _to_normal(out)
    return out
