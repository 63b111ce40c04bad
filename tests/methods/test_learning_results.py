"""What HyperSpy does with the results: each of its methods once, as a user calls it."""

import json
from functools import cache

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from pyxem.signals import Diffraction1D, Diffraction2D

from .conftest import (
    N_COMPONENTS,
    NAVIGATION,
    SIGNAL,
    calibrated,
    counts,
    lazy,
    planted,
    unchanged,
)

SETTINGS = {"random_state": 0, "show_progressbar": False, "print_info": False}
FORMS = {"eager": lambda signal: signal, "lazy": lazy}


def make_masks():
    navigation_mask, signal_mask = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    navigation_mask[2:4, 7] = signal_mask[4, 5:9] = True
    return navigation_mask, signal_mask


@cache
def decomposed_once(form, is_masked):
    signal = FORMS[form](calibrated(counts(*planted())))
    used = make_masks() if is_masked else (None, None)
    signal.decomposition_rnmf(N_COMPONENTS, None, *used, **SETTINGS)
    return signal


@pytest.fixture(params=FORMS)
def decomposed(request):
    return decomposed_once(request.param, False).deepcopy()


@pytest.fixture
def masks():
    return make_masks()


@pytest.fixture
def masked():
    return decomposed_once("eager", True).deepcopy()


@pytest.fixture(params=[*FORMS, "masked"])
def plain_or_masked(request):
    if request.param == "masked":
        return decomposed_once("lazy", True).deepcopy()
    return decomposed_once(request.param, False).deepcopy()


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_types(decomposed):
    results = decomposed.learning_results
    for name, shape in (("loadings", (120, 3)), ("factors", (99, 3))):
        array = getattr(results, name)
        assert type(array) is np.ndarray
        assert array.dtype.kind == "f"
        assert array.shape == shape
        assert array.flags.writeable
    for name in ("explained_variance", "explained_variance_ratio"):
        array = getattr(results, name)
        assert array.shape == (3,)
        assert (np.diff(array) <= 0).all()
    for name in ("output_dimension", "number_significant_components"):
        assert type(getattr(results, name)) is int
    assert type(results.decomposition_algorithm) is str
    assert type(results.poissonian_noise_normalized) is bool
    assert results.mean is None
    assert results.centre is None
    assert "randomized NMF" in str(results)


@pytest.mark.filterwarnings("ignore:Function `plot_")
@pytest.mark.parametrize(
    "method",
    [
        "plot_decomposition_results",
        "plot_decomposition_loadings",
        "plot_decomposition_factors",
        "plot_explained_variance_ratio",
        "plot_cumulative_explained_variance_ratio",
    ],
)
def test_plots(plain_or_masked, method):
    getattr(plain_or_masked, method)()
    assert plt.get_fignums()


def test_factors_are_calibrated(decomposed):
    factors = decomposed.get_decomposition_factors()
    assert factors.data.shape == (N_COMPONENTS, *SIGNAL)
    for found, given in zip(
        factors.axes_manager.signal_axes,
        decomposed.axes_manager.signal_axes,
        strict=True,
    ):
        assert found.get_axis_dictionary() == given.get_axis_dictionary()
    np.testing.assert_array_equal(
        factors.data.reshape(N_COMPONENTS, -1).T, decomposed.learning_results.factors
    )


def test_loadings_are_where_they_belong(decomposed):
    loadings = decomposed.get_decomposition_loadings()
    assert loadings.data.shape == (N_COMPONENTS, *NAVIGATION)
    for found, given in zip(
        loadings.axes_manager.signal_axes,
        decomposed.axes_manager.navigation_axes,
        strict=True,
    ):
        assert (found.scale, found.offset) == (given.scale, given.offset)
        assert (found.name, found.units) == (given.name, given.units)
    x, y = 7, 2
    row = decomposed.learning_results.loadings[y * NAVIGATION[1] + x]
    np.testing.assert_array_equal(loadings.isig[x, y].data, row)
    # Loadings are counts: together those of the pattern at the same position.
    total = loadings.sum("nav").data
    given = np.asarray(decomposed.sum("sig").data)
    np.testing.assert_allclose(total, given, rtol=0.15)


@pytest.mark.parametrize("lazy_output", [False, True])
def test_model(decomposed, truth, lazy_output):
    model = decomposed.get_decomposition_model(lazy_output=lazy_output)
    assert str(model.axes_manager) == str(decomposed.axes_manager)
    expected = np.tensordot(*truth, 1)
    left = np.asarray(model.data) - expected
    noise = np.asarray(decomposed.data) - expected
    assert np.linalg.norm(left) < 0.5 * np.linalg.norm(noise)


def test_model_where_masked(masked, masks):
    model = masked.get_decomposition_model().data
    np.testing.assert_array_equal(np.isnan(model).all(axis=(2, 3)), masks[0])
    np.testing.assert_array_equal(np.isnan(model).all(axis=(0, 1)), masks[1])


