"""Lists as they are read: every line that is not blank becomes a row, whatever is wrong."""

from __future__ import annotations

import csv
import io
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import EquipoiseError, InvalidInput, MalformedInput
from service.lists.blocks import blocks_of_lines, blocks_of_messages
from service.lists.contents import JsonReader
from service.lists.rows import COLUMNS, Header, csv_rows
from service.lists.streams import Allowance, rows_in_time

from .helpers import CSV, NDJSON, README_PATIENT, cells_of, csv_text, post_list, results_of

HEADER = b"row_id,age,menopausal_status,ecog_ps,metastatic_sites"
GOOD = b"a,47,pre,0,bone"
LAST = b"z,50,post,1,liver"


def read(*lines: bytes, **options):
    return list(csv_rows([line + b"\n" for line in lines], **options))


def codes(row):
    return [problem.code for problem in row.problems]


def refusal(*lines: bytes) -> EquipoiseError:
    with pytest.raises(InvalidInput) as caught:
        read(*lines)
    return caught.value


def patients_of(rows):
    rows = list(rows)
    assert all(row.patient is not None for row in rows), [row.problems for row in rows]
    return [row.patient for row in rows]


def test_columns_are_the_json_names_and_a_row_id():
    assert COLUMNS[0] == "row_id"
    assert set(cells_of(README_PATIENT)) <= set(COLUMNS)


def test_a_plain_csv_is_read():
    (row,) = read(HEADER, GOOD)
    assert (row.line, row.row_id, row.patient.values["age"]) == (2, "a", 47)
    assert row.patient.values["metastatic_sites"] == ("bone",)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]], id="BOM"),
        pytest.param(lambda lines: [line + b"\r" for line in lines], id="CRLF"),
        pytest.param(
            lambda lines: [b"\xef\xbb\xbf" + lines[0] + b"\r", lines[1] + b"\r"], id="BOM, CRLF"
        ),
        pytest.param(
            lambda lines: [
                b",".join(b'"%b"' % cell for cell in line.split(b",")) for line in lines
            ],
            id="quotes",
        ),
        pytest.param(lambda lines: [line.replace(b",", b" , ") for line in lines], id="spaces"),
        pytest.param(lambda lines: [b"", *lines, b"", b"  \t"], id="blank lines"),
    ],
)
def test_a_csv_is_read_however_it_was_saved(change):
    assert patients_of(read(*change([HEADER, GOOD]))) == patients_of(read(HEADER, GOOD))


def test_a_last_line_without_an_end_is_read():
    assert patients_of(csv_rows([HEADER + b"\n", GOOD])) == patients_of(read(HEADER, GOOD))


def test_a_quoted_comma_is_no_separator():
    (row,) = read(HEADER, b'"a,b",47,pre,0,bone')
    assert row.row_id == "a,b"


def test_booleans_are_read_in_any_case():
    header = b"age,ecog_ps,clinical_t,liver_metastasis"
    rows = read(header, b"47,0,T1,TRUE", b"47,0,T1,True", b"47,0,T1,true")
    assert [row.patient.values["liver_metastasis"] for row in rows] == [True] * 3


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t", b"|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"", b"\r"])
@pytest.mark.parametrize("written", [b"sep=%b", b'"sep=%b"', b"SEP=%b"])
def test_a_first_line_may_name_the_separator(delimiter, mark, end, written):
    lines = [HEADER.replace(b",", delimiter), GOOD.replace(b",", delimiter)]
    named = read(mark + written % delimiter + end, b"", lines[0] + end, lines[1] + end)
    assert patients_of(named) == patients_of(read(HEADER, GOOD))
    assert named[0].line == 4


def test_a_separator_that_does_not_fit_is_told_by_the_header():
    assert refusal(b"sep=,", HEADER.replace(b",", b";"), GOOD.replace(b",", b";"))


@pytest.mark.parametrize("lines", [(b"sep=;",), (b"sep=;", b"")])
def test_a_separator_alone_is_an_empty_list(lines):
    assert refusal(*lines).problems[0].code == "empty_list"


def test_a_separator_before_a_list_in_one_line_changes_nothing():
    (problem,) = refusal(b"sep=,", b"".join((HEADER, GOOD, LAST))).problems
    assert "--data-binary" in problem.message


