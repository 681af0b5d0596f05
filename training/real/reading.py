"""Reading a real cohort: every mistake is found, with its line and column, or nothing is read.

The columns are those that `training.cohort_csv` writes. A line is a row, as in lists of patients.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from models.covariates import COVARIATES
from models.eligibility import check_eligibility
from models.errors import InvalidInput, MalformedInput, Problem
from models.fields import echo, read_number
from models.outcomes import ARMS
from models.patient import Patient, read_patient_text
from models.refused import refuse_name
from models.table import table_of
from training.cohort_csv import COLUMNS, OUTCOME_COLUMNS
from training.real.cohort import LocalCohort
from training.simulation import CENSORED, DIED_FIRST, EVENT, Outcomes

#: Fewer patients are not read (an assumption).
FEWEST_PATIENTS = 100

#: Longer times are taken for days, or for a mistake, months.
LONGEST_MONTHS = 480.0

#: Columns that may be missing, because other columns tell the same.
OPTIONAL_COLUMNS = ("triple_negative", "metastatic_sites")

_COVARIATE_NAMES = tuple(field.name for field in COVARIATES)
_CODES = {
    name: (CENSORED, EVENT, DIED_FIRST) if name[:3] in ("ulc", "ble") else (CENSORED, EVENT)
    for name in OUTCOME_COLUMNS
    if name.endswith("_event")
}
_LOCAL = ("lrfs", "ulceration", "bleeding")

NO_OUTCOME = "a time or an event is empty"
TOO_LITTLE = "too few covariates are known"
OUT_OF_SCOPE = "out of the trial's scope"


@dataclass(frozen=True)
class _Row:
    """One row that can be used."""

    patient: Patient
    arm: float
    outcome: Mapping[str, float]


def read_local_cohort(data: bytes, *, ignore_extra: bool = False) -> LocalCohort:
    """Return the cohort of a CSV file.

    Rows with an empty time or event, with too few known covariates or out of the trial's scope
    are left out and counted; every other fault refuses the file.

    Parameters
    ----------
    data : bytes
        UTF-8, lines ended by LF or CRLF.
    ignore_extra : bool
        Leave out unknown columns, unread.

    Raises
    ------
    MalformedInput
        If it is no CSV.
    InvalidInput
        With every problem, each naming line and column.
    """
    lines = _lines(data)
    header = _read_header(lines[0][1], ignore_extra)
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    used: list[_Row] = []
    left_out: Counter[str] = Counter()
    for number, cells in lines[1:]:
        found = _read_row(number, cells, header, seen)
        if isinstance(found, _Row):
            used.append(found)
        elif isinstance(found, str):
            left_out[found] += 1
        else:
            problems += found
    problems = problems or _refuse_cohort(used, left_out)
    if problems:
        raise InvalidInput(problems)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    return LocalCohort(
        table_of([row.patient for row in used]),
        np.array([row.arm for row in used]),
        Outcomes(**{n: np.array([row.outcome[n] for row in used]) for n in OUTCOME_COLUMNS}),
        digest,
        dict(sorted(left_out.items())),
    )


def _lines(data: bytes) -> list[tuple[int, list[str]]]:
    """Return the numbered lines as cells, blank lines passed over."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _malformed("The file is not UTF-8.", "UTF-8") from None
    numbered = [(n, line.rstrip("\r")) for n, line in enumerate(text.split("\n"), start=1)]
    try:
        cells = [
            (n, next(csv.reader([line], strict=True))) for n, line in numbered if line.strip()
        ]
    except csv.Error as error:
        raise _malformed(f"A line is not CSV: {error}.", "quotes closed in each line") from None
    if not cells:
        raise _malformed("The file is empty.", "a header and rows")
    return cells


def _malformed(message: str, accepted: str) -> MalformedInput:
    return MalformedInput([Problem("", "malformed_csv", message, accepted)])


