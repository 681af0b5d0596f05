"""Lists in a browser: a file in, a summary or the scored list out, and nothing kept."""

from __future__ import annotations

import csv
import html
import io
import logging
import re
import traceback
from collections import Counter

import pytest

from models.covariates import FIELDS
from models.criteria import CRITERIA
from models.eligibility import criterion_text
from models.language import JAPANESE, speaking
from models.options import Options
from models.outcomes import ARM_LABELS, DEFAULT_HORIZONS, OUTCOMES
from service.app import create_app
from service.bundles import Bundles
from service.lists.rows import COLUMNS, csv_rows
from service.lists.scoring import score_rows
from service.lists.tables import csv_lines
from service.page import lists
from service.page.list_columns import output_columns, template_csv
from service.page.list_tally import MOST_MISTAKES
from service.settings import Settings
from tests.service.helpers import (
    CSV,
    JSON,
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    ULCERATED,
    Page,
    body_of,
    csv_text,
    multipart,
    post_list,
    with_values,
)
from tests.support.bundles import cohort_bundle

SUMMARY, DOWNLOAD = "/lists", "/lists/download"
HOSTILE = "\"'><script>alert(1)</script>&lt;"
MOST_BYTES = 60_000

MIXED = [
    {**README_PATIENT, "row_id": "first"},
    {**REJECTED, "row_id": "second"},
    {**OUT_OF_SCOPE, "row_id": "third"},
    {**ULCERATED, "row_id": "fourth"},
    with_values(clinical_n=None, row_id="fifth"),
    with_values(age=85, row_id="sixth"),
    with_values(clinical_t="T9", er_status="maybe", row_id="seventh"),
]

each_answer = pytest.mark.parametrize("path", [SUMMARY, DOWNLOAD])


def send(client, content, path=SUMMARY, name="patients.csv", **more):
    content = content.encode() if isinstance(content, str) else content
    return client.post(path, **multipart((lists.FILE, name, content)), **more)


def summary_of(client, rows):
    response = send(client, csv_text(rows))
    assert response.status_code == 200, response.text
    return response


def words(response):
    return html.unescape(re.sub(r"<wbr>|</?bdi>", "", response.text))


def table(response, *header):
    """Return the rows of the table with a header, or of the one without."""
    rows = Page(response).rows
    start = rows.index(list(header))
    found = []
    for row in rows[start + 1 :]:
        if len(row) != len(header):
            break
        found.append(row)
    return found


def counts(response):
    """Return how many rows were scored, out of scope and rejected."""
    return [int(row[1].replace(",", "")) for row in Page(response).rows[:3]]


def mistakes(response):
    return table(response, "Line", "Row", "Column", "What is wrong", "Accepted")


# The page


def test_the_page_sends_a_file_to_either_address(client):
    page = Page(client.get("/lists"))
    (form,) = page.named("form")
    assert (form["method"], form["action"]) == ("post", SUMMARY)
    assert form["enctype"] == "multipart/form-data"
    (control,) = page.named("input")
    assert (control["type"], control["name"]) == ("file", lists.FILE)
    assert control["id"] in {label["for"] for label in page.named("label")}
    first, second = page.named("button")
    assert ("formaction" in first, second["formaction"]) == (False, DOWNLOAD)


def test_the_page_leads_to_template_and_dictionary(client):
    assert {"/lists/template.csv", "/lists/columns"} <= set(Page(client.get("/lists")).urls())


def test_every_page_leads_to_lists(client):
    for path in ("/", "/lists", "/lists/columns", "/docs"):
        assert "/lists" in Page(client.get(path)).urls(), path


def test_the_page_tells_the_limits(make_app):
    text = make_app(max_rows=1234, max_bytes=3 * 2**20).test_client().get("/lists").text
    assert "At most 1,234 patients and 3 MB" in text


def test_the_page_says_what_must_always_be_said(client):
    text = words(client.get("/lists"))
    assert "learned from simulated patients" in text
    assert "primary endpoint was not met" in text
    assert "Nothing of the list is stored or logged" in text


