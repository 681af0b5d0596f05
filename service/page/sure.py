"""``GET /sure`` and ``/sure/{name}``: what an interval means, with a bundle's own figures.

What the page says depends on what the bundle learned from: a bundle with real patients behind it
has no section on simulated ones. Every figure is computed with the bundle, or read from its
manifest, its card or the published evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, render_template

from models.bundle import Bundle
from models.caveats import Caveat
from models.covariates import FIELDS
from models.errors import UnknownResource
from models.evidence import table_1
from models.example import EXAMPLE_PATIENT
from models.language import N_, _, joined
from models.options import Options
from models.outcomes import (
    ARM_LABELS,
    ARMS,
    DIFFERENCE,
    LOCAL_COMPLICATIONS_GIVEN_AT,
    MODEL_LABELS,
    OUTCOMES,
)
from models.patient import read_patient
from models.prediction import Prediction, predict
from models.texts import interval_meaning
from service.answers import outcomes_part, pooled_part
from service.page.card import name_of, unknown_page
from service.page.interval_figure import Drawing, Interval, draw
from service.page.markdown import render
from service.page.measured import (
    COVERAGE,
    DIFFERING,
    LAYERS,
    NOT_COMPARED,
    PUBLISHED,
    SHIFTED,
    Coverage,
    Held,
    LayerRow,
    Layers,
    Published,
    Setting,
    read_coverage,
    read_held,
    read_layers,
    read_public_from,
    read_published,
    says,
)
from service.page.navigation import switch
from service.page.result import NO_EVIDENCE, input_rows, pooled_view
from service.page.words import band_words
from service.responses import bundles, memory

blueprint = Blueprint("sure", __name__)

#: What must be read before the example's figures: the codes of its caveats, where they apply.
_FIRST = (
    "primary_endpoint_not_met",
    "synthetic_training_data",
    "cohort_training_data",
    "recalibrated_on_cohort",
    "effect_of_surgery_from_trial",
    "effect_of_surgery_from_cohort",
)
_NEWER_DRUGS = "no_modern_drugs"

#: What each layer of an interval is, by its name on the card.
LAYER_MEANINGS: dict[str, str] = {
    "priors of prognosis": N_(
        "What the trial does not tell of prognosis is assumed, from other studies or without any. "
        "Each fit draws these assumptions anew."
    ),
    "prognosis that the trial determines in part": N_(
        "The paper gives deaths by one subgroup at a time. They fix only in part how a covariate "
        "changes the risk of death."
    ),
    "effect of surgery": N_(
        "A trial of this size finds the ratio of the risks with and without surgery only roughly. "
        "This error is counted once."
    ),
    "sampling of the rest": N_(
        "The trial randomised {patients} women. Another trial of that size would have shown "
        "somewhat other figures."
    ),
}
#: Names of the card's own words that are no labels of the models: whose figures they are, layers.
CARD_WORDS: tuple[str, ...] = (
    N_("average of the trial's patients"),
    N_("the profiles together"),
    N_("ER+ HER2-, bone only, T2 N1"),
    N_("ER+ HER2-, two organs, T4 N2, postmenopausal"),
    N_("ER- HER2+, liver, T4 N1, postmenopausal"),
    N_("triple negative, one organ, T3 N1, premenopausal"),
    N_("ER+ HER2-, PS 1, two organs, T2 N0, postmenopausal"),
    N_("priors of prognosis"),
    N_("prognosis that the trial determines in part"),
    N_("effect of surgery"),
    N_("sampling of the rest"),
)
#: The settings of the coverage study in plain words, by their titles on the card.
SETTING_WORDS: dict[str, str] = {
    "Truths from the ensemble's own priors, one effect of surgery for all (judged)": N_(
        "The truth is as the model assumes"
    ),
    SHIFTED: N_("Every assumed effect on prognosis is off by one standard deviation"),
    DIFFERING: N_("Every difference between subgroups that the paper prints is real"),
}
#: A rate beside the level, as `Setting.beside` tells it.
_BESIDE_LEVEL = {
    -1: N_("clearly below: too narrow"),
    0: N_("not clearly different"),
    1: N_("clearly above: too wide"),
}

#: Sections of a card that the page names, in the order in which they are named.
CARD_SECTIONS: dict[str, str] = {
    "How it was made": N_("How the model was made"),
    "What it predicts": N_("What it predicts"),
    "The forest": N_("The forest and its intervals"),
    "The effect by subgroups": N_("The effect by subgroups"),
    "Observed beside served": N_("Observed risks of the cohort beside served ones"),
    "What was fitted anew": N_("What was fitted anew"),
    "Values that are not known": N_("Values that were not known"),
    "Are the hazards proportional?": N_("Whether the hazards are proportional"),
    "Assumptions that the paper does not support": N_("Assumptions without support in the paper"),
    "Assumptions": N_("Assumptions"),
    "Assumptions beside the parent's": N_("Assumptions beside the parent bundle's"),
    "Priors": N_("Assumed effects on prognosis, one by one"),
    "Not done yet": N_("What has not been done"),
    "Not done": N_("What has not been done"),
}


@dataclass(frozen=True)
class Example:
    """The example patient's survival, drawn and in words.

    Attributes
    ----------
    inputs : str
        Label and value of each covariate that is entered.
    first : tuple of Caveat
        What must be read before the figures.
    includes_none : bool
        Whether the difference's interval includes no difference.
    """

    month: int
    level: str
    tail: str
    model: str
    inputs: str
    first: tuple[Caveat, ...]
    drawing: Drawing
    pooled_source: str
    difference: str
    pooled_difference: str
    includes_none: bool


@dataclass(frozen=True)
class Origin:
    """What a bundle learned from.

    Attributes
    ----------
    simulated : bool
        Whether simulated patients had a part in it, in its parent's making where it has one.
    cohort : dict or None
        The cohort behind its baselines, as in the manifest.
    parent : str
        Id and version of the bundle that was recalibrated, or ``""``.
    patients : int
        Women whom the trial randomised.
    public_from : str or None
        The year before which no data of the trial's patients are public.
    """

    simulated: bool
    cohort: dict[str, Any] | None
    parent: str
    patients: int
    public_from: str | None


@dataclass(frozen=True)
class Measured:
    """What the card measures of the bundle's intervals; ``None`` where it has no such table."""

    published: Published | None
    coverage: Coverage | None
    layers: Layers | None
    held: Held | None


