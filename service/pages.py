"""The form and its result page; both work without scripts, of which there are none."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.datastructures import MultiDict

from models.errors import InvalidInput
from models.options import Options
from models.outcomes import ARM_LABELS
from models.patient import Patient
from models.prediction import predict
from models.texts import ARMS_ARE_POLICIES, CREDIT, INTENDED_USE, INTERVAL_MEANING, TIME_ORIGIN
from service.form import form_groups, read_form
from service.page_view import harm_sentences, input_rows, outcome_views, pooled_view
from service.responses import bundles

#: Horizons of the page: the default ones, which include the four years that the paper gives.
PAGE_OPTIONS = Options()

_EDIT = "edit"

blueprint = Blueprint("pages", __name__)


@blueprint.app_context_processor
def fixed_texts() -> dict[str, str]:
    """Return the sentences that every page can show."""
    return {
        "intended_use": INTENDED_USE,
        "interval_meaning": INTERVAL_MEANING,
        "time_origin": TIME_ORIGIN,
        "arms_are_policies": ARMS_ARE_POLICIES,
        "credit": CREDIT,
    }


@blueprint.get("/")
def show_form() -> Response:
    """Show the empty form."""
    return _form_page(MultiDict())


@blueprint.post("/")
def show_result() -> Response:
    """Show the result of a submitted form, or the form with what is wrong."""
    form = request.form.copy()
    if form.pop(_EDIT, None) is not None:
        return _form_page(form)
    try:
        patient = read_form(form)
    except InvalidInput as error:
        return _form_page(form, error)
    return _result_page(patient, form)


def _form_page(form: MultiDict[str, str], error: InvalidInput | None = None) -> Response:
    problems = () if error is None else error.problems
    shown = {field.field.name for _, group in form_groups(form) for field in group}
    page = render_template(
        "form.html",
        groups=form_groups(form, problems),
        problems=problems,
        linked=shown,
    )
    return make_response(page, 200 if error is None else 422)


def _result_page(patient: Patient, form: MultiDict[str, str]) -> Response:
    bundle = bundles().default
    (prediction,) = predict([patient], bundle, PAGE_OPTIONS.question)
    in_scope = prediction.estimates is not None
    return make_response(
        render_template(
            "result.html",
            prediction=prediction,
            bundle=bundle,
            level=f"{PAGE_OPTIONS.interval_level:.0%}",
            arm_labels=list(ARM_LABELS.values()),
            outcomes=outcome_views(prediction) if in_scope else [],
            pooled=pooled_view(prediction) if in_scope else None,
            harms=harm_sentences() if in_scope else [],
            inputs=input_rows(patient),
            typed=list(form.items(multi=True)),
        )
    )