def test_a_bundle_of_a_real_cohort_is_not_called_simulated():
    client = create_app(Settings(), Bundles([cohort_bundle()])).test_client()
    text = words(client.get("/lists"))
    assert "simulated" not in text
    assert "primary endpoint was not met" in text


# The summary


def test_the_counts_are_those_of_the_rows(client):
    assert counts(summary_of(client, MIXED)) == [3, 2, 2]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([README_PATIENT], [1, 0, 0]),
        ([OUT_OF_SCOPE], [0, 1, 0]),
        ([REJECTED], [0, 0, 1]),
        ([README_PATIENT] * 120, [120, 0, 0]),
    ],
)
def test_one_kind_of_row_is_counted_alone(client, rows, expected):
    assert counts(summary_of(client, rows)) == expected


def test_reasons_are_counted_with_what_the_trial_asked_for(client):
    found = table(summary_of(client, MIXED), "The trial asked for", "Patients without it", "Code")
    texts = {each.code: criterion_text(each) for each in CRITERIA}
    assert found == [
        [texts["age"], "2", "age_outside_trial"],
        [texts["performance_status"], "1", "performance_status_outside_trial"],
    ]


def test_every_reason_has_its_criterion(client):
    """Whatever puts a patient out of scope is counted on the page."""
    rows = [
        with_values(age=85),
        with_values(ecog_ps=4),
        with_values(clinical_t="T0"),
        with_values(metastatic_sites=["brain"]),
        with_values(eligibility={"female": False, "months_of_systemic_therapy": 1}),
    ]
    answer = post_list(client, JSON, body_of(JSON, rows)).get_json()["results"]
    codes = Counter(note["code"] for row in answer for note in row["reasons"])
    found = table(summary_of(client, rows), "The trial asked for", "Patients without it", "Code")
    assert {code: int(count) for _text, count, code in found} == codes


def caveat_counts(response):
    """Return how many patients each caveat of a page is told for, by its words."""
    pattern = r"</strong> <span class=\"help\">Patients: (\d+) of (\d+)\.[^<]* <code>(.*?)</code>"
    items = re.findall(pattern, response.text)
    return {code.replace("<wbr>", ""): (int(n), int(of)) for n, of, code in items}


def test_caveats_are_counted_over_the_patients_in_scope(client):
    answer = post_list(client, JSON, body_of(JSON, MIXED)).get_json()["results"]
    codes = Counter(code for row in answer for code in row.get("caveats", []))
    assert caveat_counts(summary_of(client, MIXED)) == {c: (n, 3) for c, n in codes.items()}


def test_one_patients_caveats_are_told_as_on_her_page(client):
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).get_json()
    response = summary_of(client, [README_PATIENT])
    told = re.findall(r"<li class=\"(\w+)\"><strong>(.*?)</strong>", response.text)
    assert [(severity, html.unescape(text)) for severity, text in told] == [
        (caveat["severity"], caveat["text"]) for caveat in answer["caveats"]
    ]


def test_of_equally_pressing_caveats_those_of_most_patients_stand_first(client):
    response = summary_of(client, [*[README_PATIENT] * 3, with_values(clinical_n="N0")])
    order = [n for n, _of in caveat_counts(response).values()]
    severities = re.findall(r"<li class=\"(stop|warning|info)\">", response.text)
    for severity in ("stop", "warning", "info"):
        own = [n for n, said in zip(order, severities, strict=True) if said == severity]
        assert own == sorted(own, reverse=True), severity


def test_a_caveat_that_is_worded_for_each_patient_says_so(client):
    rows = [with_values(clinical_n=None)] * 2 + [with_values(ecog_ps=None)]
    response = summary_of(client, rows)
    (item,) = [
        block for block in Page(response).blocks if block.startswith("Not known, and averaged")
    ]
    assert "Clinical N" in item
    assert "Patients: 3 of 3. In these words: 2; in other wordings (1): 1." in item
    alike = words(summary_of(client, rows[:2]))
    assert "In these words" not in alike.partition("averaged over")[2].partition("</li>")[0]


