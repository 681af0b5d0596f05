"""Patients and what is asked about them, drawn at random."""

from __future__ import annotations

from hypothesis import strategies as st

from models.language import LANGUAGES
from tests.statements.reading import Case
from tests.support.patients import any_messages, complete_messages, incomplete_messages

#: Model and effect, the default most often: the others are asked of every door that has them.
_ANALYSES = (
    *[{}] * 4,
    {"effect": "pooled"},
    {"effect": "subgroup"},
    {"model": "forest"},
    {"model": "forest", "effect": "learned"},
    {"model": "forest", "effect": "all"},
)
_HORIZONS = (*[{}] * 3, *({"horizons_months": months} for months in ([48], [6, 90], [12, 60, 84])))
_LEVELS = (*[{}] * 3, *({"interval_level": level} for level in (0.8, 0.9, 0.99)))


@st.composite
def _options(draw):
    return {
        **draw(st.sampled_from(_ANALYSES)),
        **draw(st.sampled_from(_HORIZONS)),
        **draw(st.sampled_from(_LEVELS)),
    }


def cases(language):
    """Return the strategy of cases in a language."""
    assert language in LANGUAGES
    messages = any_messages() | incomplete_messages() | complete_messages()
    return st.builds(Case, messages, _options(), st.just(language))
