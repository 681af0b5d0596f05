"""Marshmallow schemas, derived from the specification; they document.

A request is read by `service.reading.read_request`, which finds all problems at once; its
schema is what the OpenAPI says of it. A test holds live answers against the answers' schemas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import RAISE, Schema, fields

from models.bundle import TRAINING_DATA
from models.caveats import FIRST_SIGHT, SEVERITIES
from models.covariates import COVARIATES, ELIGIBILITY_FACTS, ELIGIBILITY_PREFIX
from models.criteria import REGISTRATIONS, STATES
from models.eligibility import VERDICTS
from models.evidence.interactions import CREDIBILITIES
from models.fields import Field
from models.options import OPTION_SCHEMAS
from models.outcomes import (
    ANALYSIS_EFFECTS,
    ARM_LABELS,
    ARMS,
    DIFFERENCE,
    MODELS,
    OUTCOMES,
    PTR,
    SHOWN_ARMS,
    SHOWN_EFFECTS,
    SYSTEMIC_THERAPY,
)
from models.patient_schema import DESCRIPTION as PATIENT
from service.lists.rows import LONGEST_ROW_ID, ROW_ID
from service.lists.streams import STOPPED


class Described(fields.Raw):
    """A field that is documented by a JSON Schema."""

    def __init__(self, schema: dict[str, Any], **settings: Any) -> None:
        super().__init__(metadata=schema, **settings)


def _described(specification: tuple[Field, ...], prefix: str = "") -> dict[str, Described]:
    return {
        field.name.removeprefix(prefix): Described(field.json_schema()) for field in specification
    }


class _Strict(Schema):
    class Meta:
        unknown = RAISE


EligibilitySchema: type[Schema] = _Strict.from_dict(
    dict(_described(ELIGIBILITY_FACTS, ELIGIBILITY_PREFIX)), name="Eligibility"
)


class _StrictPatient(_Strict):
    #: What the OpenAPI says of the schema (`service.openapi`).
    meaning = PATIENT


PatientSchema: type[Schema] = _StrictPatient.from_dict(
    {
        **_described(COVARIATES),
        "eligibility": fields.Nested(EligibilitySchema, allow_none=True),
    },
    name="Patient",
)
PredictionRequest: type[Schema] = _Strict.from_dict(
    {
        "patient": fields.Nested(PatientSchema, required=True),
        **{name: Described(schema) for name, schema in OPTION_SCHEMAS.items()},
    },
    name="PredictionRequest",
)


class NoteSchema(Schema):
    """A code and a sentence."""

    code = fields.String(required=True)
    text = fields.String(required=True)


_Inputs: type[Schema] = Schema.from_dict(
    {
        **_described(COVARIATES),
        "eligibility": fields.Nested(EligibilitySchema, required=True),
        "derived": fields.List(fields.String(), required=True),
    },
    name="Inputs",
)


def _numbers(meaning: str) -> fields.List[Any]:
    return fields.List(fields.Float(), required=True, metadata={"description": meaning})


class BandSchema(Schema):
    """Probabilities at the horizons asked for, or differences of them."""

    estimate = _numbers("The mean of the members' predictions, one a horizon, as asked.")
    lower = _numbers("The interval's lower limit at each horizon.")
    upper = _numbers("The interval's upper limit at each horizon.")


#: What the figures of each arm are; a difference has a direction.
_ARM_MEANINGS = {
    SYSTEMIC_THERAPY: f"Systemic therapy, {ARM_LABELS[SYSTEMIC_THERAPY]}.",
    PTR: f"Resection of the primary tumour and systemic therapy: {ARM_LABELS[PTR]}.",
    DIFFERENCE: f"Surgery minus no surgery: {PTR} less {SYSTEMIC_THERAPY}. Above zero, the "
    "probability is higher with surgery: better for survival, worse for a complication.",
}


def _bands(**settings: Any) -> dict[str, fields.Nested]:
    """Return a band for each arm and for their difference."""
    return {
        arm: fields.Nested(BandSchema, metadata={"description": meaning}, **settings)
        for arm, meaning in _ARM_MEANINGS.items()
    }


def _one_of(values: Sequence[str], meaning: str = "") -> fields.String:
    """Return a text that is always there and always one of these."""
    described = {"description": meaning} if meaning else {}
    return fields.String(required=True, metadata={"enum": list(values), **described})


_PooledSchema: type[Schema] = Schema.from_dict(
    {
        "evidence": fields.String(required=True),
        "hazard_ratio": fields.Float(required=True),
        "interval": fields.List(fields.Float(), required=True),
        "interval_level": fields.Float(required=True),
        **_bands(required=True),
    },
    name="PooledSurvival",
)
_OutcomeSchema: type[Schema] = Schema.from_dict(
    {
        "quantity": fields.String(required=True),
        "withheld": fields.Nested(
            NoteSchema,
            metadata={"description": "Why there are no figures; then the arms are absent."},
        ),
        **_bands(),
    },
    name="Outcome",
)
_OutcomesSchema: type[Schema] = Schema.from_dict(
    {outcome.name: fields.Nested(_OutcomeSchema, required=True) for outcome in OUTCOMES},
    name="Outcomes",
)


class AnalysisSchema(Schema):
    """The figures of one model under one effect of surgery."""

    model = _one_of(MODELS, "Which kind of model predicts.")
    effect = _one_of(ANALYSIS_EFFECTS, "Which effect of surgery is used.")
    exploratory = fields.Boolean(
        required=True,
        metadata={
            "description": "true: a hypothesis that is never the figures of an answer and stands "
            "behind all other analyses, as the effect by subgroups and what the forest learned do."
        },
    )
    outcomes = fields.Nested(_OutcomesSchema, required=True)


_Differences: type[Schema] = Schema.from_dict(
    {arm: _numbers("Forest minus Cox at each horizon.") for arm in SHOWN_ARMS}, name="Differences"
)
#: Named by the outcomes, of which what is withheld is absent.
_DisagreementSchema: type[Schema] = Schema.from_dict(
    {outcome.name: fields.Nested(_Differences) for outcome in OUTCOMES}, name="Disagreement"
)
_DISAGREEMENT = fields.Nested(
    _DisagreementSchema,
    metadata={
        "description": "Estimates of the forest minus those of the Cox model, both under the "
        "whole trial's effect; present when both models' figures are listed."
    },
)
_POOLED = fields.Nested(
    _PooledSchema,
    metadata={
        "description": "Overall survival under the four earlier trials' effect. `interval` and "
        "`interval_level` are those of the published ratio; the limits of the figures are at the "
        "level of the answer."
    },
)
_OUTCOMES = fields.Nested(
    _OutcomesSchema,
    metadata={"description": "The figures of the model's kind and effect, in `model`."},
)
_ASSUMED = {"description": "Covariates that are not known and were averaged over."}
_ANALYSES = {
    "description": "Analyses beside each other: the default (the Cox model under the whole "
    "trial's effect) first, exploratory ones last; absent when only the default was asked for."
}


class ModelSchema(Schema):
    """The model behind an answer."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    kind = _one_of(MODELS, "Of the answer's outcomes.")
    effect = _one_of(SHOWN_EFFECTS, "Of the answer's outcomes: never exploratory, never all.")
    training_data = _one_of(TRAINING_DATA, "Simulated trials, or the patients of a cohort.")
    digest = fields.String(required=True)


