"""``equipoise train --data`` and ``equipoise recalibrate``: bundles, cards, refusals."""

import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from models.bundle import load_bundle
from models.design_matrix import design_matrix
from models.outcomes import HAZARDS
from models.source_attributes import read_attributes
from models.texts import COHORT_INTERVAL_MEANING, INTENDED_USE
from tests.support.bundles import cohort_bundle, default_bundle, save_small
from tests.support.cohorts import rows_of, simulate, text_of
from training.commands.cohorts import MOST_PROBLEMS
from training.commands.recalibrate import recalibrate
from training.commands.train import train
from training.real.effects import published_effects, shipped_bundle
from training.real.ensemble import CannotFit, draw_until_fitted, fit_local_member, prepare
from training.real.reading import read_local_cohort
from training.real.recalibrate import compare_events
from training.real.terms import HazardTerms
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
    assert shipped_bundle().digest in card
    assert "The printed ratio of overall survival, 0.858, is not given covariates" in card
    death = published_effects()["death"]
    assert f"death {np.exp(death.mean):.3f} ({death.standard_error:.3f})" in card
    assert "month 12: observed / served" in card
    assert "Which of the two it is cannot be told from these data." in card
    assert "this immortal time is not mended" in card
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
    assert html.count("<figure>") == 14 * len(HAZARDS)
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


def test_the_published_effects_are_the_conditional_ones_of_the_bundle():
    effects = published_effects()
    for name in ("death", "ulceration", "bleeding"):
        drawn = default_bundle().hazards[name].arm
        assert effects[name].mean == drawn.mean()
        assert effects[name].standard_error == drawn.std(ddof=1)
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
    assert re.search(r"at least 10 events per parameter \([1-9]\d0 events\), or --force", output)


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

    with pytest.raises(CannotFit, match="of 25 the cause is: none"):
        draw_until_fitted(never, np.random.SeedSequence(1))


def test_what_has_no_maximum_is_named():
    cohort = read_local_cohort(simulate(400, 6).text.encode())
    died = cohort.outcomes.os_event == 1
    table = {**cohort.table, "liver_metastasis": died.astype(float)}
    alive = replace(cohort, table=table)
    ready = prepare(alive, randomised=True)
    everything = HazardTerms(int(died.sum()), np.ones(13, dtype=bool), {}, 14)
    with pytest.raises(CannotFit, match=r"25 the cause is: hazard death, liver metastasis: "):
        fit_local_member(np.random.SeedSequence(1), ready, dict.fromkeys(HAZARDS, everything))


USUAL = {
    "no T3": ({"clinical_t": {"T3": "T4"}}, "T4, beyond T3 (0 patients with T3)"),
    "one age": ({"age": None}, "age, per 10 years (the same for all patients)"),
    "no HER2 without ER": (
        {"her2_status": None},
        "ER and HER2 positive, beyond both (3 patients with ER negative and HER2 positive)",
    ),
}


@pytest.mark.parametrize(("change", "said"), USUAL.values(), ids=USUAL)
def test_usual_codings_are_fitted_and_what_was_dropped_is_named(
    invoke, text, tmp_path, change, said
):
    rows, left = rows_of(text), 3
    for row in rows:
        if "clinical_t" in change:
            row["clinical_t"] = change["clinical_t"].get(row["clinical_t"], row["clinical_t"])
        elif "age" in change:
            row["age"] = "60"
        elif (row["er_status"], row["her2_status"]) == ("negative", "positive"):
            left -= 1
            if left < 0:
                row["er_status"] = "positive"
    result = invoke(text_of(rows))
    assert result.exit_code == 0, result.output
    for told in (one_line(result.output), one_line(load_bundle(tmp_path / "out").card)):
        assert f"- death: {said}." in told


# Recalibration.


def test_a_recalibrated_bundle_names_its_parent(invoke, text, tmp_path):
    parent = save_small(tmp_path / "parent")
    result = invoke(text, "--bundle", str(parent), command=recalibrate)
    assert result.exit_code == 0, result.output
    old, new = load_bundle(parent), load_bundle(tmp_path / "out")
    assert new.manifest["parent"] == {
        "id": old.id,
        "version": old.version,
        "digest": old.digest,
        "rows_digests": [],
    }
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
    seen = read_local_cohort(text.encode()).rows_digest
    assert second.rows_digests == (seen,)


