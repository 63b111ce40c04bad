"""`domain_confidence(exposures=...)`: how far maps of two exposures agree."""

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction1D

from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.methods import domain_confidence as module
from hyperspy_4dphase.methods._exposures import check_exposures, describe_exposures

from .conftest import calibrated, lazy, unchanged

SHAPE, SIGNAL = (10, 16), (6, 7)
QUIET = {"show_progressbar": False}
SETTINGS = {"random_state": 0, "device": "cpu", "n_maps": 2} | QUIET
NAMES = {"rand_index", "n_domains", "overlap", "gain", "gain_of_parts"}


def planted(seed=0, n_domains=2, signal=SIGNAL, cls=None):
    """A scan of domains side by side, and their labels."""
    labels = np.indices(SHAPE)[1] * n_domains // SHAPE[1]
    patterns = np.random.default_rng(9).gamma(0.3, 40, (n_domains, *signal)) + 1
    counts = np.random.default_rng(seed).poisson(patterns[labels]).astype(np.uint16)
    return calibrated(counts, *([] if cls is None else [cls])), labels


def run(signal, exposures=2, **keywords):
    options = SETTINGS | {"doubts": ["resampling"], "print_info": False} | keywords
    return signal.domain_confidence(exposures=exposures, **options)


@pytest.fixture
def scan():
    return planted()[0]


@pytest.fixture(scope="module")
def expected():
    return run(planted()[0])


def same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_allclose(other[name], value, rtol=1e-6)


def test_halves_of_counts(expected):
    found = expected.exposures
    assert set(found) == NAMES
    assert found["rand_index"] > 0.98
    assert found["n_domains"].tolist() == [2, 2]
    assert found["overlap"].shape == (2, 2)
    assert found["overlap"].min() > 0.98
    # Domains predict much, and parts that k-means finds in them nothing.
    assert found["gain"] > 20
    assert -5 < found["gain_of_parts"] < 0.1


def test_nothing_else_changes(scan, expected):
    """Neither the confidence nor the scan; and they are not measured unasked."""
    before = scan.deepcopy()
    without = run(scan, None)
    assert without.exposures is None
    np.testing.assert_array_equal(without.data, expected.data)
    np.testing.assert_array_equal(without.posterior.data, expected.posterior.data)
    same(run(scan).exposures, expected.exposures)
    assert unchanged(scan, before)


def test_saved_and_reloaded(expected, tmp_path):
    path = tmp_path / "confidence.hspy"
    expected.save(path)
    found = hs.load(path)
    same(expected.exposures, found.exposures)
    assert isinstance(found.exposures["gain"], float)
    assert found.exposures["overlap"].shape == (2, 2)
    without = run(planted()[0], None)
    without.save(path, overwrite=True)
    assert hs.load(path).exposures is None


def test_what_is_given_is_a_copy(expected):
    found = expected.exposures
    found["rand_index"] = -1
    del found["gain"]
    assert set(expected.exposures) == NAMES
    assert expected.exposures["rand_index"] > 0.98


def test_lazy_scan(scan, expected):
    """Its halves are those of the same scan in memory."""
    signal = lazy(scan, (4, 16, 6, 4))
    found = run(signal)
    np.testing.assert_allclose(found.data, expected.data, atol=1e-3)
    for name, value in expected.exposures.items():
        np.testing.assert_allclose(found.exposures[name], value, rtol=1e-4)
    assert signal._lazy


def test_masks(scan, expected):
    """What is masked may hold anything, and is in no domain."""
    navigation, pixels = np.zeros(SHAPE, bool), np.zeros(SIGNAL, bool)
    navigation[2:4, 3:9] = pixels[4, 2:5] = True
    scan.data[navigation] = 60_000
    scan.data[..., pixels] = 50_000
    confidence = run(scan, navigation_mask=navigation, signal_mask=pixels)
    np.testing.assert_array_equal(np.isnan(confidence.data), navigation)
    found = confidence.exposures
    assert found["n_domains"].tolist() == [2, 2]
    assert found["rand_index"] > 0.98
    assert found["overlap"].min() > 0.98
    assert found["gain"] == pytest.approx(expected.exposures["gain"], rel=0.4)


def test_two_given_exposures():
    """Of any type: of the second one half of a domain is another one."""
    scan, labels = planted()
    one, other = planted(1)[0], planted(2)[0]
    cut = (labels == 0) & (np.indices(SHAPE)[0] < 5)
    third = planted(3, 3)[0].data[:, 11:].reshape(-1, *SIGNAL)
    other.data[cut] = third[: cut.sum()]
    for signal in (scan, one, other):
        signal.change_dtype("float32")
    before = one.deepcopy(), other.deepcopy()
    found = run(scan, (one, other)).exposures
    assert found["n_domains"].tolist() == [2, 3]
    assert 0.3 < found["rand_index"] < 0.9
    # Both domains are as large: either may be the first.
    overlap = found["overlap"][np.argsort(found["overlap"][:, 1])]
    np.testing.assert_allclose(overlap, [[1, 0.5], [1, 1]], atol=0.03)
    assert unchanged(one, before[0])
    assert unchanged(other, before[1])


