"""Forests as a bundle keeps them: read back as they were, or refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analyses import Analysis
from models.assess import Question, assess
from models.bundle import load_bundle
from models.design_matrix import TERM_NAMES
from models.forest import KNOTS, LEAF, ForestHazard, Trees, member_hazards
from models.forest_arrays import (
    PARTS,
    forest_arrays,
    forest_fault,
    forest_shapes,
    read_forest,
)
from models.outcomes import FOREST, HAZARDS, LEARNED_EFFECT, OVERALL_EFFECT
from tests.models.test_bundle import arrays_of, put_arrays, refusal_of
from tests.support.bundles import default_bundle, save_small, small_bundle
from tests.support.examples import examples
from tests.support.patients import TYPICAL, message_of, table_from

MEMBERS = 3
TREE_PARTS = ("sizes", "feature", "threshold", "left", "right")


def as_floats(arrays):
    """Return stored parts in floating point, as a bundle may hold them, too."""
    return {part: stored.astype(np.float64) for part, stored in arrays.items()}


def stored_and_read(forest):
    return read_forest(as_floats(forest_arrays(forest)))


def uneven(forest):
    """Return a forest whose hazards fit in no 16 bits: grown otherwise, and not yet stored."""
    return replace(
        forest, trees=replace(forest.trees, values=hazards_of(forest) ** 1.01), unit=1.0
    )


def hazards_of(forest):
    """Return the cumulative hazards at a forest's leaves."""
    return forest.trees.values * forest.unit


@st.composite
def forests(draw):
    """Draw a forest of trees that are one leaf each."""
    seed, trees = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, 6))
    rng = np.random.default_rng(seed)
    scale = draw(st.sampled_from([1e-6, 0.01, 1.0, 30.0]))
    # Many steps are zero, as at late months at which nobody has an event.
    steps = rng.exponential(scale, (trees, len(KNOTS))) * rng.integers(0, 2, (trees, len(KNOTS)))
    whole = np.zeros(trees, dtype=int)
    one_leaf_each = Trees(whole + 1, whole + LEAF, whole * 0.0, whole, whole, steps.cumsum(axis=1))
    return ForestHazard(one_leaf_each, rng.uniform(0.5, 2, (trees, 2)), float(rng.uniform()))


# What is written can be read


@examples(40)
@given(forests())
def test_numbers_are_read_alike_whatever_they_are_stored_in(forest):
    arrays = forest_arrays(forest)
    assert forest_fault(arrays, len(forest.factor)) == ""
    small, large = read_forest(arrays), read_forest(as_floats(arrays))
    assert (small.kept, small.unit) == (large.kept, large.unit)
    assert np.array_equal(small.factor, large.factor)
    for part in (*TREE_PARTS, "values"):
        assert np.array_equal(getattr(small.trees, part), getattr(large.trees, part))
    design = np.zeros((1, len(TERM_NAMES) + 1))
    assert np.array_equal(member_hazards(small, design), member_hazards(large, design))


def test_a_forest_stays_as_small_as_it_is_stored(tmp_path):
    bundle = load_bundle(save_small(tmp_path / "small", MEMBERS))
    for forest in bundle.forests.values():
        trees = forest.trees
        widths = {part: getattr(trees, part).itemsize for part in ("feature", "left", "right")}
        assert widths == {"feature": 1, "left": 1, "right": 1}
        assert (trees.threshold.itemsize, trees.values.itemsize) == (4, 2)


@pytest.mark.parametrize("width", ["<f8", "<f4", "<u8", "<i4", ">i8"])
def test_a_bundle_may_hold_its_whole_numbers_in_any_width(width):
    arrays = forest_arrays(small_bundle(MEMBERS).forests["death"])
    whole = {part: arrays[part].astype(width) for part in ("left", "right", "sizes", "steps")}
    other = {**arrays, **whole, "feature": arrays["feature"].astype(width.replace("u", "i"))}
    assert forest_fault(other, MEMBERS) == ""
    design = np.random.default_rng(1).normal(size=(20, len(TERM_NAMES) + 1))
    design[:, -1] = np.arange(20) % 2
    found = [member_hazards(read_forest(each), design) for each in (arrays, other)]
    assert np.array_equal(*found)