@pytest.mark.parametrize("on_loadings", [False, True])
def test_blind_source_separation(decomposed, on_loadings):
    # The default contrast function does not converge on these maps, and no more on
    # those of HyperSpy's own NMF.
    decomposed.blind_source_separation(
        on_loadings=on_loadings, diff_order=0, fun="cube", print_info=False
    )
    assert decomposed.get_bss_loadings().data.shape == (N_COMPONENTS, *NAVIGATION)
    assert np.isfinite(decomposed.get_bss_factors().data).all()


def test_blind_source_separation_where_masked(masked, masks):
    masked.blind_source_separation(
        diff_order=0, mask=hs.signals.Signal2D(masks[1]), print_info=False
    )
    factors = masked.get_bss_factors().data
    np.testing.assert_array_equal(np.isnan(factors).all(axis=0), masks[1])


def test_cluster_analysis(decomposed):
    decomposed.cluster_analysis("decomposition", n_clusters=3, random_state=0)
    labels = decomposed.get_cluster_labels(merged=True)
    assert labels.data.shape == NAVIGATION
    assert set(np.unique(labels.data)) == {0, 1, 2}


def test_cluster_analysis_where_masked(masked, masks):
    masked.cluster_analysis(
        "decomposition", n_clusters=3, navigation_mask=masks[0], random_state=0
    )
    labels = masked.get_cluster_labels(merged=True).data
    np.testing.assert_array_equal(np.isnan(labels) | (labels == -1), masks[0])


def test_filled_loadings_need_no_mask(masked):
    results = masked.learning_results
    results.loadings = np.nan_to_num(results.loadings)
    masked.cluster_analysis("decomposition", n_clusters=3, random_state=0)
    masked.blind_source_separation(on_loadings=True, diff_order=0, print_info=False)


needs_numpy_2 = pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.0.0",
    reason="HyperSpy 2.4 and 2.5 export decompositions with NumPy 2 only (np.bool)",
)


@needs_numpy_2
@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_export(tmp_path, square, form):
    """In HyperSpy 2.5 `multiple_files=False` works, and swaps sizes: square or not."""
    navigation, signal_shape = ((8, 8), (7, 7)) if square else (NAVIGATION, SIGNAL)
    scan = calibrated(counts(*planted(navigation, signal_shape)))
    scan = lazy(scan, (3, 4, 7, 7)) if form == "lazy" else scan
    scan.decomposition_rnmf(N_COMPONENTS, **SETTINGS)
    scan.export_decomposition_results(folder=str(tmp_path), multiple_files=False)
    for name, expected in (
        ("factors", scan.get_decomposition_factors().data),
        ("loadings", scan.get_decomposition_loadings().data),
    ):
        exported = hs.load(tmp_path / f"{name}.hspy").data
        if not square:
            assert exported.shape == (N_COMPONENTS, *expected.shape[:0:-1])
            exported = exported.reshape(expected.shape)
        np.testing.assert_array_equal(exported, expected)


def test_save_factors_and_loadings(decomposed, tmp_path):
    for name, shape in (("factors", SIGNAL), ("loadings", NAVIGATION)):
        signal = getattr(decomposed, f"get_decomposition_{name}")()
        signal.save(tmp_path / f"{name}.hspy")
        loaded = hs.load(tmp_path / f"{name}.hspy")
        assert loaded.data.shape == (N_COMPONENTS, *shape)
        assert str(loaded.axes_manager) == str(signal.axes_manager)


def outcome_of_export(signal, folder):
    try:
        signal.export_decomposition_results(folder=str(folder))
    except TypeError as error:
        return str(error)
    return sorted(path.name for path in folder.iterdir())


@needs_numpy_2
@pytest.mark.parametrize(
    ("signal_shape", "cls"), [(SIGNAL, Diffraction2D), ((40,), Diffraction1D)]
)
def test_export_does_what_it_does_after_nmf(tmp_path, signal_shape, cls):
    """One file a factor fails in HyperSpy 2.5 for 2-D patterns, whoever made them."""
    scan = cls(counts(*planted(signal=signal_shape)).astype(float))
    outcomes = []
    for name in ("theirs", "ours"):
        (tmp_path / name).mkdir()
        if name == "theirs":
            scan.decomposition(
                algorithm="NMF",
                output_dimension=3,
                print_info=False,
                max_iter=20,
                tol=1,
            )
        else:
            scan.decomposition_rnmf(3, **SETTINGS)
        outcomes.append(outcome_of_export(scan, tmp_path / name))
    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[1], list) == (cls is Diffraction1D)


@pytest.mark.parametrize("extension", ["hspy", "zspy"])
@pytest.mark.parametrize("reload_lazy", [False, True])
def test_save_and_reload(plain_or_masked, tmp_path, extension, reload_lazy):
    signal = plain_or_masked
    path = tmp_path / f"scan.{extension}"
    signal.save(path)
    loaded = hs.load(path, lazy=reload_lazy)
    given, found = signal.learning_results, loaded.learning_results
    for name in vars(given):
        one, other = getattr(given, name), getattr(found, name)
        if hasattr(other, "compute"):
            assert reload_lazy
            other = other.compute()
            setattr(found, name, other)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
        else:
            assert one == other, name
    model = loaded.get_decomposition_model().data
    np.testing.assert_allclose(
        np.asarray(model), np.asarray(signal.get_decomposition_model().data), rtol=1e-5
    )
    if reload_lazy and extension == "hspy":
        loaded.close_file()


