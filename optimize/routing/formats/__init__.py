"""Instance files of published benchmarks, read into `Problem`; each module states its rounding."""