def test_of_wordings_that_are_told_once_each_one_is_an_example(client):
    response = summary_of(client, [with_values(clinical_n=None), with_values(ecog_ps=None)])
    (item,) = [
        block for block in Page(response).blocks if block.startswith("Not known, and averaged")
    ]
    assert "In these words: 1; in other wordings (1): 1." in item


@pytest.mark.parametrize("rows", [[OUT_OF_SCOPE], [REJECTED]], ids=["out of scope", "rejected"])
def test_without_figures_there_are_no_caveats_but_what_is_always_said(client, rows):
    response = summary_of(client, rows)
    assert caveat_counts(response) == {}
    assert "learned from simulated patients" in words(response)
    assert "primary endpoint was not met" in words(response)


def test_no_figure_is_averaged(client):
    """No percent and no difference stands on the page but those of caveats."""
    response = summary_of(client, MIXED)
    without = re.sub(r"<ul class=\"caveats\">.*?</ul>", "", response.text, flags=re.DOTALL)
    assert not re.search(r"\d\s?%|\d points", without)


def test_the_page_names_its_file_and_its_model(client, bundle):
    response = send(client, csv_text(MIXED), name="clinic 2026.csv")
    assert "clinic 2026.csv" in words(response)
    assert f"Model {bundle.id} {bundle.version}; training data: synthetic." in words(response)
    assert not [url for url in Page(response).urls() if "clinic" in url]


# Rejected rows


def accepted_in_a_cell(name):
    return f"{FIELDS[name].accepted_values}, or an empty cell"


def test_rejected_rows_are_told_with_line_name_column_and_reason(client):
    expected = [
        ("3", "second", "age", "Age: 200 cannot be."),
        ("8", "seventh", "clinical_t", "Clinical T: 'T9' is not an accepted value."),
        ("8", "seventh", "er_status", "ER status: 'maybe' is not an accepted value."),
    ]
    assert mistakes(summary_of(client, MIXED)) == [
        [*row, accepted_in_a_cell(row[2])] for row in expected
    ]


def test_mistakes_are_counted_by_column(client):
    rows = [*[REJECTED] * 3, with_values(age=300, clinical_t="T9")]
    assert table(summary_of(client, rows), "Column", "Rows") == [["age", "4"], ["clinical_t", "1"]]


def test_a_mistake_of_a_whole_row_names_no_column(client):
    text = "age,ecog_ps,clinical_t\n47,0,T4\n47,0\n,0,T2\n"
    response = send(client, text)
    assert table(response, "Column", "Rows") == [["the whole row", "2"]]
    assert [row[:3] for row in mistakes(response)] == [["3", "", ""], ["4", "", ""]]


def test_lines_count_blank_ones_and_the_header(client):
    text = csv_text([README_PATIENT, REJECTED]).replace("\n", "\r\n")
    header, first, second = text.split("\r\n")[:3]
    response = send(client, "\r\n".join([header, "", first, "", second]))
    assert [row[0] for row in mistakes(response)] == ["5"]


def test_of_many_mistakes_the_first_are_shown_and_the_rest_counted(client):
    response = summary_of(client, [REJECTED] * (MOST_MISTAKES + 7))
    shown = mistakes(response)
    assert [row[0] for row in shown] == [str(line) for line in range(2, MOST_MISTAKES + 2)]
    assert f"The first {MOST_MISTAKES} of 107 mistakes, and 7 more" in words(response)
    exact = words(summary_of(client, [REJECTED] * MOST_MISTAKES))
    assert "All mistakes" in exact


