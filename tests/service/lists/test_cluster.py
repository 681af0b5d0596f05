"""A list on many machines gives the bytes of one process, whoever is killed meanwhile."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import fsspec
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from distributed import CancelledError, KilledWorker, LocalCluster
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.patients import csv_list
from models.bundle import load_bundle
from models.options import Options
from service.bundles import default_folder
from service.cli import main
from service.commands import score as command
from service.lists import cluster as cluster_module
from service.lists import cuts
from service.lists.blocks import lines_of
from service.lists.cluster import score_part
from service.lists.columns import Chosen
from service.lists.kinds import kind_by_name
from service.lists.outputs import Beside, Target
from service.lists.profiles import Profiles
from service.lists.progress import Progress
from service.lists.rows import LONGEST_LINE
from service.lists.run import Unfinished
from service.lists.storage import Place
from service.lists.tally import Tally
from tests.service.lists.test_engine import MIXED, PLAIN, table_of

ROOT = Path(__file__).parents[3]
FEW = ["--horizons", "12,48"]
BLOCK_ROWS = 64
ROWS = 3_000


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=3,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        silence_logs=50,
    ) as found:
        yield found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "Way", partial(command.Way, block_rows=BLOCK_ROWS))
    (tmp_path / "list.csv").write_bytes(mixed_list())
    return tmp_path


def mixed_list():
    """Return rows of all kinds, with blank lines among them, in two sorts of line ends."""
    header, *lines = MIXED.splitlines()
    named, *others = csv_list(60, 60).splitlines()
    columns, own = header.decode().split(","), named.decode().split(",")
    for number, line in enumerate(others):
        cells = dict(zip(own, line.decode().split(","), strict=True), row_id=f"n{number}")
        lines.append(",".join(cells.get(name, "") for name in columns).encode())
    lines += [b"", b"  \r", b"e,1,2,3", b'f,"47']
    told = [lines[(11 * number) % len(lines)] for number in range(ROWS)]
    return b"\n\n" + header + b"\r\n" + b"\n".join(told) + b"\n\n"


def run(*arguments):
    return CliRunner().invoke(main, ["score", *map(str, arguments)])


def on(cluster):
    return ["--scheduler", cluster.scheduler_address]


def about(path):
    found = json.loads(path.read_text("utf-8"))
    return {name: each for name, each in found.items() if name not in ("started", "finished")}


def assert_same(folder, ending, *names):
    """Compare what one process and the cluster wrote, and what is left beside it."""
    for name in names:
        one, many = (folder / f"{who}{name}" for who in ("one", "many"))
        assert one.read_bytes() == many.read_bytes(), name
    sides = [about(folder / f"{who}{ending}.about.json") for who in ("one", "many")]
    assert sides[0] == sides[1]
    left = [path.name for path in folder.iterdir() if ".part" in path.name]
    assert left == []


def score_both(cluster, source, ending, *more):
    asked = [*FEW, *more]
    for who, way in (("one", ["--processes", 1]), ("many", on(cluster))):
        arguments = ["--out", f"{who}{ending}", "--rejects", f"{who}-no.csv", *asked, *way]
        result = run(source, *arguments)
        assert isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == 1, result.output


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zst", ".ndjson", ".ndjson.zst"])
def test_texts_are_those_of_one_process(cluster, folder, ending):
    score_both(cluster, "list.csv", ending)
    assert_same(folder, ending, ending, "-no.csv")
    if ending == ".csv.gz":
        text = gzip.decompress((folder / "many.csv.gz").read_bytes())
        assert text.count(b"\n") == about(folder / "many.csv.gz.about.json")["counts"]["rows"] + 1


def test_a_line_that_names_the_separator_is_no_row_there_either(cluster, folder):
    (folder / "list.csv").write_bytes(b"sep=,\r\n" + mixed_list())
    score_both(cluster, "list.csv", ".csv")
    assert_same(folder, ".csv", ".csv", "-no.csv")


def test_a_summary_is_that_of_one_process(cluster, folder):
    for who, way in (("one", ["--processes", 1]), ("many", on(cluster))):
        asked = ["--out", f"{who}.csv", "--summary", f"{who}.json", *FEW]
        assert run("list.csv", *asked, *way).exit_code == 1
    sides = [json.loads((folder / f"{who}.json").read_text("utf-8")) for who in ("one", "many")]
    assert sides[0] == sides[1]


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
@pytest.mark.parametrize("shape", ["wide", "long"])
def test_columns_are_those_of_one_process(cluster, folder, ending, shape):
    score_both(cluster, "list.csv", ending, "--shape", shape)
    assert_same(folder, ending, ending, "-no.csv")


@pytest.mark.parametrize("group", [10, 100, 1_000])
def test_row_groups_of_any_length_are_read_as_by_one_process(cluster, folder, group):
    table = table_of(PLAIN)
    table = pyarrow.concat_tables([table] * 150).combine_chunks()
    pyarrow.parquet.write_table(table, "list.parquet", row_group_size=group)
    score_both(cluster, "list.parquet", ".csv")
    assert_same(folder, ".csv", ".csv", "-no.csv")


def test_objects_a_line_are_cut_too(cluster, folder):
    lines = [b'{"age": 47, "row_id": "%d"}' % number for number in range(300)]
    told = b'{"age": 50, "clinical_t": "T1", "clinical_n": "N0", "row_id": "x"}'
    lines[100:100] = [b"", b"{", told]
    (folder / "list.ndjson").write_bytes(b"\n".join(lines))
    score_both(cluster, "list.ndjson", ".ndjson")
    assert_same(folder, ".ndjson", ".ndjson", "-no.csv")


def test_urls_are_read_and_written(cluster, folder):
    run("list.csv", "--out", "one.csv", "--rejects", "one-no.csv", *FEW)
    urls = [f"file://{folder}/{name}" for name in ("list.csv", "many.csv", "many-no.csv")]
    result = run(urls[0], "--out", urls[1], "--rejects", urls[2], *FEW, *on(cluster))
    assert result.exit_code == 1, result.output
    assert_same(folder, ".csv", ".csv", "-no.csv")


def die_once(stretch, order):
    """Score a part; the first who does the fourth is killed when it is written and not renamed."""
    begun = Path(order.source.place.name).with_name("killed")
    if stretch.number == 3 and not begun.exists():
        begun.touch()
        Place.move = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    return score_part(stretch, order)


def test_a_killed_worker_changes_nothing(cluster, folder, monkeypatch):
    monkeypatch.setattr(cluster_module, "score_part", die_once)
    before = {nanny.process.pid for nanny in cluster.workers.values()}
    score_both(cluster, "list.csv", ".csv.gz")
    assert (folder / "killed").exists()
    assert before != {nanny.process and nanny.process.pid for nanny in cluster.workers.values()}
    assert_same(folder, ".csv.gz", ".csv.gz", "-no.csv")


def test_a_part_that_is_scored_twice_is_the_same(folder):
    order, stretches = order_for(folder)
    first = cluster_module.score_part(stretches[0], order)
    place = parts(folder) / cluster_module.part_name(stretches[0], "results")
    written = place.read_bytes()
    place.with_suffix(".json").unlink()
    assert cluster_module.score_part(stretches[0], order) == first
    assert place.read_bytes() == written
    assert sorted(path.suffix for path in place.parent.iterdir()) == [".json", ".results"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_store_that_is_no_disk_holds_parts_and_results(folder, kind):
    """What a store with URLs does, by one that fsspec keeps in memory."""
    fs = fsspec.filesystem("memory")
    fs.pipe("/store/list.csv", mixed_list())
    name = f"memory://store/many.{kind}"
    order, stretches = order_for(folder, place="memory://store/list.csv", out=name)
    with cluster_module.Joined(Target(name, kind), None, replace(order.task, kind=kind)) as found:
        for stretch in stretches:
            found.add(stretch, order, cluster_module.score_part(stretch, order).sizes)
        assert not fs.exists(name)
        found.finish({})
    run("list.csv", "--out", f"one.{kind}", "--horizons", "12")
    assert fs.cat(name) == (folder / f"one.{kind}").read_bytes()
    order.folder.remove()
    assert sorted(fs.ls("/store", detail=False)) == [
        "/store/list.csv",
        f"/store/many.{kind}",
        f"/store/many.{kind}.about.json",
        f"/store/many.{kind}.parts",
    ]
    fs.rm("/store", recursive=True)


@pytest.mark.parametrize("block_rows", [1_024, 16_384])
def test_parts_of_long_lists_have_as_many_rows_whatever_the_blocks(
    folder, monkeypatch, block_rows
):
    monkeypatch.setattr(cuts, "_PARTS", 1)
    (folder / "long.csv").write_bytes(b"age\n" + b"47\n" * 300_000)
    found = cuts.cut(cuts.Source(Place.of("long.csv"), "csv", False, block_rows))
    assert [stretch.first for stretch in found.stretches] == [2, 131_074, 262_146]
    assert found.rows == 300_000


def parts(folder):
    """Return the folder in which the parts of a run are."""
    (found,) = (path for path in (folder / "many.csv.parts").iterdir() if path.is_dir())
    return found


def order_for(folder, summary=None, place="list.csv", out="many.csv", **changes):
    """Return an order for the list, and its parts."""
    source = cuts.Source(Place.of(place), "csv", False, BLOCK_ROWS)
    found = cuts.cut(source)
    bundle = load_bundle(default_folder())
    asked = command._Asked(default_folder(), Options((12,)), Chosen(), "wide")
    target = Target(out, kind_by_name(out))
    files = command.Files("list.csv", "csv", target, Beside(None, summary))
    task = command._task(asked, bundle, files, found.reader)
    key = command._key(task, files, command.Way(False, False, False, 1))
    order = cluster_module.order_of(
        task, source, target, key, shipped=True, rejects=False, strict=False
    )
    order.folder.make_folder()
    return replace(order, **changes), found.stretches


def test_another_version_on_a_worker_is_refused(folder):
    order, stretches = order_for(folder, software="0.0.0")
    done = cluster_module.score_part(stretches[0], order)
    assert "another version" in done.refused[0][2]
    assert list(parts(folder).iterdir()) == []


def test_another_bundle_on_a_worker_is_refused(cluster, folder, monkeypatch):
    def changed(folder):
        found = load_bundle(folder)
        return type(found)(**{**found.__dict__, "digest": "sha256:other"})

    monkeypatch.setattr(command, "load_bundle", changed)
    monkeypatch.setattr("service.lists.results.load_bundle", changed)
    result = run("list.csv", "--out", "many.csv", *FEW, *on(cluster))
    assert result.exit_code == 2
    assert "has another bundle" in result.output
    assert not (folder / "many.csv").exists()


# Going on


def stop_after(monkeypatch, parts):
    """Let the next run be interrupted after so many parts."""
    add = cluster_module.Joined.add

    def interrupted(self, stretch, order, sizes):
        if stretch.number == parts:
            monkeypatch.setattr(cluster_module.Joined, "add", add)
            raise KeyboardInterrupt
        add(self, stretch, order, sizes)

    monkeypatch.setattr(cluster_module.Joined, "add", interrupted)


def test_a_stopped_run_goes_on_and_leaves_whole_parts_alone(cluster, folder, monkeypatch):
    stop_after(monkeypatch, 5)
    asked = ["list.csv", "--out", "many.csv", "--rejects", "many-no.csv", *FEW, *on(cluster)]
    result = run(*asked)
    assert result.exit_code == 130
    assert "Stopped after 320 rows" in result.output
    assert "--resume" in result.output
    assert not (folder / "many.csv").exists()
    own = parts(folder)
    names = [f"{number:08d}" for number in range(3)]
    (own / f"{names[2]}.results").write_bytes(b"half")
    before = [(own / f"{name}.json").stat().st_mtime_ns for name in names]
    seen = []
    refuse = cluster_module._refuse

    def look(done):
        if len(seen) < 3:
            seen.append((own / f"{names[len(seen)]}.json").stat().st_mtime_ns)
        refuse(done)

    monkeypatch.setattr(cluster_module, "_refuse", look)
    assert run(*asked, "--resume").exit_code == 1
    assert seen[:2] == before[:2]
    assert seen[2] > before[2]
    run("list.csv", "--out", "one.csv", "--rejects", "one-no.csv", *FEW)
    assert_same(folder, ".csv", ".csv", "-no.csv")


def test_a_run_with_other_options_does_not_go_on(cluster, folder, monkeypatch):
    stop_after(monkeypatch, 1)
    run("list.csv", "--out", "many.csv", *FEW, *on(cluster))
    result = run("list.csv", "--out", "many.csv", "--horizons", "24", "--resume", *on(cluster))
    assert result.exit_code == 2
    assert "differs in: options" in result.output


@pytest.mark.parametrize("out", ["x.csv", "x.parquet"])
def test_strict_tells_the_first_wrong_row_and_leaves_nothing(cluster, folder, out):
    told = [run("list.csv", "--out", out, "--strict", *FEW, *way) for way in ([], on(cluster))]
    assert [each.exit_code for each in told] == [1, 1]
    assert told[0].output == told[1].output
    assert sorted(path.name for path in folder.iterdir()) == ["list.csv"]


def test_what_is_summed_up_is_that_of_one_process(folder):
    order, stretches = order_for(folder, summary="summary.json")
    joined = Progress(tally=Tally())
    for stretch in stretches[:4]:
        done = cluster_module.score_part(stretch, order)
        joined.join(Progress.from_dict(json.loads(json.dumps(done.progress))))
    whole, profiles = Progress(tally=Tally()), Profiles(order.task)
    for stretch in stretches[:4]:
        for block in cuts.blocks_of(stretch, order.source, order.task.reader):
            whole.add(block, profiles.look_up(block.contents).wait())
    assert joined.counts == whole.counts
    assert joined.tally.as_dict() == whole.tally.as_dict()
    assert joined.tally.profiles


# What is refused


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("list.csv.gz", gzip.compress(PLAIN.encode()), "unpack it first"),
        ("list.arrow", b"", "Arrow cannot be cut"),
        ("empty.csv", b"age\n", "no patient"),
        ("odd.csv", b"age,cost\n1,2\n", "cost"),
    ],
)
def test_lists_that_cannot_be_cut_are_refused(cluster, folder, name, data, told):
    (folder / name).write_bytes(data)
    result = run(name, "--out", "many.csv", *on(cluster))
    assert result.exit_code == 2
    assert told in result.output
    assert not (folder / "many.csv.parts").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-", "--out", "many.csv", "--scheduler", "tcp://127.0.0.1:9"], "all machines reach"),
        (["list.csv", "--scheduler", "tcp://127.0.0.1:9"], "all machines reach"),
        (["file:///list.csv", "--out", "many.csv"], "URLs need --scheduler"),
    ],
)
def test_files_that_are_not_shared_are_refused(folder, arguments, told):
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize(
    ("name", "told"), [("no://x", "cannot be reached"), ("no.csv", "no.csv: No such file")]
)
def test_lists_that_are_not_there_are_told(cluster, folder, name, told):
    result = run(name, "--out", "many.csv", *on(cluster))
    assert result.exit_code == 2
    assert told in result.output


def test_a_scheduler_that_is_not_there_is_told(folder, monkeypatch):
    monkeypatch.setattr(cluster_module, "_CONNECTION", 1)
    result = run("list.csv", "--out", "many.csv", "--scheduler", "tcp://127.0.0.1:9")
    assert result.exit_code == 2
    assert "No scheduler answers at tcp://127.0.0.1:9." in result.output
    assert sorted(path.name for path in folder.iterdir()) == ["list.csv"]


@pytest.mark.parametrize("address", ["foo", "tcp://foo", "foo://127.0.0.1:9", "tcp://a/b:9"])
def test_an_address_that_is_none_is_told_with_the_form_of_one(folder, address):
    words = [sys.executable, "-m", "service.cli", "score", "list.csv", "--out", "many.csv"]
    done = subprocess.run(
        [*words, "--scheduler", address],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert b"form tcp://HOST:PORT" in done.stderr
    assert b"Traceback" not in done.stderr


def test_that_there_are_no_workers_is_told(folder, monkeypatch):
    monkeypatch.setattr(cluster_module, "_PATIENCE", 0.3)
    with LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as empty:

        def start_one(*arguments):
            empty.scale(1)
            return original(*arguments)

        original = cluster_module.run_on_cluster
        monkeypatch.setattr(cluster_module, "run_on_cluster", start_one)
        result = run("list.csv", "--out", "many.csv", *FEW, *on(empty))
    assert result.exit_code == 1, result.output
    assert "Waiting for workers" in result.stderr


def test_with_workers_nothing_is_said_of_waiting_or_of_going_on(cluster, folder):
    result = run("list.csv", "--out", "many.csv", *FEW, *on(cluster))
    assert result.stderr.splitlines() == [result.stderr.strip()]
    assert "rejected" in result.stderr


def test_without_parts_to_go_on_from_a_run_begins_and_says_so(cluster, folder):
    result = run("list.csv", "--out", "many.csv", "--resume", *FEW, *on(cluster))
    assert result.exit_code == 1
    assert "nothing to go on from" in result.stderr


def test_sigterm_stops_as_ctrl_c_does(cluster, folder, monkeypatch):
    add = cluster_module.Joined.add

    def interrupted(self, stretch, order, sizes):
        if stretch.number == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        add(self, stretch, order, sizes)

    monkeypatch.setattr(cluster_module.Joined, "add", interrupted)
    result = run("list.csv", "--out", "many.csv", *FEW, *on(cluster))
    assert result.exit_code == 143
    assert "Stopped after 128 rows" in result.stderr
    assert "Stopping when" not in result.stderr
    assert (folder / "many.csv.parts").exists()


def test_a_link_is_followed_on_many_machines_too(cluster, folder):
    (folder / "link.csv").symlink_to("there.csv")
    result = run("list.csv", "--out", f"file://{folder}/link.csv", *FEW, *on(cluster))
    assert result.exit_code == 1, result.output
    assert (folder / "link.csv").is_symlink()
    assert (folder / "there.csv").read_bytes().startswith(b"row_id,")
    assert (folder / "there.csv.about.json").exists()


def test_no_pipe_is_replaced_by_many_machines(cluster, folder):
    os.mkfifo("many.csv")
    result = run("list.csv", "--out", "many.csv", *FEW, *on(cluster))
    assert result.exit_code == 2
    assert (folder / "many.csv").is_fifo()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KilledWorker("part", None, 3), "more memory"),
        (CancelledError("part"), "went away"),
        (FileNotFoundError(2, "No such file or directory", "/x.csv"), "cannot read or write /x"),
    ],
)
def test_why_workers_could_not_finish_is_told(error, told):
    class Failed:
        def result(self):
            raise error

    with pytest.raises(Unfinished, match=told):
        cluster_module._result(Failed())


def test_parts_that_are_not_seen_from_here_are_told(cluster, folder, monkeypatch):
    monkeypatch.setattr(cluster_module, "_SEEN", 0)
    monkeypatch.setattr(Place, "size", property(lambda self: None))
    result = run("list.csv", "--out", "many.csv", *FEW, *on(cluster))
    assert result.exit_code == 2
    assert "share no storage" in result.output


def test_missing_packages_are_told(folder, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    result = run("list.csv", "--out", "many.csv", "--scheduler", "tcp://127.0.0.1:9")
    assert command._INSTALL_CLUSTER in result.output


def test_what_installs_the_packages_of_a_cluster_is_documented():
    assert f"\n{command._INSTALL_CLUSTER}\n" in (ROOT / "docs/lists-at-scale.md").read_text(
        "utf-8"
    )


def test_a_cluster_has_the_packages_that_the_tests_run_with():
    cluster, tests = (
        (ROOT / f"requirements-{name}.txt").read_text("utf-8") for name in ("cluster", "dev")
    )
    pinned = re.findall(r"^[\w-]+==.*$", cluster, flags=re.MULTILINE)
    assert {"distributed", "fsspec", "pyarrow"} <= {line.partition("==")[0] for line in pinned}
    assert [line for line in pinned if line not in tests] == []


# Cuts


@pytest.mark.property
@given(
    lines=st.lists(st.sampled_from([b"", b" ", b"a", b" b", b"\r", b"\x1c", b"\t\x0b\x0c"])),
    piece=st.integers(1, 9),
    ended=st.booleans(),
)
def test_rows_are_those_of_blocks(lines, piece, ended):
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuts, "_PIECE", piece)
        found = list(cuts.line_ends(io.BytesIO(text)))
    ends = [int(end) for some, _ in found for end in some]
    rows = [bool(row) for _, some in found for row in some]
    wanted = [each for some in lines_of(io.BytesIO(text), LONGEST_LINE) for each in some]
    assert [text[a:b].removesuffix(b"\n") for a, b in pairwise([0, *ends])] == wanted
    assert rows == [bool(line) and not line.isspace() for line in wanted]


def test_a_line_that_is_longer_than_a_piece_is_one_row():
    text = b" " * (LONGEST_LINE + 5) + b"a\n" + b"b" * (2 * LONGEST_LINE) + b"\nc"
    found = [row for _, rows in cuts.line_ends(io.BytesIO(text)) for row in rows.tolist()]
    lines = [line for some in lines_of(io.BytesIO(text), LONGEST_LINE) for line in some]
    assert found == [not line.isspace() for line in lines] == [False, True, True]
