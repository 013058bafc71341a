"""Random draws keyed by who draws and what for, never taken from a shared stream."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


class Streams:
    """Random generators of one run.

    The same entity draws the same numbers for the same purpose in both arms of a comparison,
    whatever other entities exist and in whatever order they draw (common random numbers).

    Parameters
    ----------
    seed
        Seed of the scenario.
    replication
        Number of the replication; each has draws of its own.
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication

    def generator(self, entity: str, purpose: str) -> np.random.Generator:
        """Fresh generator for one entity and purpose; every call returns the same draws again.

        The key of the Philox counter-based generator (Salmon et al. 2011, "Parallel random
        numbers: as easy as 1, 2, 3") is the 128-bit BLAKE2b hash of (seed, replication, entity,
        purpose). A process that draws repeatedly keeps its generator.
        """
        digest = blake2b(digest_size=16)
        for part in (str(int(self.seed)), str(int(self.replication)), entity, purpose):
            encoded = part.encode()
            # The length in front keeps ("ab", "c") and ("a", "bc") apart.
            digest.update(len(encoded).to_bytes(8, "little"))
            digest.update(encoded)
        key = int.from_bytes(digest.digest(), "little")
        return np.random.Generator(np.random.Philox(key=key))