def hostile_list(rows):
    """Return a list in which everything is wrong, as long as it may be and hostile."""
    name = ("<\"'&\U0001f600" * 40)[:200]
    cell = "'<&\U0001f600" * 20
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([[name, *[cell] * (len(COLUMNS) - 1)]] * rows)
    return buffer.getvalue()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_is_short_whatever_the_list_holds(client, language):
    rows = 150
    response = send(client, hostile_list(rows), f"{SUMMARY}?lang={language}", HOSTILE * 500)
    assert counts(response) == [0, 0, rows]
    assert len(response.data) < MOST_BYTES
    others = re.search(r"(\d+) of ([\d,]+) mistakes, and", response.text)
    if language == "en":
        assert others[2] == f"{rows * (len(COLUMNS) - 1):,}"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_of_a_list_with_everything_in_it_is_short(client, language):
    """Every caveat, every reason and every mistake at once."""
    values = [
        with_values(**{name: choice.value})
        for name in ("clinical_t", "clinical_n", "er_status", "her2_status", "ecog_ps")
        for choice in FIELDS[name].choices
    ]
    ages = [with_values(age=age, menopausal_status="post") for age in (20, 30, 76, 80, 85)]
    sites = [with_values(metastatic_sites=[c.value]) for c in FIELDS["metastatic_sites"].choices]
    facts = [
        with_values(eligibility={name.removeprefix("eligibility."): value})
        for name in FIELDS
        if name.startswith("eligibility.") and "months" not in name and "ps2" not in name
        for value in (True, False)
    ]
    unknown = [with_values(**{name: None}) for name in ("ecog_ps", "clinical_n", "er_status")]
    rows = [*values, *ages, *sites, *facts, *unknown]
    text = csv_text([dict.fromkeys(COLUMNS[1:]) | {"row_id": "<"} | row for row in rows])
    # Further rows, all wrong, in the columns that stand there already.
    width = text.partition("\n")[0].count(",") + 1
    text += (",".join(["'" * 80] * width) + "\n") * 100
    response = send(client, text, f"{SUMMARY}?lang={language}")
    assert response.status_code == 200
    assert min(counts(response)) > 3
    assert response.text.count("<strong>") > 40
    assert len(response.data) < MOST_BYTES


# Hostile texts


def test_hostile_text_is_escaped_in_every_cell_and_in_the_file_name(client):
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerow([HOSTILE] * len(COLUMNS))
    writer.writerow([HOSTILE, "200", *[""] * (len(COLUMNS) - 2)])
    response = send(client, buffer.getvalue(), name=HOSTILE)
    assert counts(response) == [0, 0, 2]
    assert "<script>" not in response.text
    assert response.text.count("<script") == 1, "ours alone"
    assert response.text.count("&lt;script&gt;") > 2
    assert not {name for _, attrs in Page(response).tags for name in attrs if "<" in name}


@each_answer
def test_a_hostile_header_is_escaped(client, path):
    buffer = io.StringIO()
    csv.writer(buffer).writerow(["age", HOSTILE, "name"])
    response = send(client, buffer.getvalue(), path, HOSTILE)
    assert response.status_code == 422
    assert "<script>" not in response.text
    assert response.text.count("<script") == 1, "ours alone"


def test_a_row_id_cannot_turn_the_text_around_it(client):
    response = send(client, "row_id,age\n\u202eabc,200\n")
    assert "<bdi>\u202eabc</bdi>" in response.text


# What is refused


def refused(response, status, *said):
    assert response.status_code == status, response.text
    assert response.content_type == "text/html; charset=utf-8"
    text = words(response)
    assert "This list was not scored" in text
    for each in said:
        assert each in text, each
    assert Page(response).named("input"), "another file can be chosen at once"


