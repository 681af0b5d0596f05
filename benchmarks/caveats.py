"""The caveats and the eligibility of the patients of a list, against telling them anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from benchmarks.patients import different_patients
from benchmarks.timing import Row, Told, compare, scaled_seconds
from models import caveats as kept
from models.bundle import load_bundle
from models.caveats import Case, caveats_for
from models.eligibility import check_eligibility
from models.options import Options
from models.patient import Patient, read_patient
from service.bundles import default_folder

_PATIENTS = 5_000


def caveat_rows() -> Iterator[Row]:
    """Yield the time a patient of a list of different patients, beside that without a memory."""
    bundle, options = load_bundle(default_folder()), Options()
    patients = [read_patient(each) for each in islice(different_patients(), _PATIENTS)]

    def tell(patient: Patient) -> None:
        caveats_for(Case(patient, bundle, options))

    def tell_anew(patient: Patient) -> None:
        kept._caveats.cache_clear()
        kept._told.cache_clear()
        tell(patient)

    def judge(patient: Patient) -> None:
        check_eligibility(patient)

    looked_up, anew, judged = (
        scaled_seconds(_over(patients, action), 1e3 / _PATIENTS)
        for action in (tell, tell_anew, judge)
    )

    def told_again() -> float:
        # What was told anew for another side has emptied the memory.
        looked_up()
        return looked_up()

    title = f"of a patient, mean over {_PATIENTS:,} different ones"
    yield compare(Told(f"caveats {title}", "ms", "told anew for each"), told_again, anew)
    yield compare(Told(f"eligibility {title}", "ms", "her caveats"), judged, told_again)


def _over(patients: list[Patient], action: Callable[[Patient], None]) -> Callable[[], None]:
    def run() -> None:
        for patient in patients:
            action(patient)

    return run
