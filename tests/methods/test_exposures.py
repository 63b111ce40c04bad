"""`domain_confidence(exposures=...)`: what may be split in two, and what may not."""

import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase import count_electrons

QUIET = {"random_state": 0, "show_progressbar": False, "print_info": False}


def test_an_offset_is_not_split():
    """Half of an offset, drawn by chance, would be noise that no electron made."""
    generator = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 112).reshape(14, 24)
    counts = generator.poisson(generator.gamma(0.3, 9, (3, 9, 8))[truth])
    signal = Diffraction2D(counts + 100)
    with pytest.raises(ValueError, match="an offset of 100"):
        signal.domain_confidence(n_maps=3, exposures=2, **QUIET)
    counted = count_electrons(signal, show_progressbar=False, print_info=False)
    found = counted.domain_confidence(n_maps=3, exposures=2, **QUIET).exposures
    np.testing.assert_array_equal(found["n_domains"], [3, 3])
    assert found["rand_index"] > 0.99
    assert (found["overlap"] > 0.99).all()
    assert found["gain"] > 10 > 1 > found["gain_of_parts"]
