"""Alternating least squares on a device gives what the processor gives."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hyperspy_4dphase.estimators import RandomizedNMF
from hyperspy_4dphase.estimators.nmf._device_factors import move_back, move_to_device
from hyperspy_4dphase.estimators.nmf._hals import CompressedMatrix, Factors, hals

DEVICES = [
    torch.device("cpu"),
    pytest.param(
        torch.device("cuda"),
        marks=pytest.mark.skipif(
            not torch.cuda.is_available(), reason="no CUDA device"
        ),
    ),
]


@pytest.fixture
def A():
    rng = np.random.default_rng(0)
    X = rng.random((60, 3)) @ rng.random((3, 50)) + 0.01 * rng.random((60, 50))
    U, s, V = np.linalg.svd(X, full_matrices=False)
    parts = U[:, :5], s[:5, None] * V[:5], np.ones(50)
    return CompressedMatrix(*(part.astype(np.float32) for part in parts))


def start(n_components=3):
    rng = np.random.default_rng(1)
    shapes = (n_components, 60), (n_components, 50)
    return Factors(*(rng.random(shape).astype(np.float32) for shape in shapes))


@pytest.mark.parametrize("device", DEVICES)
def test_same_as_the_processor(A, device):
    calls = []
    options = {"max_iter": 40, "tol": 0.0}
    here = hals(A, start(), **options)
    there = hals(
        replace(A, device=device),
        start(),
        callback=lambda done, total: calls.append((done, total)),
        **options,
    )
    np.testing.assert_allclose(there.misfits, here.misfits, rtol=1e-2, atol=1e-4)
    one, other = (fit.factors.Wt.T @ fit.factors.H for fit in (here, there))
    assert np.linalg.norm(one - other) < 1e-3 * np.linalg.norm(one)
    assert calls == [(i + 1, 40) for i in range(40)]


@pytest.mark.parametrize("device", DEVICES)
def test_factors_are_overwritten_as_on_the_processor(A, device):
    factors = start()
    fit = hals(replace(A, device=device), factors, max_iter=5, tol=0.0)
    assert fit.factors.Wt is factors.Wt
    assert isinstance(factors.H, np.ndarray)
    assert (factors.H >= 0).all()
    assert not np.array_equal(factors.Wt, start().Wt)


@pytest.mark.parametrize("device", DEVICES)
def test_there_and_back(A, device):
    moved, Wt = move_to_device(replace(A, device=device), start().Wt)
    assert moved.Q.device.type == device.type
    for array, tensor in ((A.Q, moved.Q), (A.B, moved.B), (start().Wt, Wt)):
        (found,) = move_back(tensor)
        np.testing.assert_array_equal(found, array)
    # What is changed there is a copy.
    moved.Q.zero_()
    assert A.Q.any()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_factorization_on_a_gpu():
    rng = np.random.default_rng(0)
    patterns, weights = rng.dirichlet(np.full(80, 0.3), 3), rng.random((200, 3))
    X = rng.poisson(2000 * weights @ patterns)
    found = []
    for device in ("cpu", "cuda"):
        model = RandomizedNMF(3, random_state=0, device=device)
        found.append(model.fit_transform(X) @ model.components_)
    assert np.linalg.norm(found[0] - found[1]) < 1e-3 * np.linalg.norm(found[0])
