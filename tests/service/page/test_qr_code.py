"""The QR code: the modules that are drawn are those of the very link."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from models.options import Options
from models.patient import read_patient
from service.page.fragment import fragment_of
from service.page.qr_code import LONGEST_LINK, qr_code
from tests.service.helpers import README_PATIENT, with_values
from tests.support.examples import examples
from tests.support.patients import CONFIRMED

#: The blank margin that a scanner needs, in modules.
MARGIN = 4
LINK = "https://equipoise.example/?lang=ja#ag=47&mest=pr&mo=co"
#: A step of the path: ``M4 4.5``, ``m3 0`` or ``h2``.
STEP = re.compile(r"([Mmh])(-?\d+(?:\.5)?)(?: (-?\d+(?:\.5)?))?")


def drawn(svg):
    """Return the modules that the path of an SVG paints, margin included."""
    root = ElementTree.fromstring(svg)
    width, height = map(int, root.attrib["viewBox"].split()[2:])
    modules = np.zeros((height, width), dtype=bool)
    (path,) = root
    assert STEP.sub("", path.attrib["d"]) == ""
    x = y = 0.0
    for kind, first, second in STEP.findall(path.attrib["d"]):
        if kind == "h":
            modules[int(y), int(x) : int(x) + int(first)] = True
            x += int(first)
        else:
            x, y = (
                (float(first), float(second))
                if kind == "M"
                else (x + float(first), y + float(second))
            )
    return modules


def modules_of(link):
    code = segno.make_qr(link, error="l", mask=3)
    return np.array([list(row) for row in code.matrix_iter(border=MARGIN)], dtype=bool)


def full_link(host="https://equipoise.hospital.example.org"):
    """Return the longest link that a patient can have, and that can still be asked for."""
    sites = ["bone", "liver", "lung", "soft_tissue", "distant_nodes", "pleura", "other"]
    facts = {**CONFIRMED, "ps2_due_to_bone_metastases": True, "months_of_systemic_therapy": 5.25}
    message = with_values(
        ecog_ps=2,
        age=47.25,
        metastatic_sites=sites,
        metastatic_organs="2+",
        liver_metastasis=True,
        bone_only_metastasis=False,
        triple_negative=False,
        eligibility=facts,
    )
    return f"{host}/?lang=ja#{fragment_of(read_patient(message), Options())}"


@pytest.mark.parametrize("link", [LINK, full_link()], ids=["short", "full"])
def test_the_modules_are_those_of_the_link(link):
    assert (drawn(qr_code(link)) == modules_of(link)).all()


@pytest.mark.property
@examples(20)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300))
def test_any_link_is_drawn_as_numbers_alone(text):
    link = f"http://127.0.0.1/#{text}"
    svg = qr_code(link)
    assert (drawn(svg) == modules_of(link)).all()
    assert re.fullmatch(r'<svg viewBox="[\d ]+"><path [^<>]*/></svg>', svg)


def test_another_link_is_another_code():
    other = qr_code(LINK.replace("ag=47", "ag=48"))
    assert other != qr_code(LINK)


@pytest.mark.parametrize(("link", "most"), [(LINK, 2500), (full_link(), 6000)])
def test_the_markup_has_no_style_and_is_small(link, most):
    svg = qr_code(link)
    assert "style" not in svg
    assert len(svg) < most


def test_a_link_that_cannot_be_scanned_has_no_code():
    assert qr_code("x" * LONGEST_LINK)
    assert qr_code("x" * (LONGEST_LINK + 1)) == ""
    assert qr_code("あ" * LONGEST_LINK) == ""


def test_the_readme_patient_has_a_code():
    fragment = fragment_of(read_patient(README_PATIENT), Options())
    assert qr_code(f"http://localhost/#{fragment}")
