"""Fields that are refused by name: what identifies a person, and what comes after the decision.

Their values are never echoed, stored or logged.
"""

from __future__ import annotations

from functools import lru_cache

from models.errors import Problem
from models.language import _

IDENTIFIERS = frozenset(
    {
        *("name", "first_name", "last_name", "given_name", "family_name", "full_name"),
        *("surname", "patient_name", "initials", "birth_date", "date_of_birth", "dob"),
        *("birthdate", "birth_year", "mrn", "medical_record_number", "record_number"),
        *("patient_id", "identifier", "hospital_number", "nhs_number", "ssn"),
        *("social_security_number", "insurance_number", "national_id", "passport_number"),
        *("my_number", "address", "street", "postcode", "postal_code", "zip", "zip_code"),
        *("phone", "telephone", "mobile", "email", "e_mail", "photo"),
    }
)

POST_RANDOMISATION = frozenset(
    {
        *("surgical_margins", "margins", "margin_status", "positive_margins"),
        *("resection_margin", "pathological_response", "pathologic_response", "pcr"),
        *("pathological_complete_response", "pathological_tumour_size"),
        *("pathological_tumor_size", "pathological_t", "pathological_n"),
        *("pathological_stage", "type_of_surgery", "surgical_procedure"),
        *("axillary_operation", "postoperative_complications", "operation_time"),
        *("blood_loss", "adjuvant_radiotherapy", "crossover", "local_recurrence"),
    }
)


def _letters(name: str) -> str:
    """Return a name without its case, spaces, hyphens and underscores."""
    return "".join(sign for sign in name.lower() if sign.isalnum())


_PLAIN_IDENTIFIERS = frozenset(map(_letters, IDENTIFIERS))
_PLAIN_POST_RANDOMISATION = frozenset(map(_letters, POST_RANDOMISATION))


@lru_cache(maxsize=32)
def _by_letters(known: tuple[str, ...]) -> dict[str, str]:
    return {_letters(name): name for name in known}


def alike(name: str, known: tuple[str, ...]) -> str | None:
    """Return the known name that another one is, but for its case, spaces and hyphens."""
    found = _by_letters(known).get(_letters(name))
    return None if found == name else found


def refuse_name(name: str, known: tuple[str, ...]) -> Problem:
    """Return the problem with a field name that is not among the known ones.

    Parameters
    ----------
    name : str
        The name as it was sent; identifiers and post-randomisation fields are recognised
        whatever their case, spaces and hyphens.
    known : tuple of str
        The names that would be accepted here.
    """
    plain = _letters(name.rsplit(".", maxsplit=1)[-1])
    if plain in _PLAIN_IDENTIFIERS:
        return Problem(
            name,
            "identifier",
            _(
                "{name} identifies a person. Equipoise takes no identifiers; its value was "
                "neither stored nor logged."
            ).format(name=repr(name)),
            _("an opaque row_id in lists; nothing in single requests"),
        )
    if plain in _PLAIN_POST_RANDOMISATION:
        return Problem(
            name,
            "post_randomisation",
            _(
                "{name} is known only after the decision about surgery, so it cannot help to "
                "make it. Figures for it are not effects of surgery."
            ).format(name=repr(name)),
            _("what is known at the decision"),
        )
    if name == "patient":
        return Problem(
            name,
            "unknown_field",
            _("In a list the patient's fields stand beside row_id, not inside 'patient'."),
            ", ".join(known),
        )
    meant = alike(name, known)
    if meant is not None:
        message = _("There is no field {name}; write {meant}.")
        told = message.format(name=repr(name[:60]), meant=meant)
        return Problem(name, "unknown_field", told, meant)
    message = _("There is no field {name}.").format(name=repr(name[:60]))
    return Problem(name, "unknown_field", message, ", ".join(known))
