"""Score one list at every door, and say whether the bytes are the same.

Usage: ``PYTHONPATH=. python scripts/same_list.py [ROWS]``, 100,000 unless told. The doors: one
process, two processes, a Dask cluster of three worker processes one of which is killed when the
first part is done, and the API. Some rows are out of scope or wrong. Ends with 1 where bytes
differ.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from hashlib import sha256
from pathlib import Path
from typing import IO

from benchmarks.patients import csv_list
from tests.support.server import EQUIPOISE, running_server

ROWS = 100_000
DISTINCT = 20_000
#: Each so many rows one is out of scope, and one is wrong.
_ODD = 997
#: Bytes that are more than a header.
_A_PART = 100_000
_FORMATS = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
#: What the API must be allowed for so long a list.
_SETTINGS = {
    "EQUIPOISE_MAX_ROWS": "10000000",
    "EQUIPOISE_MAX_BYTES": "1000000000",
    "EQUIPOISE_MAX_COMBINATIONS": "1000000000",
    "EQUIPOISE_MAX_SECONDS": "3600",
}


def mixed_list(rows: int) -> bytes:
    """Return a list with names in which some patients are out of scope and some rows wrong."""
    header, *lines = csv_list(rows, DISTINCT).splitlines()
    named = [b"p%d,%b" % (number, line) for number, line in enumerate(lines)]
    columns = header.split(b",")
    age, t = 1 + columns.index(b"age"), 1 + columns.index(b"clinical_t")
    for place in range(0, rows, _ODD):
        named[place] = _with(named[place], t, b"T0")
        named[place - 1] = _with(named[place - 1], age, b"47 years")
    return b"\n".join([b"row_id," + header, *named, b""])


def _with(line: bytes, place: int, cell: bytes) -> bytes:
    cells = line.split(b",")
    cells[place] = cell
    return b",".join(cells)


#: How many bytes, and their SHA-256.
Digest = tuple[int, str]


def digest_of(file: IO[bytes]) -> Digest:
    """Return the digest of what is left of a file."""
    size, found = 0, sha256()
    while piece := file.read(2**20):
        size += len(piece)
        found.update(piece)
    return size, found.hexdigest()


def by_command(kind: str, who: str, *way: str) -> Digest:
    """Score the list here by the command, and return the digest of what it wrote."""
    out = Path(f"{who}.{kind}")
    done = subprocess.run([EQUIPOISE, "score", "list.csv", "--out", out, *way], check=False)  # noqa: S603
    # One says that some rows were rejected.
    if done.returncode != 1:
        raise RuntimeError(f"{who} ended with {done.returncode}")
    with out.open("rb") as file:
        return digest_of(file)


def by_cluster(kind: str) -> Digest:
    """Score the list on a cluster of which one worker is killed, and return the digest."""
    from distributed import LocalCluster  # noqa: PLC0415 (slow to import)

    with LocalCluster(
        n_workers=3, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        killed: list[int] = []
        watching = threading.Thread(
            target=_kill_one, args=(cluster, Path(f"cluster.{kind}"), killed)
        )
        watching.start()
        found = by_command(kind, "cluster", "--scheduler", cluster.scheduler_address)
        watching.join()
        if not killed:
            raise RuntimeError("the run was over before a worker was killed")
        return found


def _kill_one(cluster: object, out: Path, killed: list[int]) -> None:
    """Kill a worker when the first part is joined, while others are scored or still to come."""
    joined = out.with_name(f"{out.name}.part")
    while not out.exists():
        if joined.exists() and joined.stat().st_size > _A_PART:
            nanny = next(iter(cluster.workers.values()))  # type: ignore[attr-defined]
            killed.append(nanny.process.pid)
            os.kill(nanny.process.pid, signal.SIGKILL)
            return
        time.sleep(0.005)


def by_api(kind: str, address: str) -> Digest:
    """Send the list to a server, and return the digest of the answer."""
    request = urllib.request.Request(  # noqa: S310 (an address of ours)
        f"{address}/v1/predict/batch",
        data=Path("list.csv").read_bytes(),
        headers={"Content-Type": "text/csv", "Accept": _FORMATS[kind]},
    )
    with urllib.request.urlopen(request, timeout=3600) as answer:  # noqa: S310
        return digest_of(answer)


def main(rows: int) -> int:
    """Print a row a format and door; return how many differ, at most one."""
    text, differ = mixed_list(rows), False
    print(f"{rows:,} rows, {DISTINCT:,} profiles, SHA-256 of the list {sha256(text).hexdigest()}")
    with tempfile.TemporaryDirectory() as folder, running_server(settings=_SETTINGS) as address:
        os.chdir(folder)
        Path("list.csv").write_bytes(text)
        for kind in _FORMATS:
            doors = {
                "one process": by_command(kind, "one", "--processes", "1"),
                "two processes": by_command(kind, "two", "--processes", "2"),
                "three workers of Dask, one killed": by_cluster(kind),
                "API": by_api(kind, address),
            }
            for door, found in doors.items():
                print(f"{kind:6}  {door:33}  {found[0]:>13,} bytes  {found[1]}", flush=True)
            differ |= len(set(doors.values())) != 1
    print("the bytes differ" if differ else "the same bytes at every door")
    return int(differ)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else ROWS))