@blueprint.get("/sure", defaults={"name": None})
@blueprint.get("/sure/<name>")
def show_sure(name: str | None) -> Response:
    """Explain the intervals of a bundle, ``id`` or ``id@version``; of the default without one."""
    try:
        return make_response(_page(bundles().find(name)))
    except UnknownResource as error:
        return unknown_page(error)


def _page(bundle: Bundle) -> str:
    example, prediction = _example(bundle)
    measured = measured_of(bundle)
    origin = origin_of(bundle)
    return render_template(
        "sure.html",
        bundle=bundle,
        card_name=name_of(bundle),
        example=example,
        origin=origin,
        measured=measured,
        survival_layers=_survival_rows(measured.layers),
        layer_meanings=_layer_meanings(measured.layers, origin.patients),
        setting_rows=_setting_rows(measured.coverage),
        # Words of the card are told here: in a template a percent sign would be a place.
        told=_,
        joined=joined,
        interval_meaning=_interval_words(bundle),
        not_covered=list(_not_covered(bundle, prediction)),
        exploratory=any(each.exploratory for each in bundle.held),
        one_effect=not (measured.coverage and measured.coverage.setting(DIFFERING)),
        difference=(OUTCOMES[0].label, ARM_LABELS[DIFFERENCE]),
        no_evidence=[_(text) for text in NO_EVIDENCE.values()],
        places=_places(bundle),
        sections=list(_named_sections(bundle)),
        languages=switch(),
    )


def measured_of(bundle: Bundle) -> Measured:
    """Return what a card measures; nothing of a bundle with real patients behind it.

    The tables compare a bundle with what it was simulated from.
    """
    if bundle.cohort is not None:
        return Measured(None, None, None, None)
    return Measured(
        read_published(bundle.card),
        read_coverage(bundle.card),
        read_layers(bundle.card),
        read_held(bundle.card),
    )


def origin_of(bundle: Bundle) -> Origin:
    """Return what a bundle learned from."""
    parent = bundle.manifest.get("parent")
    return Origin(
        bundle.training_data == "synthetic",
        bundle.cohort,
        "" if parent is None else f"{parent['id']} {parent['version']}",
        sum(table_1()["arms"].values()),
        read_public_from(bundle.card),
    )


