"""The form and its result page; both work without scripts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from models.bundle import Bundle
from models.caveats import STOP
from models.errors import EquipoiseError, InvalidInput, TooLargeInput
from models.evidence.consistency import other_trials
from models.harms import HARMS
from models.language import N_, _, current_language, joined
from models.outcomes import ARM_LABELS, DEFAULT_MODEL, MODEL_LABELS
from models.prediction import Prediction, predict, refuse_lacking
from models.subgroups import DRIVES_NOTHING
from models.texts import CREDIT, INTENDED_USE, TIME_ORIGIN, arms_are_policies, interval_meaning
from service.cost import refuse_too_much, told_on_page
from service.languages import LANG, asked_language, other_languages
from service.page.changes import picture_of
from service.page.curves import curve_definitions
from service.page.form import (
    MODEL,
    Submitted,
    accepted_words,
    form_groups,
    is_compared,
    model_choices,
    read_form,
    typed_values,
)
from service.page.icon_array import icon_patterns
from service.page.keep import keep_view, kept_text
from service.page.lead import has_own_effect, lead_of
from service.page.navigation import Link, navigation
from service.page.result import (
    eligibility_view,
    first_caveats,
    input_rows,
    other_model,
    outcome_views,
    pooled_view,
)
from service.page.second_model import second_model
from service.page.streaming import streamed_page
from service.page.words import TRAINING_DATA, time_words
from service.problems import status_of
from service.responses import bundles, memory, settings

#: What a button asks for in place of the result: the form again, or the result as plain text.
_EDIT, _TEXT = "edit", "text"

#: Where the effect of surgery that is shown comes from, in words.
_OWN_EFFECT, _WHOLE_TRIAL = N_("the local cohort"), N_("the whole trial")

blueprint = Blueprint("pages", __name__)


@blueprint.app_context_processor
def fixed_texts() -> dict[str, str | list[Link] | None]:
    """Return the sentences and links that every page shows, and their language.

    `asked_language` is what an address has to name so that the language stays.
    """
    return {
        "intended_use": _(INTENDED_USE),
        "time_origin": _(TIME_ORIGIN),
        "arms_are_policies": arms_are_policies(),
        "credit": _(CREDIT),
        "navigation": navigation(),
        "language": current_language(),
        "asked_language": asked_language(),
    }


@blueprint.get("/")
def show_form() -> Response:
    """Show the empty form."""
    return _form_page(MultiDict())


@blueprint.get("/result")
def lead_to_form() -> AnyResponse:
    """Lead to the form: a result is at its address only for the form that was sent to it."""
    return redirect(url_for("pages.show_form", lang=asked_language()))


@blueprint.post("/")
@blueprint.post("/result")  # the one that pages name, as it is added first
def show_result() -> Response:
    """Show the result of a submitted form, or the form with what is wrong.

    Its address is another than the form's: a link that brings a patient's values to the form
    would else be a place in the page of the patient before, whose figures would stay.
    """
    form = request.form.copy()
    form.pop(LANG, None)
    if form.pop(_EDIT, None) is not None:
        return _form_page(form)
    show = _result_page if form.pop(_TEXT, None) is None else _text_page
    try:
        return show(read_form(form), form)
    except (InvalidInput, TooLargeInput) as error:
        return _form_page(form, told_on_page(error))


def _form_page(form: MultiDict[str, str], error: EquipoiseError | None = None) -> Response:
    problems = () if error is None else error.problems
    groups = form_groups(form, problems)
    page = render_template(
        "form.html",
        groups=groups,
        problems=[(problem, accepted_words(problem)) for problem in problems],
        linked={field.field.name for _title, group in groups for field in group},
        languages=other_languages(),
        joined=joined,
        models=model_choices(bundles().default.kinds),
        model=form.get(MODEL, DEFAULT_MODEL),
    )
    return make_response(page, 200 if error is None else status_of(error))


def _result_page(submitted: Submitted, form: MultiDict[str, str]) -> Response:
    _refuse(submitted)
    return streamed_page(_("prediction"), lambda: _result(submitted, form))


def _text_page(submitted: Submitted, form: MultiDict[str, str]) -> Response:
    _refuse(submitted)
    prediction = _predicted(submitted)
    page = render_template(
        "kept_text.html",
        text=kept_text(prediction, *_origin(prediction.bundle), second_model(prediction)),
        languages=other_languages(),
        typed=typed_values(form),
    )
    return make_response(page)


def _refuse(submitted: Submitted) -> None:
    """Raise what speaks against an answer, before anything is computed."""
    bundle, options = bundles().default, submitted.options
    refuse_lacking(bundle, options)
    refuse_too_much([submitted.patient], bundle, options, settings().max_combinations)


def _predicted(submitted: Submitted) -> Prediction:
    (prediction,) = predict([submitted.patient], bundles().default, submitted.options, memory())
    return prediction


def _origin(bundle: Bundle) -> tuple[str, str]:
    """Return whose effect of surgery is shown, and what a bundle was trained on."""
    effect = _OWN_EFFECT if has_own_effect(bundle) else _WHOLE_TRIAL
    return _(effect), _(TRAINING_DATA[bundle.training_data])


def _result(submitted: Submitted, form: MultiDict[str, str]) -> str:
    """Return the page's own part."""
    prediction = _predicted(submitted)
    bundle, options = prediction.bundle, prediction.options
    effect, data = _origin(bundle)
    second = second_model(prediction)
    shown = _in_scope(prediction, submitted.month, second) if prediction.in_scope else {}
    set_beside = is_compared(form) and options.model == DEFAULT_MODEL
    return render_template(
        "result.html",
        prediction=prediction,
        bundle=bundle,
        model=_(MODEL_LABELS[options.model]),
        eligibility=eligibility_view(prediction.eligibility, prediction.patient),
        effect_source=effect,
        training_data=data,
        keep=keep_view(prediction, effect, data, second),
        languages=other_languages(),
        inputs=input_rows(submitted.patient),
        typed=typed_values(form),
        compared=other_model(prediction) if set_beside else "",
        **shown,
    )


def _in_scope(prediction: Prediction, month: int, second: str) -> dict[str, Any]:
    """Return what the page of a patient in scope shows."""
    options, bundle = prediction.options, prediction.bundle
    first, further = first_caveats(prediction.caveats)
    # What must be cleared up before the figures are read stands before all of them.
    stops = [caveat for caveat in first if caveat.severity == STOP]
    return {
        "month": month,
        "times": [(each, time_words(each)) for each in options.horizons_months],
        "lead": lead_of(prediction, month, second),
        "level": f"{options.interval_level:.0%}",
        "arm_labels": [_(label) for label in ARM_LABELS.values()],
        "definitions": icon_patterns() + curve_definitions(_("Months after the decision")),
        "outcomes": outcome_views(prediction, month),
        "pooled": pooled_view(prediction),
        "harms": HARMS,
        "stops": stops,
        "first_caveats": first[len(stops) :],
        "further_caveats": further,
        "picture": picture_of(prediction, month),
        "interval_meaning": interval_meaning(
            {options.shown, *prediction.listed}, of_cohort=bundle.cohort is not None
        ),
        "drives_nothing": _(DRIVES_NOTHING),
        "other_trials": other_trials,
        "joined": joined,
        "can_compare": not prediction.listed and len(bundle.kinds) > 1,
    }
