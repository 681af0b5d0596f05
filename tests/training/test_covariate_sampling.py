import numpy as np
import pytest

from models.covariates import FIELDS
from models.table import code_of
from tests.training import paper
from training.covariate_sampling import (
    population_blocks,
    receptor_counts,
    sample_covariates,
    site_counts,
    trial_design,
)

ARMS = (paper.SYSTEMIC, paper.SURGERY)
SEEDS = (1, 2, 3, 20250704)
COUNTED = tuple(paper.COUNTS[paper.SYSTEMIC])


@pytest.fixture(scope="module", params=SEEDS)
def sample(request):
    return sample_covariates(np.random.default_rng(request.param))


@pytest.fixture(scope="module")
def many_samples():
    """Return the covariates of 200 virtual trials below each other."""
    rng = np.random.default_rng(5)
    tables = [sample_covariates(rng)[0] for _ in range(200)]
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def code(field, value):
    return FIELDS[field].encode(value)


def printed_values(field):
    return paper.COUNTS[paper.SYSTEMIC][field]


def rows_of(sample, arm):
    table, arms = sample
    chosen = arms == ARMS.index(arm)
    return {name: column[chosen] for name, column in table.items()}


def test_arms_have_the_trials_sizes(sample):
    _, arms = sample
    assert [(arms == number).sum() for number in (0, 1)] == [205, 202]


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("field", COUNTED)
def test_each_count_of_table_1_is_exact(sample, arm, field):
    column = rows_of(sample, arm)[field]
    found = {value: int((column == code(field, value)).sum()) for value in printed_values(field)}
    assert found == paper.COUNTS[arm][field]


@pytest.mark.parametrize("arm", ARMS)
def test_printed_quartiles_of_age_are_exact(sample, arm):
    ages = rows_of(sample, arm)["age"]
    assert tuple(np.quantile(ages, [0.25, 0.5, 0.75])) == paper.AGES[arm]


def test_ages_are_completed_years_within_the_trials_range(sample):
    ages = sample[0]["age"]
    assert np.array_equal(ages, np.floor(ages))
    assert ages.min() >= 20
    assert ages.max() <= 80


def test_bone_only_is_one_organ_without_liver(sample):
    table, _ = sample
    bone = table["bone_only_metastasis"] == 1
    assert (table["metastatic_organs"][bone] == code_of("metastatic_organs", "1")).all()
    assert (table["liver_metastasis"][bone] == 0).all()


def test_triple_negative_is_negative_for_both_receptors(sample):
    table, _ = sample
    negative = [table[name] == code_of(name, "negative") for name in ("er_status", "her2_status")]
    assert np.array_equal(table["triple_negative"] == 1, negative[0] & negative[1])


@pytest.mark.parametrize("arm", ARMS)
def test_receptor_cells_follow_from_the_triple_negative_counts(sample, arm):
    rows = rows_of(sample, arm)
    for (er, her2), count in paper.RECEPTORS[arm].items():
        cell = (rows["er_status"] == code_of("er_status", er)) & (
            rows["her2_status"] == code_of("her2_status", her2)
        )
        assert cell.sum() == count


@pytest.mark.parametrize("arm", ARMS)
def test_receptor_counts_are_the_hand_computed_ones(arm):
    assert receptor_counts(arm) == list(paper.RECEPTORS[arm].values())


def test_forty_patients_have_liver_metastasis_alone(sample):
    table, _ = sample
    one_organ = table["metastatic_organs"] == code_of("metastatic_organs", "1")
    alone = one_organ & (table["liver_metastasis"] == 1)
    assert alone.sum() == paper.ONE_ORGAN_SITES["liver"]


@pytest.mark.parametrize("arm", ARMS)
def test_site_cells_are_counts_of_the_whole_arm(arm):
    cells = site_counts(arm)
    assert min(cells) > 0
    assert sum(cells) == paper.ARM_SIZES[arm]


def test_menopause_rises_with_age(many_samples):
    post = many_samples["menopausal_status"] == code_of("menopausal_status", "post")
    ages = many_samples["age"]
    bands = [(ages >= low) & (ages < low + 5) for low in range(35, 70, 5)]
    shares = [post[band].mean() for band in bands]
    assert shares == sorted(shares)
    assert shares[0] < 0.05
    assert shares[-1] > 0.95


def test_the_same_seed_gives_the_same_patients():
    first, second = (sample_covariates(np.random.default_rng(9)) for _ in range(2))
    assert all(np.array_equal(first[0][name], second[0][name]) for name in first[0])
    assert np.array_equal(first[1], second[1])


def test_other_seeds_give_other_patients():
    first, second = (sample_covariates(np.random.default_rng(seed))[0] for seed in (1, 2))
    assert not np.array_equal(first["clinical_t"], second["clinical_t"])


def test_design_has_a_row_for_each_patient(sample):
    design = trial_design(sample[0])
    assert design.shape == (407, 13)
    assert np.isfinite(design).all()


def test_weights_of_each_block_add_up_to_one():
    for block in population_blocks():
        assert block.weights.min() > 0
        assert block.weights.sum() == pytest.approx(1, abs=1e-12)
        assert block.cells.shape == (len(block.weights), len(block.fields))


def test_blocks_hold_each_covariate_once(sample):
    names = [name for block in population_blocks() for name in block.fields]
    assert sorted(names) == sorted(sample[0])


def marginal(field, value):
    """Return the blocks' probability of a value."""
    (block,) = (block for block in population_blocks() if field in block.fields)
    chosen = block.cells[:, block.fields.index(field)] == code(field, value)
    return block.weights[chosen].sum()


@pytest.mark.parametrize("field", [name for name in COUNTED if name != "menopausal_status"])
def test_blocks_have_the_frequencies_of_table_1(field):
    for value in printed_values(field):
        count = sum(paper.COUNTS[arm][field][value] for arm in ARMS)
        assert marginal(field, value) == pytest.approx(count / 407, abs=1e-12)


def test_blocks_have_the_share_of_postmenopause():
    # The curve of age comes from public cohorts; the count is Table 1's, as in every sample.
    assert marginal("menopausal_status", "post") == pytest.approx((137 + 136) / 407, abs=0.002)


def test_blocks_have_the_cells_of_many_samples(many_samples):
    size = len(many_samples["age"])
    for block in population_blocks():
        if "age" in block.fields:
            continue
        columns = np.column_stack([many_samples[name] for name in block.fields])
        for cell, weight in zip(block.cells, block.weights, strict=True):
            # Every sample has these counts exactly.
            assert (columns == cell).all(axis=1).sum() / size == pytest.approx(weight, abs=1e-9)


def test_block_of_ages_has_the_distribution_of_many_samples(many_samples):
    (block,) = (block for block in population_blocks() if "age" in block.fields)
    post = code_of("menopausal_status", "post")
    for age in range(30, 80, 5):
        for status in (post, 1 - post):
            below = (block.cells[:, 0] <= age) & (block.cells[:, 1] == status)
            sampled = (many_samples["age"] <= age) & (many_samples["menopausal_status"] == status)
            assert sampled.mean() == pytest.approx(block.weights[below].sum(), abs=0.02)