def test_several_sites_are_separated_by_semicolons():
    (row,) = read(HEADER, b"a,47,pre,0,liver; bone")
    assert row.patient.values["metastatic_sites"] == ("bone", "liver")


def test_an_empty_cell_and_a_missing_column_are_not_known():
    short = read(b"age,menopausal_status,ecog_ps,clinical_t", b"47,pre,0,T1")
    full = read(b"age,menopausal_status,ecog_ps,clinical_t,er_status", b"47,pre,0,T1,")
    assert patients_of(short) == patients_of(full)
    assert "er_status" in short[0].patient.unknown_covariates


def test_numbers_of_full_width_are_read():
    header = b"age,menopausal_status,ecog_ps,clinical_t"
    wide = read(header, "４７,pre,0,T1".encode())
    assert patients_of(wide) == patients_of(read(header, b"47,pre,0,T1"))


@pytest.mark.parametrize(
    "lines",
    [
        (HEADER.decode().encode("utf-16"), "40,pre".encode("utf-16")),
        (HEADER.decode().encode("utf-16-le"), "40,pre".encode("utf-16-le")),
        ("年齢,menopausal_status".encode("shift_jis"), b"40,pre"),
    ],
    ids=["UTF-16", "UTF-16 without a mark", "Shift_JIS"],
)
def test_a_list_in_another_encoding_is_told_how_to_save_it(lines):
    (problem,) = refusal(*lines).problems
    assert problem.code == "malformed_csv"
    assert problem.message == "The line is not UTF-8. In Excel: Save as, CSV UTF-8."


def test_a_row_in_another_encoding_is_told_how_to_save_it():
    (row,) = read(HEADER, "山,47,pre,0,bone".encode("shift_jis"))
    assert "In Excel: Save as, CSV UTF-8." in row.problems[0].message


def test_a_list_without_its_line_ends_is_told_in_one_message():
    """As `curl -d @patients.csv` sends it."""
    sent = b"".join((HEADER, GOOD, LAST))
    (problem,) = refusal(sent).problems
    assert problem.code == "malformed_csv"
    assert "--data-binary" in problem.message


@pytest.mark.parametrize("behind", [(b"a,47,pre",), (b"", b"  ", b"a,47,pre")])
def test_unknown_columns_with_rows_behind_them_are_told_one_by_one(behind):
    problems = refusal(b"row_id,age,one,two,three", *behind).problems
    assert [problem.field for problem in problems] == ["one", "two", "three"]


def test_a_mistyped_name_in_a_header_alone_is_told_as_one():
    problems = refusal(b"row_id,age,menopausal").problems
    assert [problem.field for problem in problems] == ["menopausal"]


def test_a_line_keeps_its_number_beside_blank_ones():
    assert [row.line for row in read(HEADER, GOOD, b"", LAST)] == [2, 4]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"b,47,pre,0", "broken_row"),
        (b"b,47,pre,0,bone,extra", "broken_row"),
        (b"b", "broken_row"),
        (b'b,47,pre,0,"bone', "malformed_csv"),
        (b'b,47,pre,0,"bone"x', "malformed_csv"),
        (b"b,47,pre,0,b\xf6ne", "malformed_csv"),
        (b"b,47,pre\r,0,bone", "malformed_csv"),
        (b"b,two,pre,0,bone", "wrong_type"),
    ],
    ids=[
        *("too few cells", "too many cells", "one cell", "unclosed quote", "text after a quote"),
        *("not UTF-8", "a stray carriage return", "a bad cell"),
    ],
)
def test_a_broken_row_in_the_middle_is_rejected_alone(line, code):
    first, broken, last = read(HEADER, GOOD, line, LAST)
    assert codes(broken) == [code]
    assert broken.patient is None
    assert broken.line == 3
    assert all(problem.accepted for problem in broken.problems)
    assert (first.row_id, last.row_id) == ("a", "z")
    patients_of([first, last])


@pytest.mark.parametrize(("cells", "message"), [(4, "4 cells"), (6, "6 cells")])
def test_a_broken_row_tells_how_many_cells_it_has(cells, message):
    _, broken = read(HEADER, GOOD, b",".join([b"1"] * cells))
    assert message in broken.problems[0].message


