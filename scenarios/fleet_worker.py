"""``python -m scenarios.fleet_worker KEY``: do a study of a fleet in a process of its own.

The store is found by ``CITYCLOCK_STORE``. SIGTERM ends it.
"""

from __future__ import annotations

import signal
import sys

from scenarios.fleet_job import work
from scenarios.location import locate


def main(key: str) -> int:
    """Do the job; return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work(locate(), key)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
