"""How sure it is: every figure has its source, and nothing is said that does not hold."""

from __future__ import annotations

import ast
import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

import service
from models.bundle import Bundle, load_bundle, save_bundle
from models.caveats import caveat_texts
from models.evidence import table_1
from models.outcomes import ARM_LABELS, ARMS, DIFFERENCE, OUTCOMES
from models.rounding import percent
from models.texts import COHORT_INTERVAL_MEANING, INTERVAL_MEANING
from service.app import create_app
from service.bundles import Bundles
from service.page import sure
from service.page.measured import (
    COVERAGE,
    LAYERS,
    NOT_COMPARED,
    PUBLISHED,
    read_coverage,
    read_held,
    read_layers,
    read_public_from,
    read_published,
)
from service.page.sure import CARD_WORDS
from service.settings import Settings
from tests.service.helpers import README_PATIENT, Page
from tests.statements.wording import parts, patterns, said, unhedged
from tests.support.bundles import cohort_bundle, recalibrated_bundle, small_bundle
from tests.support.cohorts import simulate
from tests.support.japanese import english_in
from tests.support.readme import README_PATIENT as EXAMPLE
from training.real.findings import Plan
from training.real.reading import read_local_cohort
from training.real.recalibrate import Recalibration, recalibrate_bundle
from training.real.train import train_on_cohort

PATIENTS, SEED, MEMBERS = 1200, 5, 3
#: Sections that are about a bundle of simulated patients alone.
OF_SIMULATED = ("How often intervals held the truth", "Published and served")
languages = pytest.mark.parametrize("language", ["en", "ja"])


def client_of(bundle):
    return create_app(Settings(), Bundles([bundle])).test_client()


@pytest.fixture(scope="module")
def local_cohort():
    return read_local_cohort(simulate(PATIENTS, SEED).text.encode())


def through_a_folder(bundle, folder):
    """Return a bundle as it is served: saved and loaded."""
    kept = {k: v for k, v in bundle.manifest.items() if k not in ("format", "population", "files")}
    save_bundle(folder, replace(bundle, manifest=kept))
    return load_bundle(folder)


@pytest.fixture(scope="module")
def trained(local_cohort, tmp_path_factory) -> dict[str, Bundle]:
    """Return bundles with a real cohort behind them, as a site makes them."""
    found = {}
    for name, randomised in (("published", False), ("randomised", True)):
        plan = Plan("a-cohort", "1.0.0", 7, MEMBERS, randomised, force=True, jobs=1)
        found[name] = train_on_cohort(local_cohort, plan)[0]
    how = Recalibration("again", "1.0.0", 1, force=True, jobs=1)
    found["recalibrated"] = recalibrate_bundle(small_bundle(MEMBERS), local_cohort, how)[0]
    folder = tmp_path_factory.mktemp("bundles")
    return {name: through_a_folder(each, folder / name) for name, each in found.items()}


@pytest.fixture(params=["shipped", "published", "randomised", "recalibrated"])
def any_bundle(request, trained, bundle):
    return bundle if request.param == "shipped" else trained[request.param]


def words(response):
    """Return the visible words of a page, an element a line."""
    body = response.text.split("</header>")[1].split("<footer>")[0]
    text = re.sub(r"</?(?:strong|a)\b[^>]*>", "", body)
    lines = html.unescape(re.sub(r"<[^>]+>", "\n", text)).splitlines()
    return [line.strip() for line in lines if line.strip()]


def headings(response):
    return re.findall(r"<h2[^>]*>(.*?)</h2>", response.text)


def rows_with(response, cells):
    return [row for row in Page(response).rows if len(row) == cells]


def normal(text):
    return text.replace("−", "-")


# The example


def ask(client, **options):
    body = {"patient": README_PATIENT, "horizons_months": [48], **options}
    return client.post("/v1/predict", json=body).get_json()


def band_words(band, *, signed=False):
    estimate, lower, upper = (percent(band[kind][0]) for kind in ("estimate", "lower", "upper"))
    if not signed:
        return f"{estimate}% ({lower} to {upper})"
    unit = "point" if abs(estimate) == 1 else "points"
    told = [f"{n:+d}" if n else "0" for n in (estimate, lower, upper)]
    return f"{told[0]} {unit} ({told[1]} to {told[2]})"


