"""Bodies whose arrays are put in later are those that are written in one go."""

from __future__ import annotations

import numpy as np
import orjson
import pytest

from service.encoding import ARRAY, array_texts, filled, fragment, json_bytes, text_around

NUMBERS = np.array([[0.1234, 1.0, 0.0], [-0.5, 0.0001, 0.9999]])


def body(first, second):
    return {"@": "@ or [@]", "first": first, "among": [{"second": second}, '"@"']}


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_arrays_that_are_put_in_stand_as_if_they_had_been_there(columns):
    numbers = NUMBERS[:, :columns].copy()
    written = filled(text_around(body(ARRAY, ARRAY)), array_texts(numbers))
    assert json_bytes({"part": written}) == json_bytes({"part": body(*numbers.tolist())})


def test_a_fragment_stands_as_its_body():
    part = {"text": "日本語", "number": 0.1}
    assert json_bytes([fragment(part), part]) == json_bytes([part, part])


def test_a_body_ends_with_a_line_feed():
    assert json_bytes({"a": 1}) == orjson.dumps({"a": 1}) + b"\n"