def test_a_broken_frame_in_one_exposure(expected):
    """It is left out of both, and does not stand out in what they predict."""
    scan, one, other = (planted(seed)[0] for seed in range(3))
    one.data[5, 5] = np.minimum(400 * one.data[5, 5].astype(int), 60_000)
    found = run(scan, (one, other)).exposures
    assert found["n_domains"].tolist() == [2, 2]
    assert found["rand_index"] > 0.98
    # Of whole counts, not of halves, it is twice as much.
    gain = expected.exposures["gain"]
    assert found["gain"] == pytest.approx(2 * gain, rel=0.1)


def test_patterns_with_one_axis():
    scan, _ = planted(signal=(40,), cls=Diffraction1D)
    found = run(scan, doubts=["noise"]).exposures
    assert found["rand_index"] > 0.98
    assert found["gain"] > 20


def test_one_domain():
    """Where nothing is resolved, exposures have nothing more in them."""
    found = run(planted(n_domains=1)[0]).exposures
    assert found["n_domains"].tolist() == [1, 1]
    np.testing.assert_array_equal(found["overlap"], 1)
    assert found["gain"] == pytest.approx(0, abs=1e-9)
    assert found["gain_of_parts"] < 0.1


# Refused


SCAN = planted()[0]


@pytest.mark.parametrize(
    ("exposures", "error", "match"),
    [
        (3, ValueError, "exposures=3; expected 2, or two signals"),
        (0, ValueError, "exposures=0"),
        (True, TypeError, "not True"),
        (2.0, TypeError, "not 2.0"),
        ("two", TypeError, "exposures must be None, 2, or two signals, not 'two'"),
        ("ab", TypeError, "not 'ab'"),
        (SCAN, TypeError, "exposures must be None, 2, or two signals, not <Diff"),
        ([SCAN], ValueError, "exposures has 1 elements; expected two"),
        (3 * [SCAN], ValueError, "exposures has 3 elements.*exposures=.even, odd."),
        ((SCAN, SCAN.inav[:5]), ValueError, r"\(10, 5\).*expected.*\(10, 16\)"),
        ((SCAN.isig[:5], SCAN), ValueError, r"\(6, 5\).*expected.*\(6, 7\)"),
        ((SCAN, SCAN.data), TypeError, "A signal is needed, not ndarray"),
        ((SCAN, None), TypeError, "A signal is needed, not NoneType"),
    ],
)
def test_refused_before_anything_is_read(exposures, error, match, has_read):
    signal = lazy(planted()[0], (4, 16, 6, 4))
    before = signal.deepcopy()
    with pytest.raises(error, match=match):
        run(signal, exposures)
    assert not has_read()
    assert unchanged(signal, before)


def test_floats_are_not_split(scan, has_read):
    scan.change_dtype("float32")
    with pytest.raises(ValueError, match=r"type float32.*count_electrons.*even, odd"):
        run(lazy(scan, (4, 16, 6, 4)))
    assert not has_read()


def test_values_with_a_gain_are_not_split(scan, monkeypatch):
    """That is known once they are compressed, before they are mapped."""
    scan.data *= 7
    monkeypatch.setattr(module.MapEnsemble, "fit", lambda *given, **more: 1 / 0)
    with pytest.raises(ValueError, match=r"with a gain of 7.*count_electrons"):
        run(scan)


def test_an_offset_is_not_split(scan):
    """Half of an offset, drawn by chance, would be noise that no electron made."""
    scan.data += 100
    with pytest.raises(ValueError, match="an offset of 100"):
        run(scan)


# Told


def test_printed(scan, capsys):
    run(scan, print_info=True)
    printed = capsys.readouterr().out
    assert "both have 2 and 2 domains, Rand index 1.000" in printed
    assert "2 of 2 domains come back in both." in printed
    run(scan, None, print_info=True)
    assert "exposures" not in capsys.readouterr().out


def test_description():
    """A domain has come back if half of it and more has, in both."""
    overlap = np.array([[0.9, 0.8], [0.5, 0.5], [1, 0.49], [0, 0]])
    lines = describe_exposures(
        {
            "rand_index": 0.8125,
            "n_domains": np.array([3, 5]),
            "overlap": overlap,
            "gain": 12.345,
            "gain_of_parts": -0.0123,
        }
    )
    text = "\n".join(lines)
    for part in ("3 and 5 domains", "0.812", "2 of 4 domains", "12.3", "-0.0123 more"):
        assert part in text


def test_one_seed_for_the_scan_and_its_exposures():
    """Also where the user gives none."""
    signals = [planted(seed)[0] for seed in range(3)]
    scan = Scan.from_signal(signals[0])
    given = check_exposures(scan, signals[1:])
    assert [exposure.seed for exposure in given] == [scan.seed] * 2
    # That of another call is another one.
    assert Scan.from_signal(signals[0]).seed != scan.seed