@pytest.mark.parametrize(
    "lines",
    [
        (b'"a', b'b",47,pre,0,bone'),
        (b'"a', b'b","47","pre","0","bone"'),
        (b'"a', b'",47,pre,0,"bone"'),
        (b'"a', b"b", b'c",47,pre,0,bone'),
        (b'"a\r', b'b",47,pre,0,bone\r'),
        (b'a,47,pre,0,"bone', b'liver"'),
        (b'b",47,pre,0,bone',),
        (b'b,47,pre,0,"bone" ',),
        (b'b,47,p"r"e,0,bone',),
    ],
)
def test_a_line_of_a_cell_with_line_breaks_is_never_scored(lines):
    first, *broken, last = read(HEADER, GOOD, *lines, LAST)
    assert [row.patient for row in broken] == [None] * len(lines)
    patients_of([first, last])


def test_both_ends_of_a_cell_with_a_line_break_say_that_it_is_not_read():
    messages = [row.problems[0].message for row in read(HEADER, b'"a', b'b",47,pre,0,bone')]
    assert messages == [
        "The line breaks off inside quotes; line breaks inside a cell are not read.",
        "A quote stands where no cell begins or ends; line breaks inside a cell are not read.",
    ]


def test_a_header_with_a_line_break_in_a_name_is_refused():
    (problem,) = refusal(HEADER + b',"free', b'text"', GOOD + b",x").problems
    assert "line breaks inside a cell are not read" in problem.message


def test_quotes_in_a_quoted_cell_are_read():
    (row,) = read(HEADER, b'"a ""b"", c",47,"pre",0,"bone"')
    assert row.row_id == 'a "b", c'
    patients_of([row])


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", ":"])
@given(
    cells=st.lists(st.text(st.sampled_from("ab'\";,| \t:"), max_size=6), min_size=5, max_size=5)
)
@settings(max_examples=40, deadline=None)
def test_what_a_writer_quotes_is_read_as_it_was(delimiter, quote, cells):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quotechar=quote, lineterminator="").writerow(cells)
    assert Header((), delimiter, quote).cells(text.getvalue().encode()) == cells


def test_a_cell_that_is_too_long_is_told_in_words():
    (row,) = read(HEADER, b"a,47,pre,0," + b"x" * 200_000)
    assert row.problems[0].message == "A cell of the line has more than 131072 characters."


def test_unknown_columns_refuse_the_list_and_are_all_listed():
    error = refusal(b"age,grade,menopausal_status,ki67", b"47,3,pre,20")
    assert [(p.field, p.code) for p in error.problems] == [
        ("grade", "unknown_field"),
        ("ki67", "unknown_field"),
    ]


def test_unknown_columns_can_be_left_out_unread():
    header = b"age,grade,menopausal_status,ecog_ps,clinical_t,name"
    with_extra = read(header, b"47,3,pre,0,T1,Jane", ignore_extra=True)
    without = read(b"age,menopausal_status,ecog_ps,clinical_t", b"47,pre,0,T1")
    assert patients_of(with_extra) == patients_of(without)
    assert "Jane" not in repr(with_extra)


@pytest.mark.parametrize("ignore_extra", [False, True])
def test_a_column_that_stands_twice_refuses_the_list(ignore_extra):
    with pytest.raises(InvalidInput) as caught:
        read(b"age,ecog_ps,age", b"47,0,48", ignore_extra=ignore_extra)
    assert [(p.field, p.code) for p in caught.value.problems] == [("age", "duplicate_field")]


def test_unknown_columns_that_stand_twice_can_be_left_out():
    header = b"age,note,menopausal_status,ecog_ps,clinical_t,note"
    (row,) = read(header, b"47,x,pre,0,T1,y", ignore_extra=True)
    assert (
        row.patient == read(b"age,menopausal_status,ecog_ps,clinical_t", b"47,pre,0,T1")[0].patient
    )
    problems = refusal(header, b"47,x,pre,0,T1,y").problems
    assert [problem.code for problem in problems] == ["duplicate_field", "unknown_field"]