def test_the_examples_figures_are_those_of_the_api(client):
    answer, text = ask(client), normal(client.get("/sure").text)
    survival = answer["outcomes"]["overall_survival"]
    for arm in ARMS:
        label = ARM_LABELS[arm].capitalize()
        assert f"{label}: {band_words(survival[arm])}" in text
    own = band_words(survival[DIFFERENCE], signed=True)
    pooled = band_words(answer["pooled_survival"][DIFFERENCE], signed=True)
    assert f"By this model: {own}" in text
    assert f"By the earlier trials: {pooled}" in text


def test_the_example_is_the_readmes_patient(client):
    (sentence,) = [line for line in words(client.get("/sure")) if line.startswith("An example")]
    assert sentence.startswith("An example, 48 months after the decision. Age: 47, ")
    assert sentence.count(": ") == len(EXAMPLE)


def test_what_must_be_read_first_stands_above_the_drawing(client):
    text = html.unescape(client.get("/sure").text)
    texts = {caveat["code"]: caveat["text"] for caveat in ask(client)["caveats"]}
    for code in ("primary_endpoint_not_met", "synthetic_training_data"):
        assert text.index(texts[code]) < text.index("<svg")


def test_what_must_be_read_first_is_among_the_caveats(trained):
    assert {*sure._FIRST, sure._NEWER_DRUGS} <= set(caveat_texts())
    expected = {
        "published": {"cohort_training_data", "effect_of_surgery_from_trial"},
        "randomised": {"cohort_training_data", "effect_of_surgery_from_cohort"},
        "recalibrated": {"synthetic_training_data", "recalibrated_on_cohort"},
    }
    for name, codes in expected.items():
        client = client_of(trained[name])
        texts = {caveat["code"]: caveat["text"] for caveat in ask(client)["caveats"]}
        page = html.unescape(client.get("/sure").text)
        for code in codes:
            assert page.index(texts[code]) < page.index("<svg"), (name, code)


def test_the_drawing_is_named_and_has_nothing_but_black(client):
    text = client.get("/sure").text
    (svg,) = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert 'role="img" aria-labelledby="drawing-words"' in svg
    assert re.search(r'<figcaption id="drawing-words">.*95% intervals', text)
    assert not re.search(r'\b(?:fill|stroke|style)="', svg)
    assert svg.count("<circle") == 4


@pytest.mark.parametrize(("shift", "told"), [(0.0, "does not tell which"), (3.0, "excludes no")])
def test_whether_the_difference_includes_none_is_told_as_it_is(shift, told):
    bundle = small_bundle()
    hazards = {
        name: replace(hazard, arm=hazard.arm - shift) for name, hazard in bundle.hazards.items()
    }
    response = client_of(replace(bundle, hazards=hazards, digest=f"moved {shift}")).get("/sure")
    (sentence,) = [each for each in words(response) if "interval of the difference " in each][:1]
    assert told in sentence


# The card's figures


def test_published_and_served_figures_are_those_of_the_card(client, bundle):
    read = read_published(bundle.card)
    shown = rows_with(client.get("/sure"), 3)[-len(read.rows) :]
    for row, (name, published, served) in zip(read.rows, shown, strict=True):
        measure = f"by {row.month} months" if row.month else "median in months"
        assert name == f"{row.outcome}, {row.arm}: {measure}"
        printed = "no limits printed"
        if row.published_limits:
            printed = " to ".join(row.published_limits)
        assert published == f"{row.published} ({printed})"
        assert served == f"{row.served} ({' to '.join(row.limits)})"
    narrower = sum(row.is_narrower for row in read.rows)
    printed = sum(row.published_limits is not None for row in read.rows)
    text = " ".join(words(client.get("/sure")))
    assert f"Of {printed} rows with printed limits, {narrower} have" in text
    assert f"Served ({read.level} interval)" in text


def test_the_layers_are_those_of_the_card(client, bundle):
    read = read_layers(bundle.card)
    response = client.get("/sure")
    shown = [
        [normal(cell) for cell in row] for row in rows_with(response, 3 + len(read.names) - 1)
    ]
    expected = [row for row in read.rows if row.outcome == OUTCOMES[0].label]
    assert shown[1:] == [[row.who, row.arm, *row.shares] for row in expected]
    bold = re.findall(r"<td><strong>(.*?)</strong></td>", response.text)
    largest = [max(row.shares, key=lambda share: int(share.rstrip("%"))) for row in expected]
    assert [normal(each) for each in bold] == largest
    assert f"Survival at {read.month} months" in response.text