@each_answer
@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 400, ("The CSV is empty.", "Accepted: a header.")),
        (b"\n\n", 400, ("The CSV is empty.",)),
        (b"age,ecog_ps\n", 422, ("The list holds no patient.", "at least one patient")),
        (b"\x89PNG\r\n\x1a\n\x00\xff", 400, ("The line is not UTF-8.", "Accepted: UTF-8")),
        (b"PK\x03\x04 a workbook\n", 400, ("This is a workbook or a zip file.", "Save as")),
        (b"age,ecog_ps\r47,1\r", 400, ("A carriage return stands inside the line.",)),
        ("age,ecog_ps\n1,0\n".encode("utf-16"), 400, ("The line is not UTF-8.",)),
        (b"age,name\n47,Jane-Secret-4711\n", 422, ("identifies a person",)),
        (b"age,age\n1,2\n", 422, ("stands twice", "Accepted: once.")),
        (b"ecog_ps\n1\n", 422, ("neither a column age nor menopausal_status",)),
    ],
)
def test_what_is_no_list_is_refused_with_a_page(client, path, content, status, said):
    response = send(client, content, path)
    refused(response, status, *said)
    assert "Jane-Secret-4711" not in response.text


@each_answer
def test_no_file_is_refused_with_a_link_to_the_field(client, path):
    response = client.post(path)
    refused(response, 422, "No file was chosen.", "Accepted: a CSV file.")
    assert f"#{lists.FILE}" in Page(response).urls()


@each_answer
def test_too_many_rows_are_refused(make_app, path):
    client = make_app(max_rows=3).test_client()
    assert send(client, csv_text([README_PATIENT] * 3), path).status_code == 200
    response = send(client, csv_text([REJECTED] * 4), path)
    refused(response, 413, "more than 3 rows", "at most 3 rows")


@each_answer
def test_too_many_combinations_are_refused(make_app, path):
    client = make_app(max_combinations=1).test_client()
    response = send(client, csv_text([with_values(clinical_n=None)]), path)
    words = "more values, fewer patients at a time, or the command equipoise score"
    refused(response, 413, "Too much is not known: the figures would take too long.", words)
    # The page has no horizons that could be fewer.
    assert "horizon" not in response.text


@each_answer
def test_too_large_a_file_is_refused(make_app, path):
    client = make_app(max_bytes=2**20).test_client()
    response = send(client, b"age\n" + b"1\n" * 2**20, path)
    refused(response, 413, "The file is larger than what is accepted.", "at most 1 MB")


@each_answer
def test_months_that_the_bundle_does_not_know_are_refused_before_anything_is_sent(path):
    bundle = cohort_bundle(last_month=24)
    client = create_app(Settings(), Bundles([bundle])).test_client()
    refused(send(client, csv_text([README_PATIENT]), path), 422, "observed for 24 months")


def test_of_many_problems_the_first_are_told_each_short(client):
    names = ",".join(f"column_{number}" for number in range(500))
    response = send(client, f"age,{names},{'x' * 100_000}\n1\n")
    refused(response, 422, "column_0", "Further mistakes of this kind: 481.")
    assert len(response.data) < MOST_BYTES
    assert len(send(client, b"y" * 500_000).data) < MOST_BYTES


def test_a_refusal_is_told_in_the_language(client):
    response = send(client, b"", f"{SUMMARY}?lang=ja")
    assert response.status_code == 400
    assert "このリストは計算されませんでした" in response.text


# Progress


@pytest.fixture
def watched(monkeypatch):
    """Count the rows that were scored, and note when scoring ended."""
    seen = {"rows": 0, "ended": False}

    def score(*arguments):
        try:
            for row in score_rows(*arguments):
                seen["rows"] += 1
                yield row
        finally:
            seen["ended"] = True

    monkeypatch.setattr(lists, "score_rows", score)
    return seen


ROWS = [with_values(age=30 + number % 40) for number in range(130)]


def test_progress_is_sent_while_rows_are_scored(client, watched):
    response = send(client, csv_text(ROWS), buffered=False)
    told = []
    for chunk in response.iter_encoded():
        told += [
            (int(done), int(total), watched["rows"])
            for total, done in re.findall(rb'<progress max="(\d+)" value="(\d+)">', chunk)
        ]
    assert told == [(done, 130, done) for done in (*range(0, 130, 3), 130)]


