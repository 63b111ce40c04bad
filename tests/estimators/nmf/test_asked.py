"""Components asked for beyond the patterns that there are."""

import numpy as np
import pytest

from hyperspy_4dphase import data
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import RandomizedNMF
from hyperspy_4dphase.estimators.nmf._asked import fit_remainder
from hyperspy_4dphase.estimators.nmf._hals import hals
from hyperspy_4dphase.estimators.nmf._starts import nndsvd

from ..conftest import cosines
from .matrices import OPTIONS, compress


@pytest.mark.parametrize("dose", [300, 2000])
@pytest.mark.parametrize("scene", ["oxide_bilayer", "battery_interface"])
def test_more_than_there_are_spoil_none(scene, dose):
    make = getattr(data, scene)
    signal, truth = make((40, 44), (48, 44), dose, random_state=0)
    true = truth.abundance.reshape(-1, truth.n_components).T
    worst = []
    for n_more in (0, 1, 2, 4):
        n_components = truth.n_components + n_more
        model = RandomizedNMF(n_components, random_state=0, device="cpu")
        W = model.fit_transform(PatternBlocks(signal.data, 2))
        assert W.shape[1] == n_components
        assert W.min() >= 0
        worst.append(cosines(W.T, true).min())
    assert min(worst) > worst[0] - 0.005


def test_a_remainder_is_fitted_better_and_the_first_stay():
    rng = np.random.default_rng(0)
    W, H = rng.dirichlet(np.full(3, 0.2), 900), rng.dirichlet(np.full(200, 0.3), 3)
    A = compress(rng.poisson(2000 * W @ H), 6, noise=0.0)
    first = hals(A, nndsvd(A, 3), **OPTIONS)
    rest = fit_remainder(A, first.factors, 6, OPTIONS)
    for whole, part in zip(rest.factors, first.factors, strict=True):
        assert len(whole) == 6
        assert whole.min() >= 0
        np.testing.assert_array_equal(whole[:3], part)
    assert rest.misfits[-1] < first.misfits[-1]
