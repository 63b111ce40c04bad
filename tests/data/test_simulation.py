import dask
import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import ElectronDiffraction2D, LazyElectronDiffraction2D

from hyperspy_4dphase.data import Camera, simulate_scan


def test_counts_are_those_expected(mixture, assert_counts):
    signal, truth = simulate_scan(*mixture, dose=4000, random_state=0)
    assert type(signal) is ElectronDiffraction2D
    assert signal.data.dtype == np.uint16
    assert signal.data.shape == (7, 5, 11, 13)
    assert_counts(signal.data, truth.expected())
    np.testing.assert_allclose(
        truth.expected(2, 3), 4000 * truth.abundance[2, 3, 0] * truth.patterns[0]
    )


def test_calibration():
    camera = Camera(signal_shape=(6, 9), beam_energy=80.0)
    signal, _ = simulate_scan(
        np.ones((1, 6, 9)),
        np.ones((2, 3, 1)),
        10,
        random_state=0,
        camera=camera,
        scan_step=2.5,
        title="A title",
    )
    x, y = signal.axes_manager.navigation_axes
    kx, ky = signal.axes_manager.signal_axes
    assert [a.name for a in (x, y, kx, ky)] == ["x", "y", "kx", "ky"]
    assert [a.size for a in (x, y, kx, ky)] == [3, 2, 9, 6]
    assert (x.scale, y.scale, x.units, y.units) == (2.5, 2.5, "nm", "nm")
    assert kx.units == ky.units == "$A^{-1}$"
    assert kx.axis[camera.center[1]] == pytest.approx(0, abs=1e-12)
    assert ky.axis[camera.center[0]] == pytest.approx(0, abs=1e-12)
    assert kx.scale == camera.scale
    assert signal.metadata.General.title == "A title"
    assert signal.beam_energy == 80.0


def test_parameters_are_in_the_metadata(mixture):
    signal, _ = simulate_scan(*mixture, 30, random_state=4, parameters={"extra": 1})
    simulation = signal.metadata.Simulation
    assert (simulation.dose, simulation.random_state, simulation.extra) == (30, 4, 1)


def test_seed_repeats_a_scan_and_leaves_the_global_generator(mixture):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, _ = simulate_scan(*mixture, 100, random_state=2)
    again, _ = simulate_scan(*mixture, 100, random_state=2)
    other, _ = simulate_scan(*mixture, 100, random_state=3)
    np.testing.assert_array_equal(first.data, again.data)
    assert np.any(first.data != other.data)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_seed_drawn_is_recorded_and_repeats_the_scan(mixture):
    for random_state in (None, np.random.default_rng(0)):
        first, _ = simulate_scan(*mixture, 100, random_state=random_state)
        seed = int(first.metadata.Simulation.random_state)
        again, _ = simulate_scan(*mixture, 100, random_state=seed)
        np.testing.assert_array_equal(first.data, again.data)


OPTIONS = {"beam_drift": 1.5, "hot_pixels": 2, "dead_pixels": 3}


@pytest.mark.parametrize("chunks", ["auto", 1, (3, 2), ((1, 4, 2), (3, 2)), -1])
@pytest.mark.parametrize("dose", [300, 3000], ids=["electrons", "pixels"])
def test_lazy_equals_eager_in_any_chunks(mixture, chunks, dose):
    eager, eager_truth = simulate_scan(*mixture, dose, random_state=1, **OPTIONS)
    lazy, lazy_truth = simulate_scan(
        *mixture, dose, random_state=1, lazy=True, chunks=chunks, **OPTIONS
    )
    assert type(lazy) is LazyElectronDiffraction2D
    assert lazy.data.chunks[2:] == ((11,), (13,))
    assert lazy.data.dtype == eager.data.dtype
    np.testing.assert_array_equal(lazy.data.compute(scheduler="sync"), eager.data)
    np.testing.assert_array_equal(lazy_truth.hot_pixels, eager_truth.hot_pixels)
    np.testing.assert_array_equal(lazy.data[2:4, 1:].compute(), eager.data[2:4, 1:])


