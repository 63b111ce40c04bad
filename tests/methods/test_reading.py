"""The door of all methods: what a user gave becomes a scan, and is compressed."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.compression import MAX_RANK
from hyperspy_4dphase.methods._reading import least_rank, open_scan, read_scan
from hyperspy_4dphase.methods.compress import compress

from .conftest import NAVIGATION, SIGNAL, lazy

QUIET = {"show_progressbar": False, "print_info": False}


@pytest.fixture
def arguments(scan):
    mask = np.zeros(NAVIGATION, bool)
    mask[0, :3] = True
    return {"signal": scan, "navigation_mask": mask, "signal_mask": None}


def test_arguments_become_a_scan(arguments):
    settings = {
        "keep_faulty": True,
        "normalize_poissonian_noise": False,
        "random_state": 7,
        "show_progressbar": False,
    }
    scan = open_scan(arguments | settings | {"n_domains": 3})
    assert scan.signal is arguments["signal"]
    assert scan.shape == (np.prod(NAVIGATION) - 3, np.prod(SIGNAL))
    assert scan.keep_faulty
    assert scan.noise == "uniform"
    assert scan.seed == scan.random_state == 7
    assert scan.show_progressbar is False


def test_one_seed_for_a_call(arguments):
    scan = open_scan(arguments)
    assert scan.random_state is None
    assert isinstance(scan.seed, int)


@pytest.mark.parametrize("flag", ["print_info", "return_info", "keep_faulty"])
def test_flags_are_checked(arguments, flag):
    with pytest.raises(TypeError, match=f"{flag} must be True or False, not 2"):
        open_scan(arguments | {flag: 2})


def test_masks_of_a_compression_are_taken(arguments):
    mask = arguments.pop("navigation_mask")
    compression = compress(arguments["signal"], mask, random_state=0, **QUIET)
    given = arguments | {"navigation_mask": None, "compression": compression}
    np.testing.assert_array_equal(open_scan(given).excluded_patterns, mask.ravel())
    with pytest.raises(ValueError, match="navigation_mask is not the one"):
        open_scan(given | {"navigation_mask": ~mask})
    with pytest.raises(TypeError, match="compression must be what"):
        open_scan(given | {"compression": 3})


def test_faulty_pixels_are_left_out(arguments, has_read):
    signal = arguments["signal"]
    signal.data[..., 4, 5] = 60000
    given = arguments | {"signal": lazy(signal), "random_state": 0}
    scan = open_scan(given)
    assert not has_read()
    read, compression = read_scan(scan, None, False)
    assert has_read()
    assert scan.excluded_pixels is None
    faulty = np.zeros(SIGNAL, bool)
    faulty[4, 5] = True
    np.testing.assert_array_equal(read.excluded_pixels, faulty.ravel())
    again, same = read_scan(scan, compression, False)
    assert same is compression
    assert again.shape == read.shape
    assert not has_read()


def test_rank_is_asked_for_only_beyond_what_grows_by_itself():
    assert least_rank(None) is None
    assert least_rank(MAX_RANK) is None
    assert least_rank(MAX_RANK + 1) == MAX_RANK + 1
