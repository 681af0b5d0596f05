"""``equipoise train --data`` and ``equipoise recalibrate``: bundles, cards, refusals."""

import hashlib
import json

import numpy as np
import pytest
from click.testing import CliRunner

from models.bundle import load_bundle
from models.outcomes import HAZARDS
from models.source_attributes import read_attributes
from models.texts import COHORT_INTERVAL_MEANING, INTENDED_USE
from tests.support.bundles import default_bundle, save_small
from tests.support.cohorts import rows_of, simulate, text_of
from training.commands.cohorts import MOST_PROBLEMS
from training.commands.recalibrate import recalibrate
from training.commands.train import train
from training.real.effects import published_effects, shipped_bundle
from training.real.ensemble import CannotFit, draw_until_fitted
from training.weighted_cox import NoMaximum

MEMBERS = 4


@pytest.fixture(scope="module")
def text():
    return simulate(1200, 6).text


@pytest.fixture(scope="module")
def small_text():
    return simulate(150, 6).text


@pytest.fixture
def invoke(tmp_path):
    """Return what runs a command on a text; its output goes to the folder ``out``."""

    def run(text, *more, command=train):
        data = tmp_path / "cohort.csv"
        data.write_text(text, encoding="utf-8")
        arguments = ["--data", str(data), "--out", str(tmp_path / "out"), "--jobs", "1", *more]
        if command is train:
            arguments += ["--members", str(MEMBERS)]
        return CliRunner().invoke(command, arguments)

    return run