def rate_words(rate):
    return f"{rate.share} ({rate.lower} to {rate.upper})"


def test_the_coverage_is_that_of_the_card(client, bundle):
    read = read_coverage(bundle.card)
    response = client.get("/sure")
    settings = [row for row in rows_with(response, 4) if row[1] != "Trials"]
    assert [row[1:3] for row in settings] == [
        [str(setting.trials), rate_words(setting.together)] for setting in read.settings
    ]
    text = " ".join(words(response))
    (judged,) = [setting for setting in read.settings if setting.judged]
    met = len(judged.judged) - len(judged.missed)
    if judged.missed:
        assert f"Of {len(judged.judged)} rows {met} meet the aim." in text
    else:
        assert f"All {met} rows meet the aim." in text
    missed = [row for row in rows_with(response, 5) if row[-1].endswith("%)")]
    assert missed == [
        [row.who, f"{row.outcome}, {row.arm}", *(rate_words(rate) for _, rate in row.rates)]
        for row in judged.missed
    ]
    low, high, bound = read.aim
    assert f"meet {low} to {high}, and for each single example patient reach {bound}" in text


def test_the_differences_coverage_is_that_of_the_card(client, bundle):
    (judged, *_shown) = read_coverage(bundle.card).settings
    rows = judged.judged_of(OUTCOMES[0].label, ARM_LABELS[DIFFERENCE])
    shown = rows_with(client.get("/sure"), 2)[-len(rows) :]
    assert shown == [[row.who, rate_words(row.rates[-1][1])] for row in rows]
    text = " ".join(words(client.get("/sure")))
    assert f"The difference in survival after {rows[0].rates[-1][0]} months" in text


def test_what_the_study_could_not_have_noticed_is_told(client, bundle):
    (judged, *_shown) = read_coverage(bundle.card).settings
    power, text = judged.power, " ".join(words(client.get("/sure")))
    assert f"With {power.trials} of them a true rate of {power.rate} would meet" in text
    assert f"averages in {power.passed} of such studies." in text
    assert f"a true rate of {power.profile_rate} would meet it in {power.profile_passed}." in text


def test_how_intervals_fare_where_the_effect_differs_is_told(client, bundle):
    held, text = read_held(bundle.card), " ".join(words(client.get("/sure")))
    assert "one effect of surgery for every woman" in text
    assert f"at {held.month} months held {held.cox} of patients' truths by the Cox model" in text
    assert f"By the forest they held {held.forest}." in text


def other_figures(card):
    """Return texts of a card, others in their place, and what the page shows of them then."""
    setting = read_coverage(card).settings[-1]
    row, year = read_published(card).rows[0], read_public_from(card)
    shares = next(r.shares for r in read_layers(card).rows if r.outcome == OUTCOMES[0].label)
    limits = " to ".join(row.published_limits)
    yield f" {setting.trials} replicates", " 9876 replicates", "9876"
    yield f"horizons): {rate_words(setting.together)}", "horizons): 7% (6% to 8%)", "7% (6% to 8%)"
    yield f"| {row.published} | {limits} |", "| 1.5 | 1.4 to 1.6 |", "1.5 (1.4 to 1.6)"
    yield f"| {' | '.join(shares)} |", f"| 123% |{' 0% |' * (len(shares) - 1)}", "123%"
    power = read_coverage(card).settings[0].power
    yield f"average's aim in {power.passed}", "average's aim in 31%", "averages in 31% of"
    yield f"{read_held(card).cox} by the Cox", "32% by the Cox", "held 32% of"
    yield f"public before {year}", "public before 2345", "before 2345"


def test_another_card_has_other_figures(bundle):
    before = " ".join(words(client_of(bundle).get("/sure")))
    for old, new, shown in other_figures(bundle.card):
        assert old in bundle.card
        changed = replace(bundle, card=bundle.card.replace(old, new))
        assert shown not in before
        assert shown in " ".join(words(client_of(changed).get("/sure"))), old


