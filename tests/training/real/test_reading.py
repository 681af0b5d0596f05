"""Every mistake refuses the file with its line and column; gaps are counted or kept."""

import hashlib

import numpy as np
import pytest

from models.errors import InvalidInput, MalformedInput
from tests.support.cohorts import rows_of, simulate, text_of
from training.cohort_csv import COLUMNS
from training.real.reading import NO_OUTCOME, OUT_OF_SCOPE, TOO_LITTLE, read_local_cohort

SIZE = 150
#: The line of the row that tests change; the header is line 1.
LINE = 7


@pytest.fixture(scope="module")
def text():
    return simulate(SIZE, 1).text


@pytest.fixture(scope="module")
def dead(text):
    """Return the number of a row that ends with death, nothing else before."""
    return next(
        number
        for number, row in enumerate(rows_of(text))
        if row["os_event"] == "1" and row["ulceration_event"] == row["bleeding_event"] == "2"
    )


def changed(text, number=LINE - 2, **values):
    rows = rows_of(text)
    rows[number] = {**rows[number], **values}
    return text_of(rows)


def problems_of(text, **options):
    with pytest.raises(InvalidInput) as caught:
        read_local_cohort(text.encode(), **options)
    return caught.value.problems


def test_a_cohort_is_read_as_it_was_simulated():
    made = simulate(SIZE, 1)
    found = read_local_cohort(made.text.encode())
    assert found.size == SIZE
    for name, column in made.patients.table.items():
        assert np.array_equal(found.table[name], column), name
    assert np.array_equal(found.arm, made.patients.arm)
    assert found.digest == "sha256:" + hashlib.sha256(made.text.encode()).hexdigest()
    assert found.left_out == {}


def test_the_digest_of_the_rows_is_of_the_patients_and_not_of_the_file(text):
    first = read_local_cohort(text.encode())
    rows = rows_of(text)
    again = [{**row, "row_id": f"x{n}"} for n, row in enumerate(reversed(rows))]
    others = [
        read_local_cohort(text_of(again).encode()),
        read_local_cohort(text.replace("\n", "\r\n").encode()),
        read_local_cohort(
            text_of([{**row, "grade": "3"} for row in rows]).encode(), ignore_extra=True
        ),
    ]
    assert {other.rows_digest for other in others} == {first.rows_digest}
    assert len({other.digest for other in (first, *others)}) == 4
    assert read_local_cohort(changed(text, age="41").encode()).rows_digest != first.rows_digest
    assert (
        read_local_cohort(changed(text, clinical_n="").encode()).rows_digest != first.rows_digest
    )
    assert read_local_cohort(text_of(rows[1:]).encode()).rows_digest != first.rows_digest


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("os_months", "-1", "out_of_range"),
        ("os_months", "0", "out_of_range"),
        ("os_months", "1500", "out_of_range"),
        ("os_months", "long", "out_of_range"),
        ("os_months", "nan", "out_of_range"),
        ("os_event", "2", "not_accepted"),
        ("lrfs_event", "3", "not_accepted"),
        ("ulceration_event", "3", "not_accepted"),
        ("bleeding_event", "3", "not_accepted"),
        ("bleeding_event", "yes", "not_accepted"),
        ("lrfs_months", "-0.5", "out_of_range"),
        ("bleeding_months", "-4", "out_of_range"),
        ("arm", "", "not_accepted"),
        ("arm", "surgery", "not_accepted"),
        ("clinical_t", "T9", "not_accepted"),
        ("age", "200", "out_of_range"),
        ("er_status", "pos", "not_accepted"),
        ("row_id", "", "missing_field"),
    ],
)
def test_a_wrong_value_is_told_with_line_and_column(text, column, value, code):
    (problem,) = problems_of(changed(text, **{column: value}))
    assert (problem.field, problem.code) == (column, code)
    assert problem.message.startswith(f"Line {LINE}, {column}: ")
    assert problem.accepted


def test_a_name_twice_is_told_with_both_lines(text):
    first = rows_of(text)[0]["row_id"]
    (problem,) = problems_of(changed(text, row_id=first))
    assert problem.code == "duplicate_row"
    assert f"Line {LINE}, row_id" in problem.message
    assert "line 2" in problem.message
    assert first not in problem.message


@pytest.mark.parametrize("stem", ["lrfs", "ulceration", "bleeding"])
def test_a_local_time_later_than_the_last_is_a_contradiction(text, stem):
    late = str(float(rows_of(text)[LINE - 2]["os_months"]) + 1)
    (problem,) = problems_of(changed(text, **{f"{stem}_months": late}))
    assert (problem.field, problem.code) == (f"{stem}_months", "contradiction")
    assert problem.message.startswith(f"Line {LINE}, {stem}_months")


