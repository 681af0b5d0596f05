"""Marshmallow schemas of what the service stands on: bundles, evidence, contract and health.

Each is derived from what the route shows, where that is specified; all keys are always there
unless it says so.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args, get_type_hints

from marshmallow import Schema, fields

from models.bundle import (
    ARRAYS,
    CARD,
    EFFECT_SOURCES,
    FORMAT,
    MANIFEST_KINDS,
    TRAINING_DATA,
)
from models.covariates import COVARIATES, ELIGIBILITY_FACTS, ELIGIBILITY_PREFIX
from models.design_matrix import TERM_NAMES
from models.evidence.credibility import ANSWERS
from models.evidence.figures import KINDS, SETTINGS, STATUSES, Figure, Trial
from models.evidence.interactions import CREDIBILITIES
from models.fields import Field
from models.outcomes import LAST_HORIZON, MODELS, SUBGROUP_EFFECT
from models.patient_schema import JSON_SCHEMA
from service.evidence_rows import EVIDENCE_COLUMNS
from service.schemas import Described, RatedSchema

_PLAIN: dict[type, type[fields.Field[Any]]] = {
    bool: fields.Boolean,
    float: fields.Float,
    int: fields.Integer,
    str: fields.String,
}
_SHA_256 = "[0-9a-f]{64}$"
_MEMBERS = fields.Integer(
    required=True, metadata={"minimum": 1, "description": "How many fits of each model are in it."}
)


def _text(meaning: str = "", **words: Any) -> fields.String:
    """Return a text that is always there, with what it means and what JSON Schema says of it."""
    described = {"description": meaning} if meaning else {}
    return fields.String(required=True, metadata={**described, **words})


def _one_of(*values: str) -> fields.String:
    """Return a text that is always there and always one of these."""
    return _text(enum=list(values))


def _texts(meaning: str, **words: Any) -> fields.List[Any]:
    """Return a list of texts; JSON Schema says of each text what `words` say."""
    each = fields.String(metadata=words)
    return fields.List(each, required=True, metadata={"description": meaning})


class LivenessSchema(Schema):
    """That the process answers."""

    status = _one_of("alive")


class ReadinessSchema(Schema):
    """That the bundles were verified, and how many they are."""

    status = _one_of("ready")
    bundles = fields.Integer(required=True, metadata={"minimum": 1})


class BundleSchema(Schema):
    """A bundle in the list of all."""

    id = _text()
    version = _text()
    training_data = _one_of(*TRAINING_DATA)
    digest = _text("Digest of the manifest.", pattern=f"^sha256:{_SHA_256}")
    members = _MEMBERS


class BundlesSchema(Schema):
    """All bundles; the first is the default."""

    intended_use = _text()
    models = fields.List(fields.Nested(BundleSchema), required=True, metadata={"minItems": 1})


_FilesSchema: type[Schema] = Schema.from_dict(
    {name: _text("sha-256 of the file.", pattern=f"^{_SHA_256}") for name in (ARRAYS, CARD)},
    name="BundleFiles",
)
#: What is known of the values of a manifest beyond their kinds.
_MANIFEST_FIELDS: dict[str, fields.Field[Any]] = {
    "format": fields.Integer(required=True, metadata={"enum": [FORMAT]}),
    "kind": _texts("Which kinds of model are in it.", enum=list(MODELS)),
    "members": _MEMBERS,
    "training_data": _one_of(*TRAINING_DATA),
    "terms": _texts("The covariates of the models.", enum=list(TERM_NAMES)),
    "population": fields.List(
        fields.List(fields.String(), metadata={"minItems": 1}),
        required=True,
        metadata={"description": "Groups of covariates that are averaged over together."},
    ),
    "targets_digest": _text("Digest of the published figures that it was made to show."),
    "packages": fields.Dict(
        values=fields.String(),
        required=True,
        metadata={"description": "Versions of the packages that made it."},
    ),
    "files": fields.Nested(_FilesSchema, required=True),
}
_CohortSchema: type[Schema] = Schema.from_dict(
    {
        "patients": fields.Integer(required=True, metadata={"minimum": 1}),
        "events": fields.Dict(
            values=fields.Integer(),
            required=True,
            metadata={"description": "Observed events by hazard."},
        ),
        "data_digest": _text("Digest of the data file.", pattern=f"^sha256:{_SHA_256}"),
        "rows_digest": _text(
            "Digest of its patients' values, in whatever order.", pattern=f"^sha256:{_SHA_256}"
        ),
        "randomised": fields.Boolean(
            required=True, metadata={"description": "Whether its arms were declared randomised."}
        ),
        "effect_of_surgery": _one_of(*EFFECT_SOURCES),
        "median_follow_up": fields.Float(
            required=True, metadata={"description": "Median observed time, months."}
        ),
        "last_month": fields.Integer(
            required=True,
            metadata={
                "description": "Last month with figures.",
                "minimum": 1,
                "maximum": LAST_HORIZON,
            },
        ),
    },
    name="Cohort",
)
_ParentSchema: type[Schema] = Schema.from_dict(
    {
        "id": _text(),
        "version": _text(),
        "digest": _text(pattern=f"^sha256:{_SHA_256}"),
        "rows_digests": fields.List(
            fields.String(),
            required=True,
            metadata={"description": "Digests of all patients who had a part in it before."},
        ),
    },
    name="ParentBundle",
)
#: What only the manifest of a bundle has that real patients had a part in.
_ORIGIN_FIELDS: dict[str, fields.Field[Any]] = {
    "cohort": fields.Nested(
        _CohortSchema, metadata={"description": "The cohort that it was trained on."}
    ),
    "recalibration": fields.Nested(
        _CohortSchema, metadata={"description": "The cohort that it was recalibrated on."}
    ),
    "parent": fields.Nested(
        _ParentSchema, metadata={"description": "The bundle that was recalibrated."}
    ),
}
ManifestSchema: type[Schema] = Schema.from_dict(
    {
        **{
            name: _MANIFEST_FIELDS.get(name) or _PLAIN[kind](required=True)
            for name, kind in MANIFEST_KINDS.items()
        },
        "effects": fields.List(
            fields.String(metadata={"enum": [SUBGROUP_EFFECT]}),
            metadata={
                "description": "Effects of surgery whose arrays it holds beyond those of its "
                "models; absent when there are none."
            },
        ),
    }
    | _ORIGIN_FIELDS,
    name="Manifest",
)


class SourceAttributeSchema(Schema):
    """A source attribute of predictive decision support (45 CFR 170.315(b)(11)(iv)(B))."""

    code = _text("Its paragraph under 45 CFR 170.315(b)(11)(iv).")
    attribute = _text("What it is about, our short form.")
    answer = _text("What this bundle says of it.")


class BundleWithCardSchema(BundleSchema):
    """One bundle with its manifest and its model card."""

    intended_use = _text()
    manifest = fields.Nested(ManifestSchema, required=True)
    card = _text("The model card, Markdown.")
    source_attributes = fields.List(
        fields.Nested(SourceAttributeSchema),
        required=True,
        metadata={
            "description": "The card's table of source attributes; empty when it has none of its "
            "own."
        },
    )


#: The columns of the evidence that are not taken as they are from a `Figure`.
_OTHER_COLUMNS: dict[str, Any] = {
    "lower": float | None,
    "upper": float | None,
    "events_surgery": int | None,
    "n_surgery": int | None,
    "events_no_surgery": int | None,
    "n_no_surgery": int | None,
    "interaction_ratio": float | None,
    "interaction_lower": float | None,
    "interaction_upper": float | None,
    "interaction_level": float | None,
    "interaction_p": float | None,
    "interaction_p_bonferroni": float | None,
    "interaction_p_holm": float | None,
    "credibility": str | None,
    "median_follow_up_months": float | None,
    "setting": str,
    "licence": str,
}
_COLUMN_WORDS: dict[str, dict[str, Any]] = {
    "kind": {"enum": list(KINDS)},
    "status": {"enum": list(STATUSES)},
    "estimate": {"description": "A ratio, months, minutes or a probability, as kind says."},
    "lower": {"description": "Lower limit of the interval, or of a range without a level."},
    "upper": {"description": "Upper limit of the interval, or of a range without a level."},
    "level": {"description": "Level of the interval."},
    "direction": {"description": "Numerator and denominator of a ratio."},
    "inverted": {"description": "Whether the source prints the inverse, and we turned it."},
    "printed": {"description": "How the source prints it, where it was turned."},
    "n": {"description": "Patients behind the figure."},
    "interaction_ratio": {
        "description": "First hazard ratio over the second, of the pair of a subgroup."
    },
    "interaction_lower": {"description": "Lower limit of interaction_ratio."},
    "interaction_upper": {"description": "Upper limit of interaction_ratio."},
    "interaction_level": {"description": "Level of the interval of interaction_ratio."},
    "interaction_p": {"description": "Of the pair that a subgroup belongs to."},
    "interaction_p_bonferroni": {"description": "Corrected over the eight pairs by Bonferroni."},
    "interaction_p_holm": {"description": "Corrected over the eight pairs by Holm."},
    "median_follow_up_months": {"description": "Of the trial; null where it was not seen."},
    "setting": {
        "enum": list(SETTINGS),
        "description": "Whether surgery came before systemic therapy, or after a response to it.",
    },
    "trial": {"description": "A name in trials."},
    "licence": {"description": "Of the source."},
    "credibility": {
        "enum": [*CREDIBILITIES, None],
        "description": "Our rating of a subgroup's effect.",
    },
    "source": {"description": "A name in sources."},
    "place": {"description": "Where the source says so."},
}


def _column(name: str, kind: Any) -> fields.Field[Any]:
    """Return the field of a column; what may be ``None`` is null in JSON."""
    kinds = set(get_args(kind) or (kind,))
    (known,) = kinds - {NoneType}
    return _PLAIN[known](
        required=True, allow_none=NoneType in kinds, metadata=_COLUMN_WORDS.get(name, {})
    )


_COLUMN_KINDS = {**get_type_hints(Figure), **_OTHER_COLUMNS}
EvidenceRowSchema: type[Schema] = Schema.from_dict(
    {name: _column(name, _COLUMN_KINDS[name]) for name in EVIDENCE_COLUMNS},
    name="EvidenceRow",
)


class SourceSchema(Schema):
    """Where figures come from."""

    title = _text()
    citation = _text()
    link = _text()
    licence = _text()
    seen = _text("What of it was read.")


TrialSchema: type[Schema] = Schema.from_dict(
    {name: _column(name, kind) for name, kind in get_type_hints(Trial).items()}, name="Trial"
)


class CredibilityAnswerSchema(Schema):
    """The answer to one question on the credibility of a difference."""

    question = _text("Its code.")
    text = _text("The question.")
    answer = _text("Its code.", enum=list(ANSWERS))
    answer_text = _text()
    reason = _text()
    place = _text("Where the source says so; empty where a reader assumed the answer.")
    source = _text("A name in sources; empty where a reader assumed the answer.")
    evidence = _texts("Ids of figures that it rests on.")
    assumed = fields.Boolean(
        required=True, metadata={"description": "Whether a reader put it in place of ours."}
    )


class AnsweredRatingSchema(RatedSchema):
    """A rating with the answers that it follows from; none where a pair is not rated."""

    answers = fields.List(fields.Nested(CredibilityAnswerSchema), required=True)


class InteractionRowSchema(Schema):
    """How different the effect of surgery is between the two subgroups of a pair of Fig. 3."""

    pair = _text()
    label = _text()
    first = _text("Code of the subgroup whose hazard ratio is divided.")
    second = _text("Code of the subgroup by whose hazard ratio it is divided.")
    ratio = fields.Float(required=True)
    interval = fields.List(fields.Float(), required=True)
    interval_level = fields.Float(required=True)
    p = fields.Float(required=True)
    p_bonferroni = fields.Float(required=True)
    p_holm = fields.Float(required=True)
    rated = fields.Nested(AnsweredRatingSchema, required=True)
    consistency = _text("What other trials say to the same question.")


class EvidenceSchema(Schema):
    """The published figures, the interactions, and the trials and sources by name."""

    evidence = fields.List(fields.Nested(EvidenceRowSchema), required=True)
    interactions = fields.List(fields.Nested(InteractionRowSchema), required=True)
    trials = fields.Dict(values=fields.Nested(TrialSchema), required=True)
    sources = fields.Dict(values=fields.Nested(SourceSchema), required=True)


_MembersSchema: type[Schema] = Schema.from_dict(
    {"type": _one_of("string"), "enum": _texts("The accepted members.")},
    name="FieldMembers",
)
#: A JSON Schema of one field; the keys that not every kind of field has may be absent.
_FieldContract: type[Schema] = Schema.from_dict(
    {
        "type": _texts("The JSON type, and null for not known."),
        "title": _text(),
        "description": _text(),
        "enum": fields.List(Described({"type": ["string", "integer", "null"]})),
        "minimum": fields.Float(),
        "maximum": fields.Float(),
        "items": fields.Nested(_MembersSchema),
        "minItems": fields.Integer(),
        "uniqueItems": fields.Boolean(),
    },
    name="FieldContract",
)


def _contract(
    name: str, first: dict[str, fields.Field[Any]], properties: dict[str, fields.Field[Any]]
) -> type[Schema]:
    """Return the schema of a JSON Schema of an object: its first words, then what all have."""
    named: type[Schema] = Schema.from_dict(properties, name=f"{name}Properties")
    words = {
        **first,
        "title": _text(),
        "description": _text(),
        "properties": fields.Nested(named, required=True),
        "additionalProperties": fields.Boolean(required=True),
    }
    return Schema.from_dict(words, name=name)


def _contracts(specification: tuple[Field, ...], prefix: str = "") -> dict[str, fields.Nested]:
    return {
        field.name.removeprefix(prefix): fields.Nested(_FieldContract, required=True)
        for field in specification
    }


_EligibilityContract = _contract(
    "EligibilityContract",
    {"type": _texts("object, and null for not known.")},
    {**_contracts(ELIGIBILITY_FACTS, ELIGIBILITY_PREFIX)},
)
PatientContractSchema = _contract(
    "PatientContract",
    {"$schema": _one_of(JSON_SCHEMA), "type": _one_of("object")},
    {
        **_contracts(COVARIATES),
        "eligibility": fields.Nested(_EligibilityContract, required=True),
    },
)
