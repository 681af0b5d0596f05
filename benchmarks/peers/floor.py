"""The floor of a list: pyarrow reads it, polars writes columns that lie ready in memory.

``python -m benchmarks.peers.floor FOLDER KIND`` prints the seconds of both, start of the program
and making ready left out: no program that reads the list and writes these columns is faster by
more than its reader and writer are.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import polars
from pyarrow import csv, parquet


def main(folder: Path, kind: str) -> None:
    """Read and write once and print how long it took."""
    columns = polars.read_ipc(folder / "columns.arrow").rechunk()
    place = folder / f"floor.{kind}"
    start = time.perf_counter()
    if kind == "csv":
        csv.read_csv(folder / "list.csv")
        columns.write_csv(place)
    else:
        parquet.read_table(folder / "list.parquet")
        columns.write_parquet(place)
    print(time.perf_counter() - start)
    place.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