@pytest.mark.parametrize("part", TREE_PARTS)
@pytest.mark.parametrize("name", HAZARDS)
def test_trees_come_back(name, part):
    forest = small_bundle(MEMBERS).forests[name]
    found = getattr(stored_and_read(forest).trees, part)
    assert np.array_equal(found, getattr(forest.trees, part))


@pytest.mark.parametrize("name", HAZARDS)
def test_factors_and_the_kept_share_come_back(name):
    forest = small_bundle(MEMBERS).forests[name]
    found = stored_and_read(forest)
    assert np.array_equal(found.factor, forest.factor)
    assert found.kept == forest.kept


@pytest.mark.parametrize("name", HAZARDS)
def test_what_was_read_is_stored_the_same_again(name):
    first = forest_arrays(small_bundle(MEMBERS).forests[name])
    again = forest_arrays(read_forest(as_floats(first)))
    assert all(np.array_equal(first[part], again[part]) for part in PARTS if part != "unit")
    assert first["unit"] == pytest.approx(again["unit"], rel=1e-6)


@examples(50)
@given(forests())
def test_hazards_come_back_within_half_a_unit(forest):
    arrays = forest_arrays(forest)
    unit = float(arrays["unit"][0])
    error = np.abs(hazards_of(read_forest(as_floats(arrays))) - hazards_of(forest))
    assert unit == pytest.approx(hazards_of(forest).max() / 65535, rel=1e-6)
    assert error.max() <= unit / 2 * (1 + 1e-9)


@examples(50)
@given(forests())
def test_hazards_that_come_back_never_fall(forest):
    values = hazards_of(stored_and_read(forest))
    assert values.min() >= 0
    assert np.diff(values, axis=1).min() >= 0


@examples(50)
@given(forests())
def test_what_is_stored_has_no_fault(forest):
    arrays = forest_arrays(forest)
    assert forest_fault(as_floats(arrays), len(forest.factor)) == ""
    for part, shape in forest_shapes(len(forest.factor)).items():
        assert arrays[part].ndim == len(shape), part


@pytest.mark.parametrize("name", HAZARDS)
def test_forests_of_the_repository_have_no_fault_and_never_fall(name):
    bundle = default_bundle()
    forest = bundle.forests[name]
    assert forest_fault(as_floats(forest_arrays(forest)), len(forest.factor)) == ""
    assert forest.members == bundle.manifest["members"]
    assert forest.unit > 0
    assert np.diff(hazards_of(forest), axis=1).min() >= 0


def test_a_forest_without_any_event_is_stored():
    forest = small_bundle(MEMBERS).forests["death"]
    empty = replace(forest, trees=replace(forest.trees, values=forest.trees.values * 0))
    found = stored_and_read(empty)
    assert not found.trees.values.any()
    assert forest_fault(as_floats(forest_arrays(empty)), MEMBERS) == ""


def test_each_part_takes_few_bytes():
    stored = forest_arrays(small_bundle(MEMBERS).forests["death"])
    assert {part: array.dtype.str for part, array in stored.items()} == {
        "sizes": "<u2",
        "feature": "|i1",
        "threshold": "<f4",
        "left": "|u1",
        "right": "|u1",
        "steps": "<u2",
        "unit": "<f4",
        "factor": "<f4",
        "kept": "<f4",
    }


@pytest.mark.parametrize(("nodes", "fits"), [(255, True), (257, False)])
def test_a_tree_of_more_nodes_than_a_byte_can_tell_is_not_stored(nodes, fits):
    forest = ForestHazard(chain(nodes), np.ones(1), 1.0)
    if fits:
        found = stored_and_read(forest).trees
        assert np.array_equal(found.right, forest.trees.right)
    else:
        with pytest.raises(ValueError, match="more than 256 nodes"):
            forest_arrays(forest)