@pytest.fixture(scope="module")
def trained(text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    (folder / "cohort.csv").write_text(text, encoding="utf-8")
    arguments = ["--data", str(folder / "cohort.csv"), "--out", str(folder / "out"), "--jobs", "1"]
    arguments += ["--members", str(MEMBERS), "--id", "my-hospital", "--version", "2.0.1"]
    arguments += ["--report", str(folder / "tests.html")]
    return CliRunner().invoke(train, arguments), folder


def refused(result, tmp_path):
    assert result.exit_code == 2, result.output
    assert not (tmp_path / "out").exists()
    return result.output


def one_line(words):
    return " ".join(words.split())


# A bundle of a cohort.


def test_the_bundle_says_what_it_was_trained_on(trained, text):
    result, folder = trained
    assert result.exit_code == 0, result.output
    bundle = load_bundle(folder / "out")
    assert (bundle.id, bundle.version, bundle.kinds) == ("my-hospital", "2.0.1", ("cox",))
    assert bundle.training_data == "cohort"
    cohort = bundle.manifest["cohort"]
    assert cohort["patients"] == 1200
    assert cohort["data_digest"] == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert cohort["events"]["death"] == sum(row["os_event"] == "1" for row in rows_of(text))
    assert cohort["events"]["bleeding"] == sum(
        row["bleeding_event"] == "1" for row in rows_of(text)
    )
    assert set(cohort["events"]) == set(HAZARDS)
    assert (cohort["randomised"], cohort["effect_of_surgery"]) == (False, "published")
    assert cohort["median_follow_up"] == pytest.approx(
        np.median([float(row["os_months"]) for row in rows_of(text)])
    )


def test_the_card_says_it_in_words(trained):
    card = one_line(load_bundle(trained[1] / "out").card)
    cohort = load_bundle(trained[1] / "out").manifest["cohort"]
    assert INTENDED_USE in card
    assert COHORT_INTERVAL_MEANING in card
    assert "a local cohort of 1200 patients" in card
    assert cohort["data_digest"] in card
    assert "**The effect of surgery is the trial's, not this cohort's**" in card
    assert "os.hr.stratified.three_digits" in card
    assert shipped_bundle().digest in card
    for name, events in cohort["events"].items():
        assert f"| {name.replace('_', ' ')} | {events} | " in card
    assert "Every covariate of the models is known of every patient." in card
    assert "All terms were estimated." in card


def test_the_card_has_the_source_attributes_of_the_cohort(trained):
    bundle = load_bundle(trained[1] / "out")
    found = {each.code: each.answer for each in read_attributes(bundle.card)}
    assert len(found) == 31
    cohort = bundle.manifest["cohort"]
    assert found["(B)(4)(i)"].startswith(f"{cohort['patients']} patients of a local file")
    assert cohort["data_digest"] in found["(B)(4)(i)"]
    assert f"up to month {cohort['last_month']};" in found["(B)(1)(iii)"]


def test_no_patient_row_is_in_the_bundle(trained, text):
    files = [path.read_bytes() for path in (trained[1] / "out").iterdir()]
    for row in rows_of(text)[:50]:
        assert not any(row["row_id"].encode() in data for data in files)


def test_the_report_has_a_plot_of_every_test(trained):
    html = (trained[1] / "tests.html").read_text("utf-8")
    assert html.count("<figure>") == 13 * len(HAZARDS)
    assert "<script" not in html


def test_the_same_seed_gives_the_same_bytes(invoke, text, tmp_path):
    written = []
    for _ in range(2):
        assert invoke(text, "--seed", "3").exit_code == 0
        written.append({p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()})
    assert written[0] == written[1]


def test_randomised_takes_the_effect_from_the_arms(invoke, text, tmp_path):
    result = invoke(text, "--randomised")
    assert result.exit_code == 0, result.output
    bundle = load_bundle(tmp_path / "out")
    cohort = bundle.manifest["cohort"]
    assert (cohort["randomised"], cohort["effect_of_surgery"]) == (True, "cohort")
    assert "**The effect of surgery is estimated from this cohort**" in bundle.card
    assert bundle.id == "local-cohort"
    for name in ("death", "death_without_bleeding"):
        assert len(set(bundle.hazards[name].arm)) == MEMBERS
    drawn = bundle.hazards["death"].arm
    assert not np.array_equal(drawn, bundle.hazards["death_without_bleeding"].arm)


def test_the_published_effects_are_those_of_the_evidence():
    effects = published_effects()
    assert np.exp(effects["death"].mean) == pytest.approx(0.858)
    assert effects["death"].standard_error == pytest.approx(
        np.log(1.073 / 0.686) / (2 * 1.6448536)
    )
    for name in ("local_progression", "ulceration", "bleeding"):
        assert effects[name].mean == default_bundle().hazards[name].arm.mean()
    assert effects["death_without_ulceration"] == effects["death"]


def test_gaps_rare_levels_and_rows_left_out_are_said(invoke, text, tmp_path):
    rows = rows_of(text)
    for row in rows:
        row["ecog_ps"] = "0"
    for row in rows[:8]:
        row["ecog_ps"] = "1"
    rows[20]["clinical_n"] = ""
    rows[21]["age"] = "85"
    rows[22]["os_months"] = ""
    result = invoke(text_of(rows))
    assert result.exit_code == 0, result.output
    card = one_line(load_bundle(tmp_path / "out").card)
    for said in (one_line(result.output), card):
        assert "Clinical N 1 (0%)" in said
        assert "- death: performance status 1 or 2 (8 patients on one side)." in said
        assert "1 (a time or an event is empty); 1 (out of the trial's scope)" in said
    assert "1198 patients" in result.output


def test_force_is_said_on_the_card(invoke, small_text, tmp_path):
    result = invoke(small_text, "--force")
    assert result.exit_code == 0, result.output
    assert "**Trained by force.**" in load_bundle(tmp_path / "out").card


# Refusals: nothing is written.


def test_few_events_are_refused_with_numbers_of_each_hazard(invoke, small_text, tmp_path):
    output = refused(invoke(small_text), tmp_path)
    for name in ("local_progression", "ulceration", "bleeding"):
        assert f"Hazard {name}: " in output
    assert "events per parameter, or --force" in output


def test_one_arm_is_refused(invoke, text, tmp_path):
    rows = [{**row, "arm": "systemic_therapy"} for row in rows_of(text)]
    assert "Column arm: one arm has 0 patients." in refused(invoke(text_of(rows)), tmp_path)


WRONG = [
    ({"os_months": "-2"}, "Line 3, os_months"),
    ({"ulceration_event": "3"}, "Line 3, ulceration_event"),
    ({"her2_status": "maybe"}, "Line 3, her2_status"),
    ({"lrfs_months": "400"}, "Line 3, lrfs_months"),
]


@pytest.mark.parametrize("command", [train, recalibrate], ids=["train", "recalibrate"])
@pytest.mark.parametrize(("values", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_file_is_refused(invoke, text, tmp_path, values, said, command):
    rows = rows_of(text)
    rows[1] = {**rows[1], **values}
    bundle = ("--bundle", str(save_small(tmp_path / "parent")))
    more = bundle if command is recalibrate else ("--force",)
    assert said in refused(invoke(text_of(rows), *more, command=command), tmp_path)


def test_many_problems_are_counted(invoke, text, tmp_path):
    rows = [{**row, "os_event": "5"} for row in rows_of(text)]
    output = refused(invoke(text_of(rows)), tmp_path)
    assert "(1200 problems)" in output
    assert output.count("Line ") == MOST_PROBLEMS
    assert f"And {1200 - MOST_PROBLEMS} more." in output


def test_columns_are_refused(invoke, text, tmp_path):
    first, *others = text.splitlines()
    twice = "\n".join([f"{first},arm", *(f"{line},x" for line in others)])
    assert "stands twice" in refused(invoke(twice), tmp_path)
    missing = [{k: v for k, v in row.items() if k != "lrfs_event"} for row in rows_of(text)]
    assert "'lrfs_event'" in refused(invoke(text_of(missing)), tmp_path)


def test_thirty_rows_are_refused(invoke, text, tmp_path):
    output = refused(invoke("\n".join(text.splitlines()[:31])), tmp_path)
    assert "30 rows can be used" in output


def test_an_extra_column_needs_its_option(invoke, text, tmp_path):
    rows = [{**row, "grade": "3"} for row in rows_of(text)]
    assert "grade" in refused(invoke(text_of(rows)), tmp_path)
    assert invoke(text_of(rows), "--ignore-extra-columns").exit_code == 0


@pytest.mark.parametrize(
    "more",
    [("--version", "1.0"), ("--version", "1.0.0-a"), ("--id", "My Hospital"), ("--id", "a--b")],
)
def test_names_that_are_none_are_a_mistake_of_usage(invoke, text, tmp_path, more):
    refused(invoke(text, *more), tmp_path)


def test_a_report_that_cannot_be_written_is_told_without_a_bundle(invoke, text, tmp_path):
    more = ("--report", str(tmp_path / "absent" / "tests.html"))
    assert "tests.html" in refused(invoke(text, *more), tmp_path)


@pytest.mark.parametrize(
    "more", [("--randomised",), ("--force",), ("--id", "x"), ("--version", "1.0.0")]
)
def test_options_of_cohorts_need_data(tmp_path, more):
    done = CliRunner().invoke(train, ["--out", str(tmp_path / "out"), *more])
    assert "need --data" in one_line(refused(done, tmp_path))


def test_a_resample_without_a_maximum_is_drawn_anew_and_not_for_ever():
    drawn = []

    def third(rng):
        drawn.append(rng.random())
        if len(drawn) < 3:
            raise NoMaximum("none")
        return "fit"

    assert draw_until_fitted(third, np.random.SeedSequence(1)) == ("fit", 3)
    assert len(set(drawn)) == 3

    def never(rng):
        raise NoMaximum("none")

    with pytest.raises(CannotFit):
        draw_until_fitted(never, np.random.SeedSequence(1))


# Recalibration.


def test_a_recalibrated_bundle_names_its_parent(invoke, text, tmp_path):
    parent = save_small(tmp_path / "parent")
    result = invoke(text, "--bundle", str(parent), command=recalibrate)
    assert result.exit_code == 0, result.output
    old, new = load_bundle(parent), load_bundle(tmp_path / "out")
    assert new.manifest["parent"] == {"id": old.id, "version": old.version, "digest": old.digest}
    major, minor, _ = old.version.split(".")
    assert (new.id, new.version) == (old.id, f"{major}.{int(minor) + 1}.0")
    assert new.training_data == old.training_data
    assert new.kinds == ("cox",)
    assert new.manifest["recalibration"]["patients"] == 1200
    card = one_line(new.card)
    assert f"{old.id} {old.version} ({old.digest})" in card
    assert "**Recalibrated on a local cohort of 1200 patients**" in card
    assert "## A small bundle" in new.card


def test_a_recalibrated_cohort_bundle_can_be_recalibrated_again(trained, invoke, text, tmp_path):
    parent = trained[1] / "out"
    result = invoke(text, "--bundle", str(parent), "--id", "again", command=recalibrate)
    assert result.exit_code == 0, result.output
    first = load_bundle(tmp_path / "out")
    assert first.manifest["cohort"] == load_bundle(parent).manifest["cohort"]
    (tmp_path / "out").rename(tmp_path / "first")
    more = ("--bundle", str(tmp_path / "first"), "--version", "9.0.0")
    assert invoke(text, *more, command=recalibrate).exit_code == 0
    second = load_bundle(tmp_path / "out")
    assert second.manifest["parent"]["digest"] == first.digest


def test_a_bundle_recalibrated_on_its_own_patients_has_slopes_near_one(
    trained, invoke, text, tmp_path
):
    done = invoke(text, "--bundle", str(trained[1] / "out"), command=recalibrate)
    assert done.exit_code == 0, done.output
    old, new = load_bundle(trained[1] / "out"), load_bundle(tmp_path / "out")
    ratio = new.hazards["death"].coefficients.mean(axis=1) / old.hazards[
        "death"
    ].coefficients.mean(axis=1)
    assert np.median(ratio) == pytest.approx(1, abs=0.15)


def test_one_arm_can_be_recalibrated_on(invoke, text, tmp_path):
    rows = [row for row in rows_of(text) if row["arm"] == "systemic_therapy"]
    more = ("--bundle", str(save_small(tmp_path / "parent")))
    assert invoke(text_of(rows), *more, command=recalibrate).exit_code == 0


@pytest.mark.parametrize("more", [(), ("--force",)])
def test_few_events_for_a_slope_are_refused(invoke, text, tmp_path, more):
    rows = rows_of(text)
    for row in rows:
        if row["bleeding_event"] == "1":
            row["bleeding_months"] = row["os_months"]
            row["bleeding_event"] = "2" if row["os_event"] == "1" else "0"
    bundle = ("--bundle", str(save_small(tmp_path / "parent")))
    output = refused(invoke(text_of(rows), *bundle, *more, command=recalibrate), tmp_path)
    assert "Hazard bleeding: 0 events" in output
    assert ("--force" in output) == (not more)


def test_the_id_and_version_of_the_parent_are_refused(invoke, text, tmp_path):
    parent = save_small(tmp_path / "parent")
    number = json.loads((parent / "manifest.json").read_text("utf-8"))["version"]
    more = ("--bundle", str(parent), "--version", number)
    assert "id and version of its parent" in refused(
        invoke(text, *more, command=recalibrate), tmp_path
    )


def test_the_parent_is_not_overwritten(text, tmp_path):
    (tmp_path / "cohort.csv").write_text(text, encoding="utf-8")
    parent = save_small(tmp_path / "parent")
    before = {p.name: p.read_bytes() for p in parent.iterdir()}
    arguments = ["--data", str(tmp_path / "cohort.csv"), "--bundle", str(parent)]
    done = CliRunner().invoke(recalibrate, [*arguments, "--out", str(parent)])
    assert done.exit_code == 2
    assert {p.name: p.read_bytes() for p in parent.iterdir()} == before
