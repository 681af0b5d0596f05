"""What is kept of a list's results is bounded, and only the oldest are forgotten."""

from __future__ import annotations

import random

import pytest
from click.testing import CliRunner

from benchmarks.patients import csv_list
from models.bundle import load_bundle
from models.options import Options
from service.bundles import default_folder
from service.cli import main
from service.lists import run as run_module
from service.lists.blocks import BLOCK_ROWS, NDJSON_BLOCK_ROWS, block_rows_of
from service.lists.columns import Chosen
from service.lists.contents import CsvReader
from service.lists.kinds import KINDS, NDJSON
from service.lists.layouts import WIDE
from service.lists.profiles import MOST_KEPT, Profiles
from service.lists.results import Result, Task
from service.lists.rows import read_header


class Telling:
    """A task whose result says the content; each takes the same room."""

    def __init__(self):
        self.scored = 0

    def results(self, contents):
        self.scored += len(contents)
        return [Result("ok", (content,), (), (), None) for content in contents]


SIZE = Result("ok", (b"0000",), (), (), None).size


def content(number):
    return b"%04d" % number


def kept(profiles):
    return sum(result.size for result in profiles._results.values())


def told(pending):
    return [result.tails[0] for result in pending.wait()]


@pytest.mark.parametrize(("distinct", "fit"), [(400, 350), (400, 100), (400, 400)])
def test_in_random_order_what_fits_is_not_scored_again(distinct, fit):
    task, order = Telling(), random.Random(1)
    profiles = Profiles(task, most=fit * SIZE)
    blocks = [
        [content(order.randrange(distinct)) for _ in range(50)] for _ in range(20 * distinct // 50)
    ]
    for number, block in enumerate(blocks):
        if number == len(blocks) // 2:
            before = task.scored
        assert told(profiles.look_up(block)) == block
        assert kept(profiles) <= fit * SIZE
    share = (task.scored - before) / (10 * distinct)
    # Within a block a content is scored once, so it is a little less than what does not fit.
    assert share == pytest.approx(1 - fit / distinct, abs=0.05)
    assert profiles.asked == task.scored


def test_the_newest_results_are_there_and_the_oldest_are_not():
    task = Telling()
    profiles = Profiles(task, most=3 * SIZE)
    for number in range(5):
        profiles.look_up([content(number)]).wait()
    profiles.look_up([content(number) for number in (2, 3, 4)]).wait()
    assert task.scored == 5
    profiles.look_up([content(1)]).wait()
    assert task.scored == 6


def test_blocks_that_were_looked_up_keep_results_that_are_forgotten():
    task = Telling()
    profiles = Profiles(task, most=2 * SIZE)
    first = [content(number) for number in range(300)]
    profiles.look_up(first[:2]).wait()
    blocks = [first, first[::-1], first[:2]]
    pending = [profiles.look_up(block) for block in blocks]
    assert [told(each) for each in pending] == blocks
    # The two that were there, and the others, once for both blocks that hold them.
    assert task.scored == 300
    assert kept(profiles) <= 2 * SIZE


def test_results_that_do_not_fit_at_all_are_told():
    profiles = Profiles(Telling(), most=0)
    block = [content(1), content(2), content(1)]
    assert told(profiles.look_up(block)) == block
    assert kept(profiles) == 0


def test_blocks_under_way_take_no_more_than_what_is_kept():
    """Rows of a block times what a row's result takes, times the blocks that are looked up."""
    lines = csv_list(64, 64).splitlines()
    reader = CsvReader(read_header(lines))
    digest = load_bundle(default_folder()).digest
    for kind in KINDS:
        task = Task(default_folder(), digest, Options(), Chosen(), WIDE, kind, reader)
        largest = max(result.size for result in task.results(lines[1:]))
        assert (run_module._AHEAD + 1) * block_rows_of(kind) * largest < MOST_KEPT


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_looks_up_blocks_that_suit_what_is_written(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_bytes(csv_list(20_000, 4))
    sizes = []
    look_up = Profiles.look_up

    def spy(self, contents):
        sizes.append(len(contents))
        return look_up(self, contents)

    monkeypatch.setattr(Profiles, "look_up", spy)
    result = CliRunner().invoke(main, ["score", "list.csv", "--out", f"scored.{kind}"])
    assert result.exit_code == 0, result.output
    assert max(sizes) == (NDJSON_BLOCK_ROWS if kind == NDJSON else BLOCK_ROWS)
    assert sum(sizes) == 20_000
