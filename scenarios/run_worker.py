"""``python -m scenarios.run_worker RUN_ID...``: work off queued runs in a process of their own.

The store is found by ``CITYCLOCK_STORE``. SIGTERM cancels the run under way.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from scenarios.run import work
from scenarios.store import Store


def main(run_ids: Sequence[str]) -> int:
    """Run the queued runs; return the exit code, 0 if all is in the store."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Store() as store:
        try:
            work(run_ids, store)
        except KeyboardInterrupt:
            for run_id in run_ids:
                store.cancel(run_id)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
