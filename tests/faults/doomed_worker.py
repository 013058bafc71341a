"""A process that runs tank scenarios into a store until it is killed, or kills itself.

``python doomed_worker.py POINT`` in the folder of ``tank.toml``. POINT says where in the second
run it kills itself with SIGKILL: ``nowhere``, or one of `POINTS`. It prints the id of every run
that it has been told is done.
"""

import os
import signal
import sys

from scenarios import document, durable
from scenarios.run import run_scenario
from scenarios.store import Store
from sim.kernel.recorder import Record
from tests.conformance.tank import TANK

POINTS = (
    "simulating", "some files written", "all files written", "renamed", "in the transaction",
    "committed",
)  # fmt: skip


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    """Make the process die at `point` from now on."""
    write, write_text, publish, commit = (
        Record.write, durable.write_text, durable.publish, Store._commit,
    )  # fmt: skip

    def dying_write(record, folder):
        if point == "some files written":
            folder.mkdir()
            (folder / "ledgers.parquet").write_bytes(b"half a fi")
            die()
        return write(record, folder)

    def dying_write_text(path, text):
        write_text(path, text)
        if point == "all files written":
            die()

    def dying_publish(temporary, final):
        publish(temporary, final)
        if point == "renamed":
            die()

    def dying_commit(store, run_id, result, owner=None):
        if point == "in the transaction":
            with store._database.write() as connection:
                connection.exec_driver_sql(
                    f"UPDATE runs SET status = 'done', stage = 'half' WHERE id = '{run_id}'"
                )
                die()
        done = commit(store, run_id, result, owner)
        if point == "committed":
            die()
        return done

    Record.write, durable.write_text = dying_write, dying_write_text
    durable.publish, Store._commit = dying_publish, dying_commit


def main(point: str) -> None:
    systems = {"tank": TANK}
    with Store() as store:
        for number in range(10_000):
            scenario = document.load("tank.toml", [f"seed={number}"], systems=systems)
            if number == 1:
                arm(point)
            progress = (lambda *_: die()) if point == "simulating" and number == 1 else None
            (run,) = run_scenario(scenario, store=store, systems=systems, progress=progress)
            print(run.id, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