def chain(nodes):
    """Return one tree of which each left child is a leaf."""
    number = np.arange(nodes)
    splits = (number % 2 == 0) & (number < nodes - 1)
    return Trees(
        sizes=np.array([nodes]),
        feature=np.where(splits, 0, LEAF),
        threshold=np.where(splits, number, 0.0),
        left=np.where(splits, number + 1, 0),
        right=np.where(splits, number + 2, 0),
        values=np.ones(((~splits).sum(), len(KNOTS))).cumsum(axis=1),
    )


@pytest.mark.parametrize("effect", [OVERALL_EFFECT, LEARNED_EFFECT])
@pytest.mark.parametrize("message", [TYPICAL, message_of(ecog_ps=None)], ids=["known", "open"])
def test_figures_are_those_of_the_unrounded_forests(tmp_path_factory, message, effect):
    grown = {name: uneven(forest) for name, forest in small_bundle(20).forests.items()}
    unrounded = replace(small_bundle(20), forests=grown)
    read = load_bundle(save_small(tmp_path_factory.mktemp("rounded"), 20, forests=grown))
    question = Question(tuple(range(1, 97)), 0.95)
    for side in ("estimate", "lower", "upper"):
        served, exact = (
            getattr(assess(table_from([message]), each, question, Analysis(FOREST, effect)), side)
            for each in (read, unrounded)
        )
        assert np.abs(served - exact).max() < 1e-4
        assert not np.array_equal(served, exact), "the rounding can be seen"


# What is damaged is refused


def damaged(**changes):
    """Return the stored parts of a good forest with some parts changed by functions."""
    arrays = as_floats(forest_arrays(small_bundle(MEMBERS).forests["death"]))
    return {
        part: changes[part](array.copy()) if part in changes else array
        for part, array in arrays.items()
    }


def at(place, value):
    """Return a function that puts a value in a place."""

    def change(array):
        array[place] = value
        return array

    return change


def add(place, value):
    def change(array):
        array[place] += value
        return array

    return change


_GOOD = damaged()
_SIZES = _GOOD["sizes"].astype(int)
#: The second tree's root and a leaf of the first.
_ROOT = int(_SIZES[0])
_LEAF = int(np.flatnonzero(_GOOD["feature"] == LEAF)[0])


def first_trees(number):
    """Return the changes that leave the first trees whole and take away the others."""
    nodes = int(_SIZES[:number].sum())
    leaves = int((_GOOD["feature"][:nodes] == LEAF).sum())
    left = dict.fromkeys(("feature", "threshold", "left", "right"), nodes)
    left |= {"sizes": number, "steps": leaves}
    return {part: lambda array, taken=taken: array[:taken] for part, taken in left.items()}