def test_name_of_a_lazy_scan_identifies_its_counts(mixture):
    def name(**options):
        options = {"random_state": 1, "dose": 50} | options
        return simulate_scan(*mixture, lazy=True, **options)[0].data.name

    assert name() == name()
    changes = [{"random_state": 2}, {"dose": 51}, {"beam_drift": 1}, {"dead_pixels": 1}]
    names = [name(), *(name(**change) for change in changes)]
    assert len(set(names)) == len(names)


def test_graph_holds_the_patterns_once(mixture):
    signal, _ = simulate_scan(*mixture, 50, random_state=1, lazy=True, chunks=1)
    graph = dict(signal.data.__dask_graph__())
    samplers = [key for key in graph if str(key).startswith("pattern-sampler")]
    assert len(samplers) == 1
    assert signal.data.npartitions == 35


def test_blocks_are_drawn_only_when_needed():
    patterns = np.random.default_rng(0).random((2, 128, 128))
    abundance = np.ones((300, 280, 2))
    signal, _ = simulate_scan(patterns, abundance, 20, random_state=0, lazy=True)
    assert max(map(max, signal.data.chunks[:2])) < 100
    block = signal.data[150:152, 7:10].compute()
    assert int(block.sum()) == pytest.approx(6 * 20, abs=60)


@pytest.mark.parametrize("extension", ["zspy", "hspy"])
def test_lazy_scan_saves_and_reloads(mixture, tmp_path, extension):
    eager, _ = simulate_scan(*mixture, 80, random_state=1)
    lazy, _ = simulate_scan(*mixture, 80, random_state=1, lazy=True, chunks=(3, 2))
    lazy.save(tmp_path / f"scan.{extension}")
    loaded = hs.load(tmp_path / f"scan.{extension}")
    assert type(loaded) is ElectronDiffraction2D
    np.testing.assert_array_equal(loaded.data, eager.data)
    assert loaded.axes_manager.signal_axes[0].units == "$A^{-1}$"
    assert loaded.metadata.Simulation.random_state == 1


def test_high_dose_widens_the_counts(mixture):
    patterns = np.zeros((1, 3, 4))
    patterns[0, 1, 1] = 1
    for dose, dtype in [(60_000, np.uint16), (70_000, np.uint32)]:
        signal, _ = simulate_scan(patterns, np.ones((2, 3, 1)), dose, random_state=0)
        assert signal.data.dtype == dtype
        assert signal.data[..., 1, 1].mean() == pytest.approx(dose, rel=0.01)
    with pytest.raises(ValueError, match="dose must be lower"):
        simulate_scan(patterns, np.ones((2, 3, 1)), 1e10)


def test_drift_moves_the_beam_as_far_as_it_says():
    pattern = np.zeros((1, 20, 26))
    pattern[0, 10, 13] = 1
    signal, truth = simulate_scan(
        pattern, np.ones((5, 6, 1)), 3000, random_state=5, beam_drift=3.0
    )
    assert truth.beam_shift.shape == (5, 6, 2)
    assert np.linalg.norm(truth.beam_shift, axis=-1).max() == pytest.approx(3)
    total = signal.data.sum(axis=(2, 3))
    rows = (signal.data.sum(axis=3) * np.arange(20)).sum(axis=2) / total
    columns = (signal.data.sum(axis=2) * np.arange(26)).sum(axis=2) / total
    np.testing.assert_allclose(rows - 10, truth.beam_shift[..., 0], atol=0.06)
    np.testing.assert_allclose(columns - 13, truth.beam_shift[..., 1], atol=0.06)


def test_hot_and_dead_pixels_are_where_the_truth_says(mixture):
    patterns, abundance = np.ones((1, 30, 34)), np.ones((6, 7, 1))
    signal, truth = simulate_scan(
        patterns, abundance, 2000, random_state=0, hot_pixels=3, dead_pixels=4
    )
    assert truth.hot_pixels.shape == (3, 2)
    assert truth.dead_pixels.shape == (4, 2)
    mean = signal.data.mean(axis=(0, 1))
    assert np.argwhere(mean == 0).tolist() == sorted(truth.dead_pixels.tolist())
    assert np.argwhere(mean > 6).tolist() == sorted(truth.hot_pixels.tolist())
    beam = Camera(signal_shape=(30, 34)).radius() < 0.04
    assert not any(beam[tuple(p)] for p in truth.dead_pixels)