class CaveatSchema(Schema):
    """A caveat and why it applies."""

    code = fields.String(required=True)
    severity = _one_of(
        SEVERITIES,
        "stop: clear this up before the figures are read; warning: the figures can mislead "
        "without it; info: what is known beside them.",
    )
    text = fields.String(required=True)
    applies_because = fields.String(required=True)
    evidence = fields.List(
        fields.String(), required=True, metadata={"description": "Ids of rows of /v1/evidence."}
    )
    place = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Where the words or figures behind it stand in the report of the "
            "trial, or of the other trial that is named; null when it is about Equipoise."
        },
    )


#: In which order caveats come.
_CAVEATS = {
    "description": "Most pressing first (stop, warning, info), always in the same order. The "
    f"first {FIRST_SIGHT} are for first sight; the others may stand behind one click, none is "
    "left out here."
}


class CriterionSchema(Schema):
    """One criterion of the trial and whether the patient meets it."""

    code = fields.String(required=True)
    state = _one_of(STATES, "not_known: what it turns on was not given.")
    text = fields.String(
        required=True, metadata={"description": "What had to hold, in our words."}
    )
    trial_words = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The paper's words; null when the criterion is our inference."},
    )
    place = fields.String(
        required=True, metadata={"description": "Where the words stand in the paper."}
    )
    excludes = fields.Boolean(
        required=True,
        metadata={"description": "Whether a patient who does not meet it is out of scope."},
    )