DAMAGES = {
    "a child that is its own parent": {"left": at(0, 0)},
    "a child before its parent": {"right": at(_LEAF - 1, 0)},
    "a child of a later tree before its parent": {"left": at(_ROOT, 0)},
    "a left child beyond the tree": {"left": at(0, _SIZES[0])},
    "a right child beyond the tree": {"right": at(_ROOT, _SIZES[1])},
    "a child beyond all trees": {"right": at(0, _SIZES.sum())},
    "a negative child": {"left": at(0, -1)},
    "a leaf with a left child": {"left": at(_LEAF, _LEAF + 1)},
    "a leaf with a right child": {"right": at(_LEAF, _LEAF + 1)},
    "an unknown covariate": {"feature": at(0, len(TERM_NAMES) + 1)},
    "a covariate below a leaf's mark": {"feature": at(0, -2)},
    "half a covariate": {"feature": at(0, 0.5)},
    "a leaf without hazards": {"feature": at(0, LEAF), "left": at(0, 0), "right": at(0, 0)},
    "hazards without a leaf": {"feature": at(_LEAF, 0)},
    "hazards too few": {"steps": lambda steps: steps[:-1]},
    "hazards too many": {"steps": lambda steps: np.append(steps, steps[:1], axis=0)},
    "a hazard that falls": {"steps": at((0, 5), -1)},
    "a unit of nothing": {"unit": at(0, 0)},
    "a negative unit": {"unit": at(0, -1)},
    "more kept than there is": {"kept": at(0, 1.5)},
    "a negative share kept": {"kept": at(0, -0.1)},
    "a factor of nothing": {"factor": at((1, 0), 0)},
    "a negative factor": {"factor": at((2, 1), -1)},
    "a node too many in a tree": {"sizes": add(0, 1)},
    "nodes moved from a tree to the next": {"sizes": lambda s: add(1, 4)(add(0, -4)(s))},
    "a tree of no node": {"sizes": lambda sizes: np.insert(sizes, 0, [0] * MEMBERS)},
    "trees for some of the members": first_trees(len(_SIZES) - 1),
    "no trees": first_trees(0),
    "a threshold too few": {"threshold": lambda array: array[:-1]},
    "a left child too few": {"left": lambda array: array[:-1]},
    "a right child too many": {"right": lambda array: np.append(array, 0)},
    # Numbers that no forest has stored; a bundle that is made on purpose can hold them.
    "half a child, which is its own parent when cut": {"left": at(0, 0.5)},
    "hazards beyond 16 bits": {"steps": lambda steps: steps * 0 + 1e30},
    "sizes that are no whole numbers": {"sizes": lambda sizes: sizes + 0.25},
    "half a step": {"steps": at((0, 0), 0.5)},
    "an absurd unit": {"unit": at(0, 1e30)},
    "an absurd factor": {"factor": at((0, 0), 1e30)},
}
each_damage = pytest.mark.parametrize("changes", DAMAGES.values(), ids=DAMAGES)


def test_a_tree_less_for_each_member_has_no_fault():
    changes = first_trees(len(_SIZES) - MEMBERS)
    assert forest_fault(damaged(**changes), MEMBERS) == ""


def test_what_is_not_damaged_has_no_fault():
    assert forest_fault(damaged(), MEMBERS) == ""


@each_damage
def test_damage_is_found(changes):
    assert forest_fault(damaged(**changes), MEMBERS) != ""


@pytest.fixture
def folder(tmp_path):
    return save_small(tmp_path / "small", MEMBERS)


def put_forest(folder, parts, name="death"):
    """Replace the stored parts of a forest, all digests made anew."""
    renamed = {f"forest.{name}.{part}": array for part, array in parts.items()}
    put_arrays(folder, {**arrays_of(folder), **renamed})


def test_a_forest_that_is_written_as_other_numbers_is_the_same(folder):
    before = load_bundle(folder).forests["death"]
    put_forest(folder, damaged())
    assert np.array_equal(load_bundle(folder).forests["death"].trees.values, before.trees.values)


@each_damage
def test_a_bundle_with_a_damaged_forest_is_refused(folder, changes):
    put_forest(folder, damaged(**changes))
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("name", HAZARDS)
def test_a_damaged_forest_of_any_hazard_is_refused(folder, name):
    put_forest(folder, {"factor": np.zeros((MEMBERS, 2))}, name)
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("part", PARTS)
def test_parts_that_are_not_finite_are_refused(folder, part, value):
    put_forest(folder, damaged(**{part: lambda array: np.full_like(array, value)}))
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_another_shape_are_refused(folder, part):
    put_forest(folder, damaged(**{part: lambda array: array[..., None]}))
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("part", ["unit", "kept", "factor"])
def test_numbers_too_many_are_refused(folder, part):
    put_forest(folder, damaged(**{part: lambda array: np.append(array, array[:1])}))
    assert refusal_of(folder) == "bundle_format"


def test_hazards_at_other_months_are_refused(folder):
    put_forest(folder, damaged(steps=lambda steps: steps[:, :-1]))
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_refused(folder, part):
    arrays = arrays_of(folder)
    del arrays[f"forest.death.{part}"]
    put_arrays(folder, arrays)
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_no_number_is_refused(folder, part):
    put_forest(folder, damaged(**{part: lambda array: array.astype(str)}))
    assert refusal_of(folder) in ("bundle_damaged", "bundle_format")