def test_the_patients_of_all_ancestors_are_remembered(trained, invoke, text, tmp_path):
    parent, digests = trained[1] / "out", [read_local_cohort(text.encode()).rows_digest]
    for step in range(2):
        other = simulate(900, 20 + step).text
        more = ("--bundle", str(parent), "--id", f"step-{step}")
        assert invoke(other, *more, command=recalibrate).exit_code == 0
        parent = (tmp_path / "out").rename(tmp_path / f"step-{step}")
        digests.append(read_local_cohort(other.encode()).rows_digest)
    assert load_bundle(parent).rows_digests == tuple(digests)


def shuffled(text):
    """Return a cohort whose outcomes belong to other patients of the same arm."""
    rows, rng = rows_of(text), np.random.default_rng(4)
    names = [name for name in rows[0] if name.endswith(("_months", "_event"))]
    for arm in ("systemic_therapy", "ptr_plus_systemic_therapy"):
        own = [row for row in rows if row["arm"] == arm]
        others = [{name: own[at][name] for name in names} for at in rng.permutation(len(own))]
        for row, other in zip(own, others, strict=True):
            row.update(other)
    return text_of(rows)


def test_a_prognosis_that_does_not_show_is_refused_or_forced_with_a_warning(
    invoke, text, tmp_path
):
    more = ("--bundle", str(save_small(tmp_path / "parent", 20)))
    output = refused(invoke(shuffled(text), *more, command=recalibrate), tmp_path)
    assert "Hazard death: the slope's 95% limits" in output
    assert "--force" in output
    done = invoke(shuffled(text), *more, "--force", command=recalibrate)
    assert done.exit_code == 0, done.output
    assert "Warning: Hazard death: the slope's 95% limits" in done.output
    card = one_line(load_bundle(tmp_path / "out").card)
    assert "**Hazard death: the slope's 95% limits" in card


def test_a_prognosis_that_shows_needs_no_warning(invoke, text, tmp_path):
    more = ("--bundle", str(save_small(tmp_path / "parent", 20)))
    done = invoke(text, *more, command=recalibrate)
    assert "Hazard death: the slope" not in done.output


def test_observed_and_expected_events_are_of_the_same_time():
    cohort = read_local_cohort(simulate(1200, 6).text.encode())
    bundle = cohort_bundle(20, last_month=36)
    ready = prepare(cohort, randomised=False)
    found = compare_events(bundle, ready, np.random.default_rng(1))
    months, event = cohort.outcomes.os_months, cohort.outcomes.os_event == 1
    observed, expected = found["death"]
    assert observed == (event & (months <= 36)).sum() < event.sum()
    hazard, design = bundle.hazards["death"], design_matrix(cohort.table)
    ratio = np.exp(design @ hazard.coefficients + np.outer(cohort.arm, hazard.arm))
    at_end = np.array(
        [np.interp(np.minimum(months, 36), np.arange(97), each) for each in hazard.baseline.T]
    ).T
    survival = np.exp(-ratio * at_end).mean(axis=1)
    assert expected == pytest.approx(-np.log(survival).sum(), rel=1e-9)
    # A mean over members' hazards expects more than the mean survival that is served.
    assert expected < (ratio * at_end).mean(axis=1).sum()


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


def test_another_bundle_is_not_replaced(invoke, text, tmp_path):
    save_small(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    result = invoke(text)
    assert result.exit_code == 2
    assert "holds jcog1017-synthetic, which local-cohort would replace" in result.output
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_damaged_bundle_is_not_replaced_either(invoke, text, tmp_path):
    folder = save_small(tmp_path / "out")
    (folder / "card.md").write_text("changed", encoding="utf-8")
    result = invoke(text)
    assert result.exit_code == 2
    assert "holds a damaged bundle, which" in result.output
