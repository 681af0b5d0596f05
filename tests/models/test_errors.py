"""One tree of errors with stable codes, and every code of a problem listed."""

import ast
from pathlib import Path

import pytest

import models
from models.errors import PROBLEM_CODES, EquipoiseError, InvalidInput, Problem

PACKAGE = Path(models.__file__).parent
#: Where a call says its code: (function, file or None for any) -> position of the argument.
_CODE_STANDS = {
    ("Problem", None): 1,
    ("refuse", "fields.py"): 0,
    ("_refuse", "options.py"): 1,
    ("_refuse", "bundle.py"): 0,
}


def tree_of(error):
    return [error, *(found for child in error.__subclasses__() for found in tree_of(child))]


ERRORS = tree_of(EquipoiseError)


def calls_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", None)), node.args


def codes_in(path):
    """Return the codes of problems that a file writes out."""
    for name, arguments in calls_of(path):
        for (function, file), place in _CODE_STANDS.items():
            wanted = name == function and file in (None, path.name)
            if wanted and len(arguments) > place and isinstance(arguments[place], ast.Constant):
                yield arguments[place].value


def used_codes():
    return {code for path in PACKAGE.rglob("*.py") for code in codes_in(path)}


def test_every_class_has_a_code_of_its_own():
    assert len({error.code for error in ERRORS}) == len(ERRORS)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_class_says_its_own_code_and_title(error):
    assert {"code", "title"} <= set(vars(error))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_title_is_a_sentence(error):
    assert error.title.endswith(".")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_class_is_drawn_in_the_module(error):
    assert error.__name__ in models.errors.__doc__


def test_codes_are_found_in_the_source():
    assert {"wrong_type", "contradiction", "bundle_damaged", "identifier"} <= used_codes()


def test_every_code_in_the_source_is_listed():
    assert used_codes() <= set(PROBLEM_CODES)


@pytest.mark.parametrize("code", PROBLEM_CODES)
def test_every_code_is_a_plain_word_with_a_meaning(code):
    assert code.replace("_", "").isalpha()
    assert PROBLEM_CODES[code].endswith(".")


def test_error_keeps_all_problems_in_order():
    problems = [Problem("age", "wrong_type", "One."), Problem("", "unexpected", "Two.")]
    assert EquipoiseError(iter(problems)).problems == tuple(problems)


def test_error_reads_as_its_messages():
    problems = [Problem("age", "wrong_type", "One."), Problem("", "unexpected", "Two.")]
    assert str(InvalidInput(problems)) == "One. Two."


def test_problem_as_it_stands_in_an_error_body():
    assert Problem("age", "wrong_type", "No.", "a number").as_dict() == {
        "field": "age",
        "code": "wrong_type",
        "message": "No.",
        "accepted": "a number",
    }