def test_the_columns_are_listed_once():
    problems = refusal(b"age,one,two,three,name", b"47").problems
    every = ", ".join(COLUMNS)
    assert [problem.accepted for problem in problems[:3]] == [every, *["as told for one"] * 2]
    assert problems[3].code == "identifier"


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
@pytest.mark.parametrize("quoted", [False, True])
def test_columns_of_another_case_are_told_how_to_write_them(delimiter, quoted):
    names = [b"Row ID", b"AGE", b"Menopausal Status", b"eligibility.Female"]
    cells = [b'"%b"' % name for name in names] if quoted else names
    problems = refusal(delimiter.join(cells), b"a").problems
    meant = ["row_id", "age", "menopausal_status", "eligibility.female"]
    assert [problem.accepted for problem in problems] == meant
    assert problems[1].message == "There is no field 'AGE'; write age."


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("delimiter", [b",", b";"])
@pytest.mark.parametrize("ignore_extra", [False, True])
@pytest.mark.parametrize("behind", [(), (b"b,63",)])
def test_a_list_without_a_header_is_asked_for_one_and_no_cell_is_told(
    quoted, delimiter, ignore_extra, behind
):
    cells = [b"Jane-Secret-4711", *b"47,pre,0,T4,N1,positive,positive,bone".split(b",")]
    cells = [b'"%b"' % cell for cell in cells] if quoted else cells
    with pytest.raises(MalformedInput) as caught:
        read(delimiter.join(cells), *behind, ignore_extra=ignore_extra)
    (problem,) = caught.value.problems
    assert problem.message.endswith("Does the list have a header line?")
    assert problem.accepted == ", ".join(COLUMNS)
    assert "Jane" not in str(problem)
    assert "positive" not in str(problem)


def test_identifiers_alone_are_told_as_such():
    problems = refusal(b"Name,MRN", b"Jane,4711").problems
    assert [problem.code for problem in problems[:2]] == ["identifier"] * 2


def test_a_table_without_age_and_menopause_is_refused():
    error = refusal(b"ecog_ps,clinical_t", b"0,T1")
    assert [(p.field, p.code) for p in error.problems] == [("age", "missing_field")]


def test_column_names_are_not_guessed():
    error = refusal(b"Age,menopausal_status", b"47,pre")
    assert [p.field for p in error.problems] == ["Age"]


def test_a_header_alone_is_a_list_of_no_rows():
    assert read(HEADER) == []


@pytest.mark.parametrize("lines", [[], [b""], [b" ", b""]])
def test_an_empty_csv_is_refused(lines):
    assert isinstance(refusal(*lines), MalformedInput)


@pytest.mark.parametrize("header", [b"age,\xff", b'age,"ecog_ps', b"age\rmenopausal_status"])
def test_a_header_that_cannot_be_read_refuses_the_list(header):
    assert refusal(header, GOOD).problems[0].code == "malformed_csv"


def ndjson_rows(lines):
    blocks = list(blocks_of_lines([lines], JsonReader()))
    return list(rows_in_time(blocks, JsonReader(), Allowance(60)))


def json_rows(messages):
    return list(rows_in_time(list(blocks_of_messages(messages)), JsonReader(), Allowance(60)))


def test_ndjson_lines_are_numbered_and_blank_ones_passed_over():
    line = json.dumps({**README_PATIENT, "row_id": "a"}).encode()
    rows = ndjson_rows([line, b"", b"  ", line])
    assert [(row.line, row.row_id) for row in rows] == [(1, "a"), (4, "a")]
    patients_of(rows)


def test_ndjson_with_windows_line_ends_is_read():
    line = json.dumps(README_PATIENT).encode()
    assert len(patients_of(ndjson_rows([line + b"\r\n", line + b"\r\n"]))) == 2


@pytest.mark.parametrize("row_id", [7.0, True, [], {"a": 1}, 10**200, "x" * 201, "a\nb", "a\r"])
def test_a_row_id_that_is_no_short_text_rejects_its_row(row_id):
    (row,) = json_rows([{**README_PATIENT, "row_id": row_id}])
    assert [(p.field, p.code) for p in row.problems] == [("row_id", "wrong_type")]
    assert "a text of at most 200 characters" in row.problems[0].message
    assert "a text of at most 200 characters" in row.problems[0].accepted


@pytest.mark.parametrize("row_id", [7, 0, -3, 10**199])
def test_a_whole_number_names_a_row_by_its_text(row_id):
    (row,) = json_rows([{**README_PATIENT, "row_id": row_id}])
    (line,) = ndjson_rows([json.dumps({**README_PATIENT, "row_id": row_id}).encode()])
    assert row.row_id == line.row_id == str(row_id)
    patients_of([row, line])


