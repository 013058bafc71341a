"""EPA SWMM 5: reading and writing its input files, and running it as the reference engine."""

from sim.drainage.swmm.engine import SwmmError, SwmmResult, run_swmm
from sim.drainage.swmm.options import SwmmOptions
from sim.drainage.swmm.reader import Imported, read_inp
from sim.drainage.swmm.reading import Note, UnsupportedSection
from sim.drainage.swmm.writer import REFERENCE_OPTIONS, write_inp

__all__ = [
    "REFERENCE_OPTIONS", "Imported", "Note", "SwmmError", "SwmmOptions", "SwmmResult",
    "UnsupportedSection", "read_inp",
    "run_swmm", "write_inp",
]  # fmt: skip