def _read_header(cells: list[str], ignore_extra: bool) -> list[str]:
    names = [name.strip() for name in cells]
    problems = [
        Problem(name, "duplicate_field", f"Line 1: the column {echo(name)} stands twice.", "once")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if not ignore_extra:
        problems += [refuse_name(name, COLUMNS) for name in names if name not in COLUMNS]
    problems += [
        Problem(name, "missing_field", f"Line 1: there is no column {name!r}.", "all columns")
        for name in COLUMNS
        if name not in names and name not in OPTIONAL_COLUMNS
    ]
    if problems:
        raise InvalidInput(problems)
    return names


def _read_row(
    number: int, cells: list[str], header: list[str], seen: dict[str, int]
) -> _Row | str | list[Problem]:
    """Return a row, or why it is left out, or its problems."""
    if len(cells) != len(header):
        message = f"Line {number} has {len(cells)} cells, the header {len(header)}."
        return [Problem("", "broken_row", message, "as many cells as columns")]
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    reader = _RowReader(number, row)
    reader.check_name(seen)
    arm = reader.arm()
    patient = reader.patient()
    outcome = reader.outcome()
    if reader.problems:
        return reader.problems
    if patient is None:
        return TOO_LITTLE
    if outcome is None:
        return NO_OUTCOME
    return _Row(patient, arm, outcome) if check_eligibility(patient).in_scope else OUT_OF_SCOPE


class _RowReader:
    """Reads one row and keeps what is wrong with it.

    Parameters
    ----------
    number : int
        Its line, the header being line 1.
    """

    def __init__(self, number: int, row: Mapping[str, str]) -> None:
        self.number = number
        self.row = row
        self.problems: list[Problem] = []

    def check_name(self, seen: dict[str, int]) -> None:
        """Refuse a row without a name, or with that of another."""
        name = self.row["row_id"]
        if not name:
            self._refuse("row_id", "missing_field", "the row has no name.", "a name of its own")
        elif name in seen:
            said = f"the name is that of line {seen[name]}, too."
            self._refuse("row_id", "duplicate_row", said, "a name of its own")
        else:
            seen[name] = self.number

    def arm(self) -> float:
        """Return 0 or 1."""
        text = self.row["arm"]
        if text in ARMS:
            return float(ARMS.index(text))
        said = f"{echo(text)} is no arm."
        self._refuse("arm", "not_accepted", said, f"one of {', '.join(ARMS)}")
        return float("nan")

    def patient(self) -> Patient | None:
        """Return the patient, ``None`` when too little is known."""
        texts = {name: self.row.get(name, "") for name in _COVARIATE_NAMES}
        try:
            return read_patient_text(texts)
        except InvalidInput as error:
            wrong = [each for each in error.problems if each.code != "too_few_known"]
            for each in wrong:
                self._refuse(each.field, each.code, each.message, each.accepted)
        return None

    def outcome(self) -> dict[str, float] | None:
        """Return times and events, ``None`` when one of them is empty."""
        wrong = len(self.problems)
        values = {name: self._number(name) for name in OUTCOME_COLUMNS}
        known = {name: value for name, value in values.items() if value is not None}
        if len(self.problems) > wrong or len(known) < len(values):
            return None
        self._check_order(known)
        return known

    def _number(self, name: str) -> float | None:
        text = self.row[name]
        if not text:
            return None
        number = read_number(text)
        if name in _CODES:
            if number not in _CODES[name]:
                accepted = f"one of {', '.join(map(str, _CODES[name]))}"
                self._refuse(name, "not_accepted", f"{echo(text)} is no event code.", accepted)
        elif number is None or not 0 < number <= LONGEST_MONTHS:
            accepted = f"months above 0 and at most {LONGEST_MONTHS:g}"
            self._refuse(name, "out_of_range", f"{echo(text)} is no time after month 0.", accepted)
        return None if number is None else float(number)

    def _check_order(self, found: Mapping[str, float]) -> None:
        """Refuse times and events that cannot both be true."""
        died, end = found["os_event"] == EVENT, found["os_months"]
        for stem in _LOCAL:
            months, event = found[f"{stem}_months"], found[f"{stem}_event"]
            if months > end:
                said = f"{months:g} months is later than os_months, {end:g}."
                self._contradiction(f"{stem}_months", said, "at most os_months")
            elif event == DIED_FIRST and not (died and months == end):
                said = "2 says that she died then, but os_event and os_months do not."
                self._contradiction(f"{stem}_event", said, "2 only at os_months with os_event 1")
            elif event == CENSORED and died and months == end:
                code = EVENT if stem == "lrfs" else DIED_FIRST
                said = "0 says that she was alive then, but os_event says that she died."
                self._contradiction(f"{stem}_event", said, f"{code} when she died then")

    def _contradiction(self, name: str, said: str, accepted: str) -> None:
        self._refuse(name, "contradiction", said, accepted)

    def _refuse(self, name: str, code: str, said: str, accepted: str) -> None:
        self.problems.append(Problem(name, code, f"Line {self.number}, {name}: {said}", accepted))


def _refuse_cohort(used: list[_Row], left_out: Mapping[str, int]) -> list[Problem]:
    """Return what is wrong with the cohort as a whole."""
    return list(_faults(used, sum(left_out.values())))


def _faults(used: list[_Row], left_out: int) -> Iterator[Problem]:
    if len(used) < FEWEST_PATIENTS:
        yield Problem(
            "",
            "too_few_patients",
            f"{len(used)} rows can be used ({left_out} were left out).",
            f"at least {FEWEST_PATIENTS} rows",
        )
    if used and not any(row.outcome["os_event"] == EVENT for row in used):
        message = "Column os_event: all patients are censored."
        yield Problem("os_event", "too_few_events", message, "patients who died")