WRONG_WITH_A_NAME = {
    "a name twice": ('{"row_id": "a", "age": 4, "age": 5}', "a"),
    "NaN": ('{"row_id": "a", "age": NaN}', "a"),
    "too large": ('{"age": 1e999, "row_id": "a"}', "a"),
    "a whole number": ('{"row_id": 7, "age": NaN}', "7"),
    "a fact twice": ('{"row_id": "a", "eligibility": {"female": true, "female": true}}', "a"),
    "two names": ('{"row_id": "a", "row_id": "b", "age": 4}', ""),
    "two equal names": ('{"row_id": "a", "row_id": "a", "age": 4}', ""),
    "no text": ('{"row_id": ["a"], "age": NaN}', ""),
    "a line break": ('{"row_id": "a\\nb", "age": NaN}', ""),
    "half a character": ('{"row_id": "\\ud800", "age": NaN}', ""),
    "the name of another object": ('{"eligibility": {"row_id": "a"}, "age": NaN}', ""),
    "an array": ('[["row_id", "a"], NaN]', ""),
    "cut short": ('{"row_id": "a", "age": ', ""),
    "too deep": ('{"row_id": "a", "age": ' + "[" * 10_000, ""),
    "not UTF-8": ('{"row_id": "a", "age": "\udcff"}', ""),
}


@pytest.mark.parametrize(
    ("line", "name"), WRONG_WITH_A_NAME.values(), ids=WRONG_WITH_A_NAME.keys()
)
def test_a_wrong_line_keeps_its_name_where_that_is_plain(line, name):
    (row,) = ndjson_rows([line.encode(errors="surrogateescape")])
    assert (row.patient, row.row_id) == (None, name)


@pytest.mark.parametrize("row_id", ["", "a", "x" * 200, "ID 7;8", None])
def test_a_row_id_is_opaque(row_id):
    (row,) = json_rows([{**README_PATIENT, "row_id": row_id}])
    assert row.row_id == (row_id or "")


def test_a_row_id_in_a_csv_is_held_to_the_same_length():
    (row,) = read(HEADER, b"x" * 201 + b",47,pre,0,bone")
    assert codes(row) == ["wrong_type"]


def test_a_row_id_in_a_csv_has_no_line_break():
    (row,) = read(HEADER, b'"a\rb",47,pre,0,bone')
    assert codes(row) == ["wrong_type"]


def test_a_row_id_that_is_no_text_of_unicode_stops_no_list(client):
    odd = json.dumps({**README_PATIENT, "row_id": "odd"}).replace("odd", "\\ud800")
    good = json.dumps(README_PATIENT)
    rows = results_of(post_list(client, NDJSON, f"{good}\n{odd}\n{good}\n"))
    assert [row["status"] for row in rows] == ["ok", "rejected", "ok"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_over_http_too_line_ends_and_mark_do_not_matter(client, end, mark):
    body = mark + csv_text([README_PATIENT] * 2).replace("\n", end)
    rows = results_of(post_list(client, CSV, body.encode(), query="?horizons_months=12"))
    assert [row["status"] for row in rows] == ["ok", "ok"]


@pytest.mark.parametrize("row", [b"seven,47", b"seven,47,pre,0,T4,N1,more"])
def test_a_broken_row_keeps_its_name_when_that_stands_first(row):
    (found,) = csv_rows([b"row_id,age,menopausal_status,ecog_ps,clinical_t", row])
    assert found.row_id == "seven"
    assert [problem.code for problem in found.problems] == ["broken_row"]


def test_a_broken_row_has_no_name_when_that_stands_elsewhere():
    (found,) = csv_rows([b"age,row_id,menopausal_status", b"47,seven"])
    assert found.row_id == ""


def test_a_header_of_very_many_columns_is_refused_at_once():
    names = b",".join(b"c%d" % number for number in range(100_000))
    start = time.monotonic()
    problems = refusal(b"age," + names + b",c7", b"47").problems
    # Comparing each name with each other would take minutes.
    assert time.monotonic() - start < 10
    assert problems[0].code == "duplicate_field"
    assert len(problems) == 1 + 100_000
