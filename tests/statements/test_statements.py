"""What a person must not conclude: at every door, for random patients, in every language."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given

from models.language import LANGUAGES
from tests.statements.cases import cases
from tests.statements.doors import DOORS, Heard, hear_all
from tests.statements.reading import Case
from tests.statements.statements import STATEMENTS, Statement
from tests.support.examples import FACTOR, examples

#: Patients in all in a usual run, shared out among the languages.
PATIENTS = 500

pytestmark = pytest.mark.property
each_statement = pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.__name__)


@dataclass
class Findings:
    """What the statements found in one language.

    Attributes
    ----------
    broken : dict
        By statement and door: the shortest case that breaks it, and how.
    looked : Counter
        By statement: at how many places it looked.
    patients : int
        How many were asked for at every door.
    """

    broken: dict[tuple[str, str], tuple[Case, str]] = field(default_factory=dict)
    looked: Counter[str] = field(default_factory=Counter)
    patients: int = 0

    def note(self, statement: Statement, heard: Heard) -> None:
        """Hold what a door said to one statement."""
        try:
            self.looked[statement.__name__] += statement(heard)
        except AssertionError as error:
            self._keep((statement.__name__, heard.door.name), heard.case, str(error))

    def _keep(self, place: tuple[str, str], case: Case, error: str) -> None:
        known = self.broken.get(place)
        if known is None or _length(case) < _length(known[0]):
            self.broken[place] = case, error


def _length(case: Case) -> int:
    return len(json.dumps([case.message, case.options]))


@pytest.fixture(scope="module", params=LANGUAGES)
def found(request) -> Findings:
    """Ask every door for random patients once and hold all that is said to every statement.

    Asking is what takes the time, so the statements share the patients: each holds for all.
    """
    language, found = request.param, Findings()

    @examples(PATIENTS // len(LANGUAGES))
    @given(cases(language))
    def ask(case: Case) -> None:
        found.patients += 1
        for heard in hear_all(case, DOORS):
            for statement in STATEMENTS:
                found.note(statement, heard)

    ask()
    return found


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
@each_statement
def test_statement(found, statement, door):
    case, error = found.broken.get((statement.__name__, door.name), (None, ""))
    assert case is None, f"{statement.__doc__}\n{error}\n{case}"


@each_statement
def test_the_statement_had_something_to_look_at(found, statement):
    assert found.looked[statement.__name__] > 0


def test_all_patients_were_asked_for(found):
    assert found.patients >= FACTOR * PATIENTS // len(LANGUAGES)
