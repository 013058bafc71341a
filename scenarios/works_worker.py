"""``python -m scenarios.works_worker KEY``: do a study of works in a process of its own.

The store is found by ``CITYCLOCK_STORE``. SIGTERM ends it.
"""

from __future__ import annotations

import signal
import sys

from scenarios.location import locate
from scenarios.works_job import WorksJob


def main(key: str) -> int:
    """Do the job; return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    WorksJob(locate(), key).work()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