def test_variants_are_mixed_as_told(mixture, assert_counts):
    patterns = np.random.default_rng(0).random((2, 3, 9, 8)) ** 4
    variant = np.full((4, 5), 0.4)
    abundance = np.ones((4, 5, 2)) * [0.2, 0.8]
    signal, truth = simulate_scan(
        patterns, abundance, 5000, random_state=0, variant=variant
    )
    patterns /= patterns.sum(axis=(2, 3), keepdims=True)
    np.testing.assert_allclose(truth.patterns, patterns[:, 1])
    mixed = 0.6 * patterns[:, 0] + 0.4 * patterns[:, 1]
    expected = 20 * 5000 * (0.2 * mixed[0] + 0.8 * mixed[1])
    assert_counts(signal.data.sum(axis=(0, 1)), expected)


def test_inputs_are_unchanged(mixture):
    patterns, abundance = (array.copy() for array in mixture)
    simulate_scan(patterns, abundance, 10, random_state=0, beam_drift=1)
    np.testing.assert_array_equal(patterns, mixture[0])
    np.testing.assert_array_equal(abundance, mixture[1])


def test_position_without_weight_counts_nothing():
    abundance = np.ones((2, 3, 1))
    abundance[1, 1] = 0
    signal, _ = simulate_scan(np.ones((1, 4, 5)), abundance, 50, random_state=0)
    assert signal.data[1, 1].sum() == 0
    assert int(signal.data.sum()) == pytest.approx(300, abs=90)


def bad(match, error=ValueError, **changes):
    return pytest.param(match, error, changes, id=match)


@pytest.mark.parametrize(
    ("match", "error", "changes"),
    [
        bad("patterns must have the shape", patterns=np.ones((3, 4))),
        bad("patterns must not be empty", patterns=np.zeros((3, 4, 5))),
        bad(
            r"patterns must be finite and non-negative, got 60 .*\(0, 0, 0, 0\): -1.0",
            patterns=-np.ones((3, 4, 5)),
        ),
        bad(r"abundance must have the shape \(ny, nx, 3\)", abundance=np.ones((2, 3))),
        bad("abundance must not be zero", abundance=np.zeros((2, 3, 3))),
        bad("abundance must be finite", abundance=np.full((2, 3, 3), np.nan)),
        bad("dose must be", dose=0),
        bad("dose must be a number, not 'many'", TypeError, dose="many"),
        bad("random_state must be", TypeError, random_state=1.5),
        bad("names must be 3", names=["a"]),
        bad("phases must be 3", phases=["a"]),
        bad("camera must be of the patterns' shape", camera=Camera()),
        bad("scan_step must be", scan_step=0),
        bad("beam_drift must be", beam_drift=-1),
        bad("hot_pixels must be an integer", TypeError, hot_pixels=1.5),
        bad("dead_pixels must be at least 0", dead_pixels=-1),
        bad("hot_pixels and dead_pixels must be", hot_pixels=500),
        bad("variant must be numbers from 0 to 0", variant=np.ones((7, 5))),
        bad("variant must be numbers from 0 to 0 of shape", variant=np.zeros((5, 7))),
        bad("chunks must be", lazy=True, chunks=(1, 2, 3)),
    ],
)
def test_bad_arguments_are_named(mixture, match, error, changes):
    arguments = {"patterns": mixture[0], "abundance": mixture[1], "dose": 10}
    with pytest.raises(error, match=match):
        simulate_scan(**(arguments | changes))


def test_same_on_threads_in_turn_and_rechunked(mixture):
    lazy, _ = simulate_scan(*mixture, 60, random_state=1, lazy=True, chunks=(4, 3))
    with dask.config.set(scheduler="threads"):
        threads = lazy.data.compute()
    rechunked = da.rechunk(lazy.data, (2, 5, 4, 13)).compute(scheduler="sync")
    np.testing.assert_array_equal(threads, rechunked)
