"""The benchmarks measure what they say, and run; nothing here is about speed."""

import json
import sys

import dask.array as da
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from tests.benchmarks import worker
from tests.benchmarks.__main__ import main
from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.measure import PeakMemory, ReadCounter, measure
from tests.benchmarks.plan import Group, Job, make_plan
from tests.benchmarks.report import simple_table, write_tables
from tests.benchmarks.run import _in_a_process
from tests.benchmarks.scores import map_cosines, relative_residual

DATA = np.arange(7 * 6 * 5 * 4).reshape(7, 6, 5, 4).astype(np.uint16)


@pytest.fixture
def counter():
    """Of a scan in six ragged chunks."""
    return ReadCounter(da.from_array(DATA, chunks=(3, 4, 5, 4)))


class TestReadCounter:
    def test_nothing_read(self, counter):
        assert (counter.mean, counter.most) == (0, 0)

    def test_data(self, counter):
        assert counter.data.dtype == np.uint16
        assert counter.data.chunks == ((3, 3, 1), (4, 2), (5,), (4,))
        np.testing.assert_array_equal(counter.data.compute(), DATA)

    @pytest.mark.parametrize("scheduler", ["threads", "synchronous"])
    def test_each_pass_counts(self, counter, scheduler):
        for i in range(3):
            counter.data.sum().compute(scheduler=scheduler)
            assert (counter.mean, counter.most) == (i + 1, i + 1)
        assert set(counter.loads.values()) == {3}
        counter.reset()
        assert counter.mean == 0

    def test_part_of_a_block_is_a_load_of_it(self, counter):
        for rows in (slice(0, 1), slice(1, 3)):
            counter.data[rows, :4].sum().compute()
        assert counter.loads == {(0, 0, 0, 0): 2}
        assert counter.mean == pytest.approx(2 / 6)

    def test_block_used_twice_at_once_is_loaded_once(self, counter):
        da.compute(counter.data.sum(), counter.data.max())
        assert counter.mean == 1


class TestMeasure:
    def test_peak_memory(self):
        held = np.ones(10_000_000)
        with PeakMemory() as memory:
            np.ones(20_000_000)
            np.ones(5_000_000)
        del held
        assert (memory.extra_bytes is None) == (sys.platform != "linux")
        if memory.extra_bytes is not None:
            assert memory.extra_bytes == pytest.approx(160e6, rel=0.1)

    def test_memory_freed_before_does_not_count(self):
        np.ones(20_000_000)
        with PeakMemory() as memory:
            np.ones(2_000_000)
        assert (memory.extra_bytes is None) == (sys.platform != "linux")
        if memory.extra_bytes is not None:
            assert memory.extra_bytes == pytest.approx(16e6, rel=0.3)

    def test_repeats(self, counter):
        calls = []

        def prepare():
            calls.append("prepare")
            return lambda: counter.data.sum().compute()

        measured, result = measure(
            prepare, repeats=3, before=lambda: calls.append("before"), counter=counter
        )
        assert calls == ["before", "prepare"] * 3
        assert result == DATA.sum()
        assert len(measured.seconds) == len(measured.cpu_seconds) == 3
        assert (measured.reads, measured.reads_of_a_block) == (1, 1)


class TestScores:
    def test_cosines_are_matched(self):
        true = np.random.default_rng(0).random((50, 3))
        found = true[:, [2, 0, 1]] * [3, 1, 2]
        np.testing.assert_allclose(map_cosines(found, true), 1)

    def test_one_map_is_not_given_twice(self):
        true = np.eye(4)[:, :2]
        cosines = map_cosines(true[:, [0, 0]], true)
        np.testing.assert_allclose(cosines, [1, 0])

    def test_too_few_maps(self):
        true = np.eye(4)[:, :3]
        np.testing.assert_allclose(map_cosines(true[:, [1]], true), [0, 1, 0])

    def test_empty_map(self):
        true = np.eye(4)[:, :2]
        np.testing.assert_allclose(map_cosines(true * [1, 0], true), [1, 0])

    @pytest.mark.parametrize("chunks", [None, (3, 4, 5, 4)])
    def test_residual(self, chunks):
        rng = np.random.default_rng(0)
        maps, patterns = rng.random((42, 2)), rng.random((2, 20))
        row_scale, column_scale = rng.random(42) + 1, rng.random(20) + 1
        scaled = DATA.reshape(42, 20) * np.outer(row_scale, column_scale)
        left = scaled - maps @ patterns * np.outer(row_scale, column_scale)
        data = DATA if chunks is None else da.from_array(DATA, chunks=chunks)
        found = relative_residual(data, row_scale, column_scale, maps, patterns)
        expected = np.linalg.norm(left) / np.linalg.norm(scaled)
        assert found == pytest.approx(expected, rel=1e-5)
        assert relative_residual(
            data, row_scale, column_scale, 0 * maps, patterns
        ) == pytest.approx(1)


def test_plans():
    for options in ({}, {"quick": True}, {"large": True}, {"peers": False}):
        plan = make_plan(**options)
        assert {"eager", "lazy", "size"} <= {group.name for group in plan}
        for group in plan:
            assert {job.contender for job in group.jobs} <= set(CONTENDERS)
            # It is what the others are compared to.
            assert group.jobs[0].is_ours
    assert any(group.navigation_shape == (256, 256) for group in make_plan(large=True))


def test_simple_table():
    table = simple_table(["a", "long name"], [["x", 1], ["longer", ""]])
    assert table.splitlines()[0] == "======  ========="
    assert "longer  --" in table