_EligibilityVerdict: type[Schema] = Schema.from_dict(
    {
        "verdict": _one_of(
            VERDICTS,
            "in_scope: every criterion that excludes is met; not_confirmed: none is known not to "
            "be met, but not all are known; out_of_scope: reasons says which is not met.",
        ),
        **{
            registration: fields.List(
                fields.Nested(CriterionSchema), required=True, metadata={"description": meaning}
            )
            for registration, meaning in zip(
                REGISTRATIONS,
                (
                    "What had to hold before systemic therapy.",
                    "What had to hold after three months of it, at the randomisation.",
                ),
                strict=True,
            )
        },
    },
    name="EligibilityVerdict",
)


class OtherTrialSchema(Schema):
    """What another trial says to the same question."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    hazard_ratio = fields.Float(required=True)
    interval = fields.List(fields.Float(), required=True, allow_none=True)
    interval_level = fields.Float(required=True, allow_none=True)
    status = fields.String(required=True)


class InteractionSchema(Schema):
    """How different the two subgroups of a pair are: first hazard ratio over the second."""

    first = fields.String(required=True)
    second = fields.String(required=True)
    ratio = fields.Float(required=True)
    interval = fields.List(fields.Float(), required=True)
    interval_level = fields.Float(required=True)


class RatedSchema(Schema):
    """Our rating of a pair, and how it was come by."""

    rating = _one_of(CREDIBILITIES, "Our rating that the effect really differs.")
    our_assessment = fields.Boolean(
        required=True, metadata={"description": "Always true: nobody else rated it."}
    )
    instrument = fields.String(required=True)
    strategy = fields.String(required=True)
    advice = fields.String(required=True)


class SubgroupSchema(Schema):
    """What a subgroup's evidence is worth."""

    code = fields.String(required=True)
    hazard_ratio = fields.Float(required=True)
    interval = fields.List(fields.Float(), required=True)
    interval_level = fields.Float(required=True)
    interaction_p = fields.Float(required=True)
    interaction_p_bonferroni = fields.Float(required=True)
    interaction_p_holm = fields.Float(required=True)
    interaction = fields.Nested(InteractionSchema, required=True)
    credibility = _one_of(CREDIBILITIES, "Our rating that the effect really differs.")
    rated = fields.Nested(RatedSchema, required=True)
    consistency = fields.String(
        required=True, metadata={"description": "What other trials say to the same question."}
    )
    other_trials = fields.List(fields.Nested(OtherTrialSchema), required=True)
    text = fields.String(required=True)


class CountSchema(Schema):
    """Counted patients and the share with its exact interval (Clopper and Pearson)."""

    events = fields.Integer(required=True)
    n = fields.Integer(required=True)
    estimate = fields.Float(required=True)
    interval = fields.List(fields.Float(), required=True)


_RatioSchema: type[Schema] = Schema.from_dict(
    {
        "estimate": fields.Float(required=True),
        "interval": fields.List(fields.Float(), required=True),
        "direction": fields.String(
            required=True, metadata={"description": "Numerator and denominator."}
        ),
    },
    name="HarmRatio",
)
_MinutesSchema: type[Schema] = Schema.from_dict(
    {
        "median": fields.Float(required=True),
        "range": fields.List(fields.Float(), required=True),
    },
    name="HarmMinutes",
)
_HarmSchema: type[Schema] = Schema.from_dict(
    {
        "code": fields.String(required=True),
        **{arm: fields.Nested(CountSchema) for arm in ARMS},
        "hazard_ratio": fields.Nested(_RatioSchema),
        "minutes": fields.Nested(_MinutesSchema),
        "interval_level": fields.Float(
            required=True, metadata={"description": "The level of every interval of the harm."}
        ),
        "text": fields.String(required=True, metadata={"description": "What the figures are."}),
        "sentence": fields.String(
            required=True, metadata={"description": "The figures in sentences."}
        ),
        "stamp": fields.String(
            metadata={"description": "What must be read with it, where it could be misread."}
        ),
        "quote": fields.String(
            metadata={"description": "The authors' own words; sentence tells their basis."}
        ),
        "place_of_quote": fields.String(),
        "evidence": fields.List(
            fields.String(), required=True, metadata={"description": "Ids of /v1/evidence."}
        ),
        "place": fields.String(
            required=True, metadata={"description": "Where the figures stand in the paper."}
        ),
    },
    name="Harm",
)