@pytest.mark.parametrize(
    ("extension", "reload_lazy"), [("hspy", False), ("zspy", False), ("hspy", True)]
)
def test_reloaded_results_are_plotted(masked, tmp_path, extension, reload_lazy):
    path = tmp_path / f"scan.{extension}"
    masked.save(path)
    loaded = hs.load(path, lazy=reload_lazy)
    compute_results(loaded)
    loaded.plot_decomposition_results()
    assert plt.get_fignums()
    if reload_lazy:
        loaded.close_file()


def compute_results(signal):
    """Of a signal that was loaded lazily: HyperSpy fails to plot it without."""
    results = signal.learning_results
    for name, value in vars(results).items():
        if hasattr(value, "compute"):
            setattr(results, name, value.compute())


def reloaded(signal, path, how):
    """The scan with its results, through a file."""
    if how == "npz":
        signal.learning_results.save(path.with_suffix(".npz"))
        signal = signal.deepcopy()
        signal.learning_results.__init__()
        signal.learning_results.load(path.with_suffix(".npz"))
        return signal
    extension, _, lazily = how.partition(" ")
    signal.save(path.with_suffix(f".{extension}"))
    return hs.load(path.with_suffix(f".{extension}"), lazy=bool(lazily))


@pytest.mark.parametrize("how", ["npz", "hspy", "zspy", "hspy lazily", "zspy lazily"])
def test_provenance_of_any_file(plain_or_masked, tmp_path, how):
    before = plain_or_masked.learning_results.provenance
    signal = reloaded(plain_or_masked, tmp_path / "scan", how)
    assert signal.learning_results.provenance == before
    record = json.loads(signal.learning_results.provenance)
    assert record["method"] == "decomposition_rnmf"
    assert record["random_state"] == SETTINGS["random_state"]
    assert record["compression"]["method"] == "compress"
    if how == "hspy lazily":
        signal.close_file()


PLOTS = (
    "plot_decomposition_results",
    "plot_decomposition_loadings",
    "plot_decomposition_factors",
)


@pytest.mark.parametrize(
    ("extension", "way"), [("hspy", "in place"), ("zspy", "apart")]
)
def test_plots_after_a_lazy_load(plain_or_masked, tmp_path, extension, way):
    """The ways round HyperSpy's failure that the guide tells."""
    plain_or_masked.learning_results.save(tmp_path / "results.npz")
    plain_or_masked.save(tmp_path / f"scan.{extension}")
    signal = hs.load(tmp_path / f"scan.{extension}", lazy=True)
    results = signal.learning_results
    if way == "apart":
        results.load(tmp_path / "results.npz")
    else:
        compute_results(signal)
    np.testing.assert_array_equal(
        results.loadings, plain_or_masked.learning_results.loadings
    )
    for name in PLOTS:
        getattr(signal, name)()
    plt.close("all")
    assert signal._lazy
    if extension == "hspy":
        signal.close_file()


def test_earlier_results_go(scan):
    scan.decomposition_rnmf(3, **SETTINGS)
    scan.blind_source_separation(diff_order=0, print_info=False)
    scan.cluster_analysis("decomposition", n_clusters=2, random_state=0)
    scan.decomposition_rnmf(2, **SETTINGS)
    results = scan.learning_results
    for name in ("bss_factors", "bss_loadings", "unmixing_matrix", "bss_algorithm"):
        assert getattr(results, name) is None
    for name in ("cluster_labels", "cluster_centers", "number_of_clusters"):
        assert getattr(results, name) is None
    with pytest.raises(RuntimeError):
        scan.get_cluster_labels()
    scan.plot_decomposition_results()


def test_hyperspy_may_decompose_afterwards(scan):
    scan.change_dtype("float64")
    before = scan.deepcopy()
    scan.decomposition_rnmf(3, **SETTINGS)
    scan.decomposition(output_dimension=2, print_info=False)
    assert scan.learning_results.factors.shape == (99, 2)
    assert unchanged(scan, before)


@pytest.mark.parametrize("method", ["deepcopy", "as_lazy"])
def test_copies_keep_the_results(decomposed, method):
    copy = getattr(decomposed, method)()
    np.testing.assert_array_equal(
        copy.learning_results.loadings, decomposed.learning_results.loadings
    )


def test_normalize_components(decomposed):
    before = decomposed.get_decomposition_model().data
    decomposed.normalize_decomposition_components(target="loadings", function=np.max)
    results = decomposed.learning_results
    np.testing.assert_allclose(results.loadings.max(axis=0), 1, rtol=1e-6)
    after = decomposed.get_decomposition_model().data
    np.testing.assert_allclose(np.asarray(after), np.asarray(before), rtol=1e-4)


def test_plots_of_one_dimension():
    maps, patterns = planted((60,), (9, 11))
    scan = calibrated(counts(maps, patterns))
    scan.decomposition_rnmf(3, **SETTINGS)
    scan.plot_decomposition_loadings()
    scan.plot_decomposition_results()
    assert plt.get_fignums()