def test_one_pass_reads_all(monkeypatch):
    """In blocks of rows, the last of them smaller."""
    monkeypatch.setattr("tests.benchmarks.contenders._BLOCK_VALUES", 5 * 120)
    counts = np.random.default_rng(0).poisson(3, (7, 6, 12, 10)).astype(np.uint16)
    seen = []

    class Seen(np.ndarray):
        def astype(self, dtype):
            seen.append(len(self))
            return np.asarray(self, dtype)

    signal = Diffraction2D(counts)
    signal.data = counts.view(Seen)
    CONTENDERS["pass"].function(signal, 2, [np.ones(42), np.ones(120)])()
    assert seen == [5] * 8 + [2]
    compression = CONTENDERS["compress"].function(Diffraction2D(counts), 2, None)()
    assert compression.patterns.shape == (42, 120)


@pytest.fixture
def small_plan(monkeypatch):
    shapes = (14, 12), (16, 18)
    failing = Job("sklearn-nmf", -1)
    plan = [
        Group("eager", "battery", *shapes, [Job("rnmf"), Job("sklearn-nmf"), failing]),
        Group("size", "battery", *shapes, [Job("sum"), Job("rnmf-lazy")]),
    ]
    monkeypatch.setattr("tests.benchmarks.__main__.make_plan", lambda **_: plan)


@pytest.fixture
def few_processes(monkeypatch):
    """Most jobs are done here, since each process takes seconds to begin."""

    def in_few_processes(scratch, **job):
        if job["do"] == "store" or job["n_components"] == -1:
            return _in_a_process(scratch, **job)
        done.append(job["contender"])
        return json.loads(json.dumps(worker.do(json.loads(json.dumps(job)))))

    done = []
    monkeypatch.setattr("tests.benchmarks.run._in_a_process", in_few_processes)
    return done


@pytest.mark.usefixtures("small_plan")
@pytest.mark.filterwarnings("ignore")
def test_run(tmp_path, capsys, monkeypatch, few_processes):
    assert main(["--output", str(tmp_path)]) == 1
    assert few_processes == ["rnmf", "sklearn-nmf", "sum", "rnmf-lazy"]
    tables = (tmp_path / "results.txt").read_text()
    assert tables in capsys.readouterr().out
    record = json.loads((tmp_path / "results.json").read_text())
    (*eager, failed), (total, lazy) = (g["outcomes"] for g in record["groups"])
    assert "n_components" in failed["error"]
    assert f"failed: {failed['error']}" in tables
    for outcome in (*eager, lazy):
        assert len(outcome["cosines"]) == outcome["n_found"] == 5
        assert 0 < outcome["residual"] < 1
        assert min(outcome["seconds"]) > 0
    assert eager[0]["reads"] is None
    assert total["reads"] == total["reads_of_a_block"] == 1
    assert lazy["reads"] >= 1
    for label in ("decomposition_rnmf", "scikit-learn NMF", "s.sum()"):
        assert label in tables
    # Without the one that fails.
    del record["groups"][0]["outcomes"][-1]
    monkeypatch.setattr("tests.benchmarks.__main__.run", lambda *_, **__: record)
    assert main(["--output", str(tmp_path)]) == 0


def test_tables_go_into_the_documentation():
    core = pytest.importorskip("docutils.core")
    outcome = {
        "n_components": 5,
        "seconds": [2.0, 1.0, 3.0],
        "cpu_seconds": [4.0],
        "extra_bytes": 5e6,
        "reads": 3.0,
        "cosines": {"a": 0.9, "b": 0.99},
        "residual": 0.5,
    }
    slow = outcome | {"seconds": [100.0], "extra_bytes": None, "residual": 0.4}
    kinds = {
        "eager": [("rnmf", outcome), ("sklearn-nmf", slow)],
        "lazy": [("rnmf-lazy", outcome), ("hyperspy-ornmf", {"error": "it broke"})],
        "size": [("sum", outcome), ("rnmf-lazy", outcome)],
        "pass": [("pass", outcome), ("compress", slow)],
    }
    groups = [
        {
            "name": name,
            "size": "4 x 3",
            "scan_bytes": 1e6,
            "outcomes": [
                {"label": contender, "contender": contender, **result}
                for contender, result in outcomes
            ],
        }
        for name, outcomes in kinds.items()
    ]
    machine = {"cores": 2, "processor": "x", "memory": "y", "versions": {"numpy": "2"}}
    tables = write_tables({"date": "2026-01-02", "machine": machine, "groups": groups})
    rows = [line.split("  ") for line in tables.splitlines()]
    rows = {row[0]: [cell.strip() for cell in row[1:] if cell] for row in rows}
    assert rows["sklearn-nmf"][0] == "100.00 s"
    assert rows["sklearn-nmf"][-4:] == ["50", "1", "--", "0.80000"]
    assert rows["worst map, 5 components"] == [">= 0.95", "0.900", "no"]
    assert rows["scikit-learn NMF's time / ours"] == [">= 60", "50.0", "no"]
    assert rows["our residual / scikit-learn NMF's"] == ["<= 1.001", "1.25000", "no"]
    assert rows["compress"] == ["100.00 s", "4.00 s", "50", "--"]
    passes = "compression / one cast and product, weak structure"
    assert rows[passes] == ["<= 8", "50.0", "no"]
    # Warnings and worse; that a title looks like a table's rule is only noted.
    settings = {"halt_level": 2, "report_level": 2}
    assert (
        "it broke" in core.publish_doctree(tables, settings_overrides=settings).astext()
    )
