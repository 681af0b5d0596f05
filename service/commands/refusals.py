"""How a command tells why it did nothing, in the language of the context."""

from __future__ import annotations

from models.errors import BundleRefused, EquipoiseError, Problem
from models.language import _


def bundle_refused(error: BundleRefused) -> str:
    """Return the sentence on a bundle that is refused."""
    return _("The bundle is refused: {reason}").format(reason=error)


def explained_problems(error: EquipoiseError) -> str:
    """Return what is wrong and what is accepted, a line each."""
    return "\n".join(map(_line, error.problems))


def _line(problem: Problem) -> str:
    return _("{field}: {message} Accepted: {accepted}").format(
        field=problem.field or _("input"), message=problem.message, accepted=problem.accepted
    )