def _example(bundle: Bundle) -> tuple[Example, Prediction]:
    month = min(LOCAL_COMPLICATIONS_GIVEN_AT, bundle.last_month)
    options = Options(horizons_months=(month,))
    patient = read_patient(EXAMPLE_PATIENT)
    (prediction,) = predict([patient], bundle, options, memory())
    survival = outcomes_part(prediction)[OUTCOMES[0].name]
    pooled, pooled_words = pooled_part(prediction), pooled_view(prediction)
    cells = {arm: band_words(survival[arm], 0, signed=arm == DIFFERENCE) for arm in ARM_LABELS}
    arms = [_interval(_(ARM_LABELS[arm]), cells[arm], survival[arm]) for arm in ARMS]
    differences = [
        _interval(_("by this model"), cells[DIFFERENCE], survival[DIFFERENCE]),
        _interval(_("by the earlier trials"), pooled_words.cells[0], pooled[DIFFERENCE]),
    ]
    own = differences[0]
    level = options.interval_level
    example = Example(
        month,
        f"{level:.0%}",
        f"{round(50 * (1 - level), 2):g}%",
        _(MODEL_LABELS[options.model]),
        _(", ").join(_entered(prediction)),
        tuple(each for each in prediction.caveats if each.code in _FIRST),
        draw(arms, differences),
        pooled_words.source,
        own.words,
        pooled_words.cells[0],
        own.lower <= 0 <= own.upper,
    )
    return example, prediction


def _entered(prediction: Prediction) -> list[str]:
    labels = {_(FIELDS[name].label) for name in EXAMPLE_PATIENT}
    return [
        _("{label}: {value}").format(label=label, value=value)
        for label, value in input_rows(prediction.patient)
        if label in labels
    ]


def _interval(label: str, words: str, band: dict[str, list[float]]) -> Interval:
    estimate, lower, upper = (band[kind][0] for kind in ("estimate", "lower", "upper"))
    return Interval(label[0].upper() + label[1:], words, estimate, lower, upper)


def _survival_rows(layers: Layers | None) -> list[LayerRow]:
    if layers is None:
        return []
    return [row for row in layers.rows if row.outcome == OUTCOMES[0].label]


def _layer_meanings(layers: Layers | None, patients: int) -> list[tuple[str, str]]:
    """Return name and meaning of each layer, in the order of the card where it has one."""
    names = LAYER_MEANINGS if layers is None else layers.names
    return [
        (_(name), _(LAYER_MEANINGS[name]).format(patients=patients))
        for name in names
        if name in LAYER_MEANINGS
    ]


def _setting_rows(coverage: Coverage | None) -> list[tuple[str, Setting, str]]:
    """Return each setting with its title in plain words, and how it is beside the level."""
    if coverage is None:
        return []
    return [
        (
            _(SETTING_WORDS.get(setting.title, setting.title)),
            setting,
            _(_BESIDE_LEVEL[setting.beside(coverage.level)]),
        )
        for setting in coverage.settings
    ]


def _interval_words(bundle: Bundle) -> str:
    """Return the sentences that stand on every answer, and those on the analyses it can give."""
    of_cohort = bundle.cohort is not None
    return interval_meaning(set(bundle.held), of_cohort=of_cohort)


def _not_covered(bundle: Bundle, prediction: Prediction) -> Iterator[str]:
    yield from (_(each.text) for each in prediction.caveats if each.code == _NEWER_DRUGS)
    if bundle.cohort is None:
        yield _("Other countries and other hospitals: the figures come from one national trial.")
    else:
        yield _("Other places: baselines come from one cohort, as it was recorded.")
        yield _("Differences that nobody recorded, and how the cohort's patients were chosen.")
    yield _("The range for one woman: women with the same values fare very differently.")
    yield _("Risks that follow another course than the model's. It keeps one ratio at all times.")
    yield _("Values that were entered wrongly, or have changed since.")
    if says(bundle.card, NOT_COMPARED):
        yield _(NOT_COMPARED)


def _places(bundle: Bundle) -> dict[str, str]:
    """Return the places on the card's page where the page's own sections go on."""
    card = render(bundle.card)
    sections = {"published": PUBLISHED, "coverage": COVERAGE, "layers": LAYERS}
    found = {name: card.place_of(heading, 2) for name, heading in sections.items()}
    return {name: place for name, place in found.items() if place is not None}


def _named_sections(bundle: Bundle) -> Iterator[tuple[str, str]]:
    card = render(bundle.card)
    for heading, words in CARD_SECTIONS.items():
        place = card.place_of(heading, 2)
        if place is not None:
            yield place, _(words)