class CommonSchema(Schema):
    """What holds for every patient of a request."""

    intended_use = fields.String(required=True)
    interval_meaning = fields.String(required=True)
    time_origin = fields.String(required=True)
    arms = fields.String(required=True)
    credit = fields.String(required=True)
    model = fields.Nested(ModelSchema, required=True)
    horizons_months = fields.List(fields.Integer(), required=True)
    interval_level = fields.Float(required=True)


class AnswerSchema(CommonSchema):
    """The answer on one patient; out of scope it has reasons and no figures."""

    status = _one_of(("ok", "out_of_scope"))
    inputs = fields.Nested(_Inputs, required=True)
    assumed = fields.List(fields.String(), required=True, metadata=_ASSUMED)
    applicability = fields.List(fields.Nested(NoteSchema), required=True)
    eligibility = fields.Nested(_EligibilityVerdict, required=True)
    reasons = fields.List(fields.Nested(NoteSchema))
    outcomes = _OUTCOMES
    pooled_survival = _POOLED
    analyses = fields.List(fields.Nested(AnalysisSchema), metadata=_ANALYSES)
    forest_minus_cox = _DISAGREEMENT
    caveats = fields.List(fields.Nested(CaveatSchema), metadata=_CAVEATS)
    subgroups = fields.List(fields.Nested(SubgroupSchema))
    harms = fields.List(fields.Nested(_HarmSchema))


#: The statuses of a row of a list.
ROW_STATUSES = ("ok", "out_of_scope", "rejected")


class ErrorItemSchema(Schema):
    """One thing that is wrong."""

    field = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)
    accepted = fields.String(required=True)


class ProblemSchema(Schema):
    """RFC 9457 problem details."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.List(fields.Nested(ErrorItemSchema), required=True)


class ResultSchema(Schema):
    """One row of a list; caveats and subgroups by code."""

    line = fields.Integer(required=True)
    row_id = fields.String()
    status = _one_of(ROW_STATUSES)
    inputs = fields.Nested(_Inputs)
    assumed = fields.List(fields.String(), metadata=_ASSUMED)
    applicability = fields.List(fields.Nested(NoteSchema))
    reasons = fields.List(fields.Nested(NoteSchema))
    outcomes = _OUTCOMES
    pooled_survival = _POOLED
    analyses = fields.List(fields.Nested(AnalysisSchema), metadata=_ANALYSES)
    forest_minus_cox = _DISAGREEMENT
    caveats = fields.List(fields.String(), metadata=_CAVEATS)
    subgroups = fields.List(fields.String())
    errors = fields.List(fields.Nested(ErrorItemSchema))


class ListLineSchema(AnswerSchema):
    """A single answer and where its row stands; a rejected row has errors in its place.

    The last line of a list that took too long has no place: status and errors alone.
    """

    line = fields.Integer()
    row_id = fields.String()
    status = _one_of((*ROW_STATUSES, STOPPED))
    errors = fields.List(fields.Nested(ErrorItemSchema))


#: What a line of an answer of lines is called in the OpenAPI, and what it is.
LINE_NAME = "ListLine"
LIST_LINE = ListLineSchema(partial=[name for name in ListLineSchema().fields if name != "status"])


class ListAnswerSchema(CommonSchema):
    """The answer on a list: what is common once, then one result a row."""

    results = fields.List(fields.Nested(ResultSchema), required=True)
    caveats = fields.List(fields.Nested(CaveatSchema), required=True)
    subgroups = fields.List(fields.Nested(SubgroupSchema), required=True)
    harms = fields.List(fields.Nested(_HarmSchema), required=True)


_ROW_ID = {
    "type": ["string", "integer", "null"],
    "maxLength": LONGEST_ROW_ID,
    "pattern": r"^[^\r\n]*$",
    "description": "Opaque; comes back as it is, a whole number as its text.",
}
ListPatientSchema: type[Schema] = PatientSchema.from_dict(
    {ROW_ID: Described(_ROW_ID)},
    name="ListPatient",
)
ListRequestSchema: type[Schema] = _Strict.from_dict(
    {
        "patients": fields.List(
            fields.Nested(ListPatientSchema), required=True, metadata={"minItems": 1}
        ),
        **{name: Described(schema) for name, schema in OPTION_SCHEMAS.items()},
    },
    name="ListRequest",
)
