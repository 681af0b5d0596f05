"""Running the replicates of a study: resumable, on all cores or on a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from distributed import Client
from joblib import Parallel, delayed, parallel_config

from studies.coverage import Replicate, Setting, run_replicate

#: Seed of all studies, fixed before any was run: the day the paper was published.
SEED = 20250704


@dataclass(frozen=True)
class Study:
    """Replicates of one setting, kept in a folder.

    Attributes
    ----------
    folder : Path
        One file a replicate; what is there is not run again.
    replicates : int
        How many there are to be.
    """

    folder: Path
    setting: Setting
    replicates: int

    def place(self, number: int) -> Path:
        """Return where a replicate is kept."""
        return self.folder / f"{number:04d}.npz"

    @property
    def pending(self) -> list[int]:
        """Numbers of the replicates that are not there yet."""
        return [number for number in range(self.replicates) if not self.place(number).exists()]


def run_pending(
    study: Study,
    *,
    minutes: float = np.inf,
    scheduler: str | None = None,
    on_replicate: Callable[[], None] = lambda: None,
) -> None:
    """Run the replicates that a study lacks.

    Each is written when it is finished, whole or not at all, so that a run can be stopped at
    any time and goes on where it was. A replicate's seed is its own, whatever was run before.

    Parameters
    ----------
    minutes : float
        No replicate is begun later than this.
    scheduler : str, optional
        Address of a Dask scheduler; by default the cores of this machine.
    """
    study.folder.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * minutes
    seeds = np.random.SeedSequence(SEED).spawn(study.replicates)

    def tasks() -> Iterator[Any]:
        for number in study.pending:
            if time.monotonic() > end:
                return
            yield delayed(_numbered)(number, seeds[number], study.setting)

    with _backend(scheduler):
        parallel = Parallel(
            n_jobs=-1, pre_dispatch="n_jobs", batch_size=1, return_as="generator_unordered"
        )
        for number, replicate in parallel(tasks()):
            save_replicate(study.place(number), replicate)
            on_replicate()


def _numbered(
    number: int, seed: np.random.SeedSequence, setting: Setting
) -> tuple[int, Replicate]:
    return number, run_replicate(seed, setting)


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    client = Client(address)  # type: ignore[no-untyped-call]
    with client, parallel_config(backend="dask"):
        yield


def _backend(scheduler: str | None) -> AbstractContextManager[None]:
    return nullcontext() if scheduler is None else _cluster(scheduler)


def save_replicate(place: Path, replicate: Replicate) -> None:
    """Write a replicate, whole or not at all."""
    draft = place.with_suffix(".draft.npz")
    np.savez(
        draft,
        failure=np.array(replicate.failure),
        truth=replicate.truth,
        lower=replicate.lower,
        upper=replicate.upper,
        redrawn=np.array(replicate.redrawn),
    )
    draft.replace(place)


def load_replicates(study: Study) -> list[Replicate]:
    """Return the replicates that a study has, in order."""
    places = [study.place(number) for number in range(study.replicates)]
    return [_load(place) for place in places if place.exists()]


def _load(place: Path) -> Replicate:
    with np.load(place, allow_pickle=False) as stored:
        return Replicate(
            failure=str(stored["failure"]),
            truth=stored["truth"],
            lower=stored["lower"],
            upper=stored["upper"],
            redrawn=int(stored["redrawn"]),
        )
