"""The exceptions of Equipoise, one tree, each with a stable code.

::

    EquipoiseError
    ├── InvalidInput            what was sent cannot be, or is not understood
    │   ├── MalformedInput      it cannot be read at all (not JSON, no CSV header)
    │   ├── UnsupportedInput    a content type that is not served
    │   └── TooLargeInput       more bytes or rows than are accepted
    ├── UnknownResource         a bundle or page that does not exist
    ├── MethodNotAllowed        an address that does not answer the method
    ├── NotAuthorised           a token is needed
    ├── CrossSite               a form that a page of another site sends
    └── BundleRefused           a bundle that is damaged, altered or of an unknown format

`service.problems` maps each class to an HTTP status and `service.commands` to an exit code;
tests hold both tables complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from models.language import N_, joined


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one field.

    Attributes
    ----------
    field : str
        Name of the field as the sender knows it (``eligibility.female``), or ``""`` when the
        whole message is meant.
    code : str
        Stable code, one of `PROBLEM_CODES`.
    message : str
        A sentence that a clinician understands, with the value that was sent.
    accepted : str
        What would be accepted.
    """

    field: str
    code: str
    message: str
    accepted: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the problem as it stands in an error body."""
        return {
            "field": self.field,
            "code": self.code,
            "message": self.message,
            "accepted": self.accepted,
        }


#: Every code that a `Problem` may carry, with what it means; marked where a row can have it.
PROBLEM_CODES: dict[str, str] = {
    "wrong_type": N_("The value is of another type than the field."),
    "not_accepted": N_("The value is not one of those that the field knows."),
    "out_of_range": N_("The value is outside what can be."),
    "not_a_number": N_("NaN and infinity are not values; send null for not known."),
    "unknown_field": N_("There is no such field."),
    "missing_field": N_("A field that is needed is missing."),
    "duplicate_field": N_("The field is given more than once."),
    "contradiction": N_("Two values cannot both be true."),
    "too_few_known": N_("Too little is known to say anything about this patient."),
    "post_randomisation": N_("The field describes what happens after the decision."),
    "identifier": N_("The field identifies a person and is never accepted."),
    "malformed_json": N_("The text is not JSON."),
    "malformed_csv": N_("The text is not a CSV table that can be read."),
    "malformed_table": "The file is no Parquet or Arrow that can be read.",
    "broken_row": N_("The row has more or fewer cells than the header."),
    "duplicate_row": "Two rows have the same name.",
    "too_few_patients": "The cohort is too small, or of one kind only, to learn from.",
    "too_few_events": "The cohort has too few events for what is to be estimated.",
    "no_prognosis": "The bundle does not tell patients of the cohort apart.",
    "empty_list": "The list holds no patient.",
    "unsupported_content_type": "The content type is not served.",
    "unsupported_content_encoding": "The body is packed, and is not unpacked here.",
    "not_acceptable": "None of the formats asked for can be given.",
    "too_large": "More was sent than is accepted.",
    "too_long": "The list takes longer to score than is allowed.",
    "unknown_bundle": "There is no such bundle.",
    "not_found": "There is nothing at this address.",
    "method_not_allowed": "The address does not answer this method.",
    "token_required": "A valid bearer token is needed.",
    "cross_site": "Another site's page sent the form and is not allowed to.",
    "bad_request": "The request could not be understood.",
    "unexpected": "Something went wrong on our side.",
    "bundle_damaged": "A file of the bundle is missing, added or altered.",
    "bundle_format": "The bundle is of a format that this version does not know.",
}


class EquipoiseError(Exception):
    """Base of all errors that Equipoise raises on purpose.

    Parameters
    ----------
    problems : iterable of Problem
        All that is wrong, not only the first thing found.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = N_("The request failed.")

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(joined(*(problem.message for problem in self.problems)))


class InvalidInput(EquipoiseError):
    """A value, a field or a combination that cannot be."""

    code = "invalid_input"
    title = N_("Some values cannot be used.")


class MalformedInput(InvalidInput):
    """The input cannot be read at all."""

    code = "malformed_input"
    title = N_("The input cannot be read.")


class UnsupportedInput(InvalidInput):
    """The input comes in, or is asked for in, a format that is not served."""

    code = "unsupported_input"
    title = N_("This format is not served.")


class TooLargeInput(InvalidInput):
    """The input is larger than what is accepted."""

    code = "too_large_input"
    title = N_("The input is too large.")


class UnknownResource(EquipoiseError):
    """A bundle, page or method that does not exist."""

    code = "unknown_resource"
    title = N_("There is nothing here.")


class MethodNotAllowed(EquipoiseError):
    """An address that does not answer the method."""

    code = "method_not_allowed"
    title = N_("This address does not answer this method.")


class NotAuthorised(EquipoiseError):
    """The request carries no valid token."""

    code = "not_authorised"
    title = N_("A token is needed.")


class CrossSite(EquipoiseError):
    """A form that another site's page sends, which is not allowed to."""

    code = "cross_site"
    title = N_("This page is not filled in from another site.")


class BundleRefused(EquipoiseError):
    """A bundle that is damaged, altered or of an unknown format; nothing of it is used."""

    code = "bundle_refused"
    title = N_("The model bundle is refused.")