@pytest.mark.parametrize(("stem", "code"), [("lrfs", "0"), ("ulceration", "0"), ("bleeding", "0")])
def test_a_death_that_only_one_column_knows_is_a_contradiction(text, dead, stem, code):
    end = rows_of(text)[dead]["os_months"]
    values = {f"{stem}_event": code, f"{stem}_months": end}
    (problem,) = problems_of(changed(text, dead, **values))
    assert (problem.field, problem.code) == (f"{stem}_event", "contradiction")
    assert problem.message.startswith(f"Line {dead + 2}, {stem}_event")


def test_a_death_without_os_event_is_a_contradiction(text, dead):
    found = problems_of(changed(text, dead, os_event="0"))
    assert {problem.field for problem in found} == {"ulceration_event", "bleeding_event"}
    assert {problem.code for problem in found} == {"contradiction"}


def test_contradicting_covariates_are_told(text):
    values = {"metastatic_organs": "2+", "bone_only_metastasis": "true", "metastatic_sites": ""}
    found = problems_of(changed(text, **values))
    assert {problem.code for problem in found} == {"contradiction"}
    assert all(problem.message.startswith(f"Line {LINE}, ") for problem in found)


def test_all_mistakes_are_told_at_once(text):
    wrong = changed(changed(text, 3, os_event="9", arm="none"), 40, age="-3")
    found = problems_of(wrong)
    assert [(p.field, p.message.split(",")[0]) for p in found] == [
        ("arm", "Line 5"),
        ("os_event", "Line 5"),
        ("age", "Line 42"),
    ]


@pytest.mark.parametrize(
    "column", [name for name in COLUMNS if name not in ("triple_negative", "metastatic_sites")]
)
def test_a_missing_column_is_refused(text, column):
    rows = [{k: v for k, v in row.items() if k != column} for row in rows_of(text)]
    (problem,) = problems_of(text_of(rows))
    assert (problem.field, problem.code) == (column, "missing_field")


@pytest.mark.parametrize("column", ["triple_negative", "metastatic_sites"])
def test_a_column_that_others_tell_may_be_missing(text, column):
    rows = [{k: v for k, v in row.items() if k != column} for row in rows_of(text)]
    assert read_local_cohort(text_of(rows).encode()).size == SIZE


def test_a_column_twice_is_refused(text):
    first, *others = text.splitlines()
    wrong = "\n".join([f"{first},age", *(f"{line},50" for line in others)])
    (problem,) = problems_of(wrong)
    assert (problem.field, problem.code) == ("age", "duplicate_field")


def test_an_unknown_column_is_refused_or_left_out(text):
    rows = [{**row, "grade": "3"} for row in rows_of(text)]
    (problem,) = problems_of(text_of(rows))
    assert (problem.field, problem.code) == ("grade", "unknown_field")
    assert read_local_cohort(text_of(rows).encode(), ignore_extra=True).size == SIZE


def test_an_identifier_is_refused_by_name(text):
    rows = [{**row, "birth_date": "1960-01-01"} for row in rows_of(text)]
    (problem,) = problems_of(text_of(rows))
    assert problem.code == "identifier"
    assert "1960" not in problem.message


def test_a_broken_row_is_told(text):
    lines = text.splitlines()
    lines[LINE - 1] += ",more"
    (problem,) = problems_of("\n".join(lines))
    assert problem.code == "broken_row"
    assert problem.message.startswith(f"Line {LINE} ")


def test_thirty_rows_are_refused(text):
    (problem,) = problems_of("\n".join(text.splitlines()[:31]))
    assert problem.code == "too_few_patients"
    assert problem.message.startswith("30 rows")


def test_all_censored_is_refused(text):
    rows = [
        {**row, "os_event": "0", "lrfs_event": "0", "ulceration_event": "0", "bleeding_event": "0"}
        for row in rows_of(text)
    ]
    (problem,) = problems_of(text_of(rows))
    assert (problem.field, problem.code) == ("os_event", "too_few_events")


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\xff\xfe", b'row_id,"arm\n'], ids=["empty", "blank", "bytes", "quote"]
)
def test_what_is_no_csv_is_refused(data):
    with pytest.raises(MalformedInput):
        read_local_cohort(data)


def test_a_byte_order_mark_and_windows_lines_are_read(text):
    data = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    assert read_local_cohort(data).size == SIZE


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"os_months": ""}, NO_OUTCOME),
        ({"bleeding_event": ""}, NO_OUTCOME),
        ({"age": "85"}, OUT_OF_SCOPE),
        ({"clinical_t": "T0"}, OUT_OF_SCOPE),
        (dict.fromkeys(COLUMNS[2:14], ""), TOO_LITTLE),
    ],
    ids=str,
)
def test_rows_that_cannot_be_used_are_left_out_and_counted(text, values, reason):
    found = read_local_cohort(changed(text, **values).encode())
    assert found.left_out == {reason: 1}
    assert found.size == SIZE - 1


def test_a_gap_is_kept_as_not_known(text):
    found = read_local_cohort(changed(text, clinical_n="").encode())
    assert np.isnan(found.table["clinical_n"][LINE - 2])
    assert np.isnan(found.table["clinical_n"]).sum() == 1
