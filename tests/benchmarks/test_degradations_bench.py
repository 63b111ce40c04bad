"""The benchmark of degradations: what each does to counts, and the tables."""

import json
import time
import warnings

import numpy as np
import pytest

from tests.benchmarks import degradations
from tests.benchmarks.degradations import DEGRADATIONS, degrade

SHAPE = 9, 11, 24, 26
UNTOUCHED = {"clean", "uint32", "float32"}
INTEGERS = set(DEGRADATIONS) - {
    "float32",
    "gain",
    "offset-subtracted",
    "background-subtracted",
    "averaged",
    "interpolated",
    "rounding",
}


@pytest.fixture(scope="module")
def counts():
    """A beam on a falling background, brighter at some positions than at others."""
    y, x = (np.arange(side) - side / 2 for side in SHAPE[2:])
    square = y[:, np.newaxis] ** 2 + x**2
    pattern = 40 * np.exp(-square / 8) + np.exp(-square / 200)
    thickness = np.linspace(0.8, 1.2, SHAPE[1])[:, np.newaxis, np.newaxis]
    means = np.broadcast_to(thickness * pattern, SHAPE)
    return np.random.default_rng(0).poisson(means).astype(np.uint16)


@pytest.mark.parametrize("name", DEGRADATIONS)
class TestEach:
    def test_shape_and_type(self, counts, name):
        spoilt = degrade(name, counts)
        columns = 2 if name in ("repeated", "interpolated") else 1
        assert spoilt.shape == (9, 11 * columns, 24, 26)
        assert spoilt.dtype.kind == ("u" if name in INTEGERS else "f")
        assert np.isfinite(spoilt).all()

    def test_input_is_kept(self, counts, name):
        before = counts.copy()
        spoilt = degrade(name, counts)
        assert not np.shares_memory(spoilt, counts)
        np.testing.assert_array_equal(counts, before)
        same = spoilt.shape == counts.shape and (spoilt == counts).all()
        assert same == (name in UNTOUCHED)

    def test_reproducible(self, counts, name):
        state = np.random.get_state()[1].copy()  # noqa: NPY002
        first, second = (degrade(name, counts, 3) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert (state == np.random.get_state()[1]).all()  # noqa: NPY002


def changed(name, counts):
    """Where counts differ: positions (ny, nx) and pixels (nky, nkx)."""
    differ = degrade(name, counts) != counts
    return differ.any(axis=(2, 3)), differ.any(axis=(0, 1)), differ.sum()


class TestCamera:
    def test_units(self, counts):
        one = counts.astype(int)
        np.testing.assert_array_equal(degrade("times-30", counts), 30 * one)
        np.testing.assert_array_equal(degrade("plus-100", counts), one + 100)
        np.testing.assert_allclose(degrade("gain", counts), one * 0.0123)

    def test_larger_integers_where_needed(self, counts):
        assert degrade("times-30", counts).dtype == np.uint16
        bright = counts.copy()
        bright[0, 0, 0, 0] = 3000
        spoilt = degrade("times-30", bright)
        assert spoilt.dtype == np.uint32
        assert spoilt[0, 0, 0, 0] == 90_000

    @pytest.mark.parametrize(
        ("name", "units", "level", "noise"),
        [("offset-readout", 20, 200, 10), ("offset-subtracted", 20, 0, 10)],
    )
    def test_readout(self, counts, name, units, level, noise):
        spoilt = degrade(name, counts).astype(float)
        left = spoilt - level - units * counts.astype(float)
        assert left.mean() == pytest.approx(0, abs=0.2)
        assert left.std() == pytest.approx(noise, rel=0.02)

    def test_clipped_at_0(self, counts):
        dark = degrade("readout", counts)[counts == 0]
        assert (dark == 0).mean() == pytest.approx(0.55, abs=0.03)
        assert degrade("readout", counts).dtype == np.uint16

    def test_negative_values(self, counts):
        for name in ("offset-subtracted", "background-subtracted"):
            spoilt = degrade(name, counts)
            assert spoilt.dtype == np.float32
            assert (spoilt < 0).mean() > 0.1
        assert abs(spoilt[:, :, :4].mean()) < 0.1 * counts[:, :, :4].mean()

    def test_saturated_frame(self, counts):
        where, _, n = changed("saturated-frame", counts)
        assert (where.sum(), n) == (1, 24 * 26)
        assert (degrade("saturated-frame", counts)[where] == 65535).all()


class TestPixels:
    def test_few_values(self, counts):
        assert changed("huge-value", counts)[2] == 1
        assert degrade("huge-value", counts).max() == 20_000
        assert changed("zingers", counts)[2] == 60
        spoilt = degrade("zingers", counts)
        assert spoilt[spoilt != counts].min() >= 2000

    @pytest.mark.parametrize(
        ("name", "most"),
        [
            ("flickering-pixel", 1),
            ("hot-pixels", 1),
            ("dead-markers", 27),
            ("metadata-rows", 52),
            ("dead-rows", 78),
        ],
    )
    def test_the_same_pixels_everywhere(self, counts, name, most):
        where, pixels, _ = changed(name, counts)
        assert where.all()
        assert most - 1 <= pixels.sum() <= most

    def test_markers(self, counts):
        marked = degrade("dead-markers", counts) == 2**32 - 1
        assert (marked == marked[0, 0]).all()
        assert marked[0, 0].all(axis=1).sum() == 1

    def test_metadata(self, counts):
        rows = degrade("metadata-rows", counts)[:, :, :2].reshape(99, 2, 26)
        assert rows.max() <= 255
        still = (rows == rows[0]).all(axis=0)
        np.testing.assert_array_equal(rows[:, 0, 0], np.arange(99))
        assert still[:, np.arange(26) % 4 > 0].all()

    def test_hot_pixel_is_poisson(self, counts):
        _, pixels, _ = changed("hot-pixels", counts)
        hot = degrade("hot-pixels", counts)[:, :, pixels].astype(float)
        assert hot.mean() > 15 * counts.mean(axis=(0, 1)).max()
        assert hot.var() == pytest.approx(hot.mean(), rel=0.5)

    @pytest.mark.parametrize("name", ["beam-stop", "missing-cross"])
    def test_centre_without_counts(self, counts, name):
        dark = ~degrade(name, counts).any(axis=(0, 1))
        assert dark[12, 13]
        assert dark[0, 13]
        assert dark[-1, 13] == (name == "missing-cross")
        assert 0.02 < dark.mean() < 0.2


class TestPositions:
    def test_twice_as_many(self, counts):
        for name in ("repeated", "interpolated"):
            np.testing.assert_array_equal(degrade(name, counts)[:, ::2], counts)
        between = degrade("interpolated", counts)[:, 1:-1:2]
        pairs = counts[:, :-1].astype(float) + counts[:, 1:]
        np.testing.assert_allclose(between, pairs / 2)

    def test_averaged(self, counts):
        spoilt = degrade("averaged", counts)
        assert spoilt.dtype == np.float32
        assert spoilt.sum() == pytest.approx(counts.sum(), rel=0.02)
        # 1 / (4 pi sigma^2) of the variance is left, more at the edges.
        assert (
            spoilt[3:-3, 5].var(axis=0).mean() < 0.15 * counts[:, 5].var(axis=0).mean()
        )

    def test_rounding(self, counts):
        sparse = counts // 4
        least = degrade("rounding", sparse).min()
        assert -1e-12 < least < 0

    def test_descan(self, counts):
        spoilt = degrade("descan", counts).astype(float)
        rows, columns = np.arange(24), np.arange(26)
        y = (spoilt.sum(axis=3) @ rows) / spoilt.sum(axis=(2, 3))
        x = (spoilt.sum(axis=2) @ columns) / spoilt.sum(axis=(2, 3))
        assert y[-1].mean() - y[0].mean() == pytest.approx(2, abs=0.3)
        assert x[:, -1].mean() - x[:, 0].mean() == pytest.approx(2, abs=0.3)
        assert np.ptp(y.mean(axis=0)) < 0.6
        # What leaves the detector is lost; nothing enters at the other side.
        assert 0.97 * counts.sum() < spoilt.sum() < counts.sum()

    def test_descan_moves_single_counts(self):
        flat = np.random.default_rng(0).poisson(3.0, (12, 13, 20, 21)).astype(np.uint16)
        inside = degrade("descan", flat)[..., 2:-2, 2:-2].astype(float)
        assert inside.mean() == pytest.approx(3, rel=0.02)
        assert inside.var() == pytest.approx(3, rel=0.03)


class TestMeasured:
    def test_attempt(self):
        heard = set()

        def call(error=None):
            for _ in range(3):
                warnings.warn("odd", UserWarning, stacklevel=1)
            if error:
                raise error
            return 5

        assert degradations.attempt(call, 9, heard) == (5, None)
        assert heard == {"UserWarning: odd"}
        failed = degradations.attempt(lambda: call(ValueError("bad value")), 9, heard)
        assert failed == (None, "ValueError: bad value")

    def test_too_long(self):
        start = time.perf_counter()
        found = degradations.attempt(lambda: time.sleep(20), 0.05, set())
        assert found == (None, "over 0.05 s")
        assert time.perf_counter() - start < 5

    def test_a_scan_without_truth(self, counts, monkeypatch, capsys, tmp_path):
        def missing():
            raise FileNotFoundError("no file")

        def scene():
            return degradations.Scene(np.concatenate([counts, counts[:, :, ::-1]]))

        monkeypatch.setitem(degradations.SCENES, "naphi", missing)
        monkeypatch.setitem(degradations.SCENES, "lco", scene)
        file = tmp_path / "found.json"
        chosen = ["--scans", "naphi", "lco", "--degradations", "repeated"]
        degradations.main([*chosen, "--json", str(file)])
        assert "naphi: skipped, no file" in capsys.readouterr().out
        row = json.loads(file.read_text())["scans"]["lco"]["repeated"]
        assert -1 <= row["rand of domains"] <= 1
        assert row["domains"] >= 1


def test_table():
    core = pytest.importorskip("docutils.core")
    rows = {
        "clean": {"domains": 6, "rand of domains": 0.98765, "phases": 2}
        | {"components": 7, "warnings": ["w", "v"], "seconds": 2.04},
        "rounding": {"no domains": "ValueError: Patterns must be finite and so on"}
        | {"no components": "over 120 s", "warnings": [], "seconds": 0.1},
    }
    table = degradations.write_table(rows)
    found = [line.split() for line in table.splitlines()]
    assert found[3] == ["clean", "6", "0.988", "2", "--", "7", "2", "2.0"]
    assert "ValueError: Patterns must be ..." in table
    settings = {"halt_level": 2, "report_level": 2}
    assert (
        "over 120 s"
        in core.publish_doctree(table, settings_overrides=settings).astext()
    )