def test_head_and_first_progress_are_sent_before_anything_is_scored(client, watched):
    chunks = send(client, csv_text(ROWS), buffered=False).iter_encoded()
    assert b"<h1>Summary of the list</h1>" in next(chunks)
    assert b"0 of 130 rows are scored" in next(chunks)
    assert watched == {"rows": 0, "ended": False}
    assert b"What came of 130 rows" in b"".join(chunks)


@pytest.mark.parametrize("rows", [1, 2, 49, 50, 51, 99, 101])
def test_progress_ends_with_all_rows_and_has_few_lines(client, rows):
    text = summary_of(client, [REJECTED] * rows).text
    done = [int(value) for value in re.findall(r'<progress max="\d+" value="(\d+)">', text)]
    assert done == sorted(set(done))
    assert (done[0], done[-1]) == (0, rows)
    assert len(done) <= 52


def test_a_proxy_is_asked_not_to_hold_the_answer_back(client):
    assert send(client, csv_text(MIXED)).headers["X-Accel-Buffering"] == "no"


@each_answer
def test_a_reader_who_leaves_ends_the_scoring(client, watched, path, monkeypatch):
    monkeypatch.setattr(lists, "_CHARACTERS", 100)
    response = send(client, csv_text(ROWS), path, buffered=False)
    chunks = response.iter_encoded()
    for _ in range(3):
        next(chunks)
    assert 0 < watched["rows"] < len(ROWS)
    assert not watched["ended"]
    response.close()
    assert watched["ended"]
    assert watched["rows"] < len(ROWS)


def test_two_lists_at_once_keep_their_languages(client):
    japanese = send(client, csv_text(ROWS), f"{SUMMARY}?lang=ja", buffered=False).iter_encoded()
    english = send(client, csv_text(ROWS), buffered=False).iter_encoded()
    pairs = list(zip(japanese, english, strict=True))
    first, second = (b"".join(parts).decode() for parts in zip(*pairs, strict=True))
    assert "130行のうち3行を計算しました" in first
    assert "130行の結果" in first
    assert "rows are scored" not in first
    assert "3 of 130 rows are scored" in second
    assert not re.search("[\u3041-\u30ff]", second)


# What fails in between

SECRET = "Jane-Secret-4711"


@pytest.fixture
def breaking(monkeypatch):
    def score(rows, *arguments):
        yield from score_rows(rows[:60], *arguments)
        raise ValueError(SECRET)

    monkeypatch.setattr(lists, "score_rows", score)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "was not scored to its end"), ("ja", "最後まで計算されません")],
)
def test_a_failure_is_told_on_the_page(client, breaking, caplog, language, sentence):
    response = send(client, csv_text(ROWS), f"{SUMMARY}?lang={language}")
    assert sentence in response.text
    assert response.text.rstrip().endswith("</html>")
    assert Page(response).rows == [], "no counts of a part of the list"
    assert SECRET not in response.text + caplog.text
    assert "unexpected ValueError in score" in caplog.text


def test_a_download_that_fails_is_broken_off_and_nothing_of_it_is_logged(client, breaking, caplog):
    with pytest.raises(lists.ListBroken) as caught:
        _ = send(client, csv_text(ROWS), DOWNLOAD).data
    # The server logs the error that reaches it.
    logged = "".join(traceback.format_exception(caught.value))
    assert SECRET not in logged + caplog.text
    assert "unexpected ValueError in score" in caplog.text


def test_nothing_of_a_list_is_logged(client, caplog):
    caplog.set_level(logging.DEBUG)
    for path in (SUMMARY, DOWNLOAD):
        _ = send(
            client, f"row_id,age\n{SECRET},200\n{SECRET},x{SECRET}\n", path, f"{SECRET}.csv"
        ).data
    assert SECRET not in caplog.text


# The scored list