@pytest.mark.parametrize(
    ("card", "there"),
    [
        ("", {PUBLISHED: False, COVERAGE: False, LAYERS: False}),
        ("without shares", {PUBLISHED: True, COVERAGE: True, LAYERS: False}),
        ("without published", {PUBLISHED: False, COVERAGE: True, LAYERS: True}),
        ("without coverage", {PUBLISHED: True, COVERAGE: False, LAYERS: True}),
    ],
)
def test_a_table_that_is_not_there_is_not_told(bundle, card, there):
    cuts = {
        "": bundle.card,
        "without shares": "### Shares of an interval",
        "without published": "| figure | published |",
        "without coverage": "All together",
    }
    told = bundle.card.replace(cuts[card], "Something else")
    response = client_of(replace(bundle, card=told)).get("/sure")
    assert response.status_code == 200
    text = " ".join(words(response))
    assert ("Published and served" in headings(response)) == there[PUBLISHED]
    assert ("How often intervals held the truth" in headings(response)) == there[COVERAGE]
    assert ("share of the spread" in text) == there[LAYERS]
    assert "The trial randomised" in text, "what it is made of is told without the shares"


def test_words_of_a_hostile_card_are_words(bundle):
    (missed,) = [s.missed for s in read_coverage(bundle.card).settings if s.judged]
    who = missed[0].who if missed else read_layers(bundle.card).rows[0].who
    hostile = bundle.card.replace(f"| {who} |", "| <script>100% {a} %(b)s</script> |")
    response = client_of(replace(bundle, card=hostile)).get("/sure")
    assert [attrs["src"] for attrs in Page(response).named("script")] == ["/static/form.js"]
    assert "<script>100% {a} %(b)s</script>" in html.unescape(response.text)


# No figure is typed

_FOLDER = Path(service.__file__).parent