@pytest.mark.parametrize("query", ["", "?lang=ja"])
def test_the_download_is_what_the_api_gives(client, query):
    text = csv_text([*MIXED, *ROWS])
    response = send(client, text, DOWNLOAD + query)
    assert response.status_code == 200
    assert response.data == post_list(client, CSV, text.encode(), query=query).data
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == "attachment; filename=scored.csv"


def test_the_download_of_a_list_with_a_byte_order_mark_and_crlf_is_what_the_api_gives(client):
    text = b"\xef\xbb\xbf" + csv_text(MIXED).replace("\n", "\r\n").encode()
    assert send(client, text, DOWNLOAD).data == post_list(client, CSV, text).data


def test_the_download_is_sent_in_blocks_while_rows_are_scored(client, watched, monkeypatch):
    monkeypatch.setattr(lists, "_CHARACTERS", 5000)
    chunks = send(client, csv_text(ROWS), DOWNLOAD, buffered=False).iter_encoded()
    next(chunks)
    assert watched["rows"] < len(ROWS)
    assert len(list(chunks)) > 10


@pytest.mark.parametrize("size", [1, 3, 7, 256])
def test_how_many_rows_are_scored_together_changes_nothing(bundle, size):
    rows = list(csv_rows(csv_text([*MIXED, *MIXED]).encode().split(b"\n")))
    options = Options(horizons_months=(48,))

    def figures(scored):
        return [
            each.status
            if each.prediction is None or not each.prediction.in_scope
            else each.prediction.shown.estimate.tolist()
            for each in scored
        ]

    assert figures(score_rows(rows, bundle, options, size)) == figures(
        score_rows(rows, bundle, options)
    )


# The template and the dictionary


def test_the_template_is_scored_without_a_reject(client):
    response = client.get("/lists/template.csv")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == "attachment; filename=template.csv"
    assert counts(send(client, response.data)) == [3, 0, 0]
    answer = post_list(client, CSV, response.data)
    assert [row["status"] for row in csv.DictReader(io.StringIO(answer.text))] == ["ok"] * 3


def test_the_template_has_every_column_and_shows_how_each_is_written():
    header, *rows = csv.reader(io.StringIO(template_csv()))
    assert tuple(header) == COLUMNS
    assert all(rows[0]), "the first patient has a value in every column"
    assert any(";" in cell for row in rows for cell in row), "several sites are shown"


def test_the_dictionary_names_every_column_that_is_sent(client):
    found = table(client.get("/lists/columns"), "Column", "What it means", "Accepted")
    assert [row[0] for row in found] == list(COLUMNS)
    for row, field in zip(found[1:], FIELDS.values(), strict=True):
        assert field.help in row[1]
        assert field.accepted_values in row[2]


def test_the_dictionary_names_every_column_that_comes_back(client, bundle):
    patterns = [row[0] for row in table(client.get("/lists/columns"), "Column", "What it says")]
    assert patterns == [column.name for column in output_columns()]
    places = {
        "outcome": "|".join(outcome.name for outcome in OUTCOMES),
        "arm": "|".join(ARM_LABELS),
        "month": "|".join(map(str, DEFAULT_HORIZONS)),
    }
    (header,) = csv.reader(csv_lines([], bundle, Options()))
    for name in header:
        plain = re.sub(r"_(lower|upper)$", "", name)
        assert any(
            re.fullmatch(re.sub(r"\{(\w+)\}", lambda m: f"(?:{places[m[1]]})", p), plain)
            for p in patterns
        ), name


def test_the_dictionary_says_what_stands_in_braces(client):
    text = words(client.get("/lists/columns"))
    for name in (*(outcome.name for outcome in OUTCOMES), *ARM_LABELS):
        assert f"<code>{name}</code>" in text
    assert ", ".join(map(str, DEFAULT_HORIZONS)) in text


def test_the_dictionary_is_told_in_japanese(client):
    response = client.get("/lists/columns?lang=ja")
    text = words(response)
    with speaking(JAPANESE):
        for column in output_columns():
            assert str(column.meaning).replace("<wbr>", "") in text or "&" in column.meaning
    assert "送るもの" in text