def marked_texts():
    """Yield the texts of the page's own code and templates, the card's own words left out."""
    for name in ("sure.html", "card.html", "cards.html"):
        text = (_FOLDER / "templates" / name).read_text(encoding="utf-8")
        yield from re.findall(r'_\("((?:[^"\\]|\\.)*)"\)', text)
    for name in ("sure.py", "card.py"):
        tree = ast.parse((_FOLDER / "page" / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "N_"):
                yield from (each.value for each in node.args if isinstance(each, ast.Constant))


def test_no_figure_is_typed():
    texts = set(marked_texts()) - set(CARD_WORDS)
    assert len(texts) > 80
    assert [text for text in texts if re.search(r"\d", text)] == []


def test_counts_are_those_of_the_bundle_and_the_trial(client, bundle):
    text = " ".join(words(client.get("/sure")))
    randomised = sum(table_1()["arms"].values())
    members, year = bundle.manifest["members"], read_public_from(bundle.card)
    assert f"So {members} trials of {randomised} women each were simulated" in text
    assert f"public before {year}." in text
    assert f"the mean over {members} fits" in text
    assert f"{bundle.id} {bundle.version}" in text


# Bundles of real cohorts


def test_a_bundle_trained_on_a_cohort_says_nothing_of_simulated_patients(trained):
    for name in ("published", "randomised"):
        response = client_of(trained[name]).get("/sure")
        text = " ".join(words(response))
        for word in ("simulat", "synthetic", "virtual", "public before", "prior"):
            assert word not in text, (name, word)
        assert "Why simulated data" not in headings(response)
        assert not set(OF_SIMULATED) & set(headings(response))
        cohort = trained[name].manifest["cohort"]
        assert f"local cohort of {cohort['patients']} patients" in text
        assert f"drawn anew {MEMBERS} times" in text
        assert NOT_COMPARED not in text


def test_a_cohort_behind_a_synthetic_card_is_believed_before_the_card():
    text = " ".join(words(client_of(cohort_bundle()).get("/sure")))
    assert "held the truth" not in text
    assert "Monte Carlo" not in text


def test_where_the_effect_of_surgery_comes_from_is_told(trained):
    texts = {n: " ".join(words(client_of(each).get("/sure"))) for n, each in trained.items()}
    assert "error of the effect of surgery as the trial published it" in texts["published"]
    assert "error of the effect of surgery as the local cohort shows it" in texts["randomised"]
    assert "p value of the local cohort" in texts["randomised"]
    assert "p value of the local cohort" not in texts["published"]
    parent = trained["recalibrated"].manifest["parent"]
    said_of_parent = f"as the bundle {parent['id']} {parent['version']} has it"
    assert said_of_parent in texts["recalibrated"]


def test_a_recalibrated_bundle_says_what_its_parent_learned_from(trained):
    response = client_of(trained["recalibrated"]).get("/sure")
    text = " ".join(words(response))
    assert "Why simulated data" in headings(response)
    assert "behind this one learned from simulated patients" in text
    assert "trials of" not in text, "its own members are no simulated trials"
    assert not set(OF_SIMULATED) & set(headings(response)), "those are its parent's"


def test_the_words_of_the_answers_are_there(any_bundle):
    text = " ".join(words(client_of(any_bundle).get("/sure")))
    of_cohort = any_bundle.cohort is not None
    assert (COHORT_INTERVAL_MEANING if of_cohort else INTERVAL_MEANING) in text


def test_a_cohort_that_was_followed_shortly_has_its_last_month():
    text = " ".join(words(client_of(cohort_bundle(last_month=30)).get("/sure")))
    assert "Alive after 30 months" in text


def test_exploratory_is_explained_where_there_is_something_exploratory(any_bundle):
    exploratory = any(each.exploratory for each in any_bundle.held)
    shown = headings(client_of(any_bundle).get("/sure"))
    assert ("What exploratory means" in shown) == exploratory


@pytest.mark.parametrize("bundle", [recalibrated_bundle(), small_bundle()], ids=["re", "small"])
def test_another_bundle_can_be_asked_about(bundle):
    other = replace(bundle, manifest={**bundle.manifest, "id": "other"})
    client = create_app(Settings(), Bundles([small_bundle(), other])).test_client()
    assert f"other {bundle.version}" in client.get("/sure/other").text
    assert "/models/other#" in client.get("/sure/other").text
    assert "/models/other" not in client.get("/sure").text


# Links


def test_links_to_the_card_lead_to_its_headings(any_bundle):
    client = client_of(any_bundle)
    links = {url for url in Page(client.get("/sure")).urls() if "#" in url and url[0] == "/"}
    assert links
    for link in links:
        path, _, place = link.partition("#")
        target = Page(client.get(path))
        assert place in {attrs["id"] for _, attrs in target.tags if "id" in attrs}, link


def test_the_contents_name_every_section(any_bundle):
    response = client_of(any_bundle).get("/sure")
    contents = response.text.split('class="contents"')[1].split("</nav>")[0]
    assert re.findall(r">([^<]+)</a>", contents) == headings(response)
    places = re.findall(r'href="#([^"]*)"', contents)
    assert places == re.findall(r'<h2 id="([^"]*)"', response.text)


def test_tables_scroll_by_themselves_and_have_names(client):
    page = Page(client.get("/sure"))
    regions = [attrs for tag, attrs in page.tags if attrs.get("role") == "region"]
    assert len(regions) == len(page.named("table")) > 2
    assert all(each["tabindex"] == "0" for each in regions)
    names = [each["aria-label"] for each in regions]
    assert len(set(names)) == len(names)


def test_the_page_is_short_enough(any_bundle):
    assert len(client_of(any_bundle).get("/sure").data) < 60_000


# Words


def test_sentences_are_short(any_bundle):
    response = client_of(any_bundle).get("/sure")
    told = [line for line in words(response) if not line.startswith("In the words of the answers")]
    for line in told:
        for sentence in re.split(r"(?<=[.:?;])\s+", line):
            assert len(sentence.split()) <= 25, sentence


@languages
def test_nothing_is_promised_and_no_chance_is_given(any_bundle, language):
    for line in words(client_of(any_bundle).get(f"/sure?lang={language}")):
        rest = unhedged(line, language)
        for kind in ("promises", "chances", "points"):
            assert said(kind, language, rest) is None, (kind, line)


@languages
def test_every_interval_of_the_figures_has_its_level(any_bundle, language):
    response = client_of(any_bundle).get(f"/sure?lang={language}")
    level = patterns("levels", language)
    caption = re.search(r"<figcaption[^>]*>(.*?)</figcaption>", response.text)[1]
    assert level.search(caption)
    for block in Page(response).blocks:
        for part in parts(block):
            assert not said("intervals", language, part) or level.search(part), part


def test_no_english_sentence_is_on_the_japanese_page(any_bundle):
    text = "\n".join(words(client_of(any_bundle).get("/sure?lang=ja")))
    assert english_in(re.sub(r"Shien T.*?\(CC BY 4.0\)", "", text)) == []


def test_both_languages_have_the_same_figures(any_bundle):
    client = client_of(any_bundle)
    english, japanese = (
        [re.findall(r"\d+(?:\.\d+)?%?", cell) for row in Page(page).rows for cell in row]
        for page in (client.get("/sure"), client.get("/sure?lang=ja"))
    )
    assert japanese == english
