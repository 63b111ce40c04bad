"""Threads: never more than there are processors, and torch has its own ones back."""

import os
import sys

import dask
import numpy as np
import pytest
from threadpoolctl import ThreadpoolController as Controller
from threadpoolctl import threadpool_info

from hyperspy_4dphase import _threads
from hyperspy_4dphase._threads import available_threads, limited_threads, torch_threads
from hyperspy_4dphase.estimators import PatternVAE


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    yield torch
    torch.set_num_threads(before)


@pytest.fixture
def processors(monkeypatch):
    """Say how many there are."""
    return lambda n: monkeypatch.setattr(_threads, "_count_processors", lambda _: n)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs affinity")
def test_affinity_is_respected():
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(own)})
    try:
        assert available_threads() == 1
    finally:
        os.sched_setaffinity(0, own)


def test_what_dask_is_told_is_respected(processors):
    processors(8)
    assert available_threads() == 8
    for wanted, n in ((3, 3), (40, 8)):
        with dask.config.set(num_workers=wanted):
            assert available_threads() == n


@pytest.mark.parametrize(
    ("before", "n_processors", "most", "expected"),
    [(6, 8, None, 6), (6, 4, None, 4), (6, 8, 1, 1), (2, 8, 5, 2)],
)
def test_threads_of_torch(torch, processors, before, n_processors, most, expected):
    processors(n_processors)
    torch.set_num_threads(before)
    with torch_threads(most):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == before


def test_threads_of_torch_after_an_interruption(torch):
    def stop():
        with torch_threads(1):
            raise KeyboardInterrupt

    before = torch.get_num_threads()
    with pytest.raises(KeyboardInterrupt):
        stop()
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("architecture", ["compressed", "convolutional"])
def test_autoencoder(torch, processors, architecture):
    processors(3)
    torch.set_num_threads(4)
    seen = set()
    X = np.random.default_rng(0).poisson(5, (90, 16, 16)).astype(np.uint16)
    vae = PatternVAE(
        architecture=architecture,
        epochs=1,
        random_state=0,
        device="cpu",
        callback=lambda *_: seen.add(torch.get_num_threads()),
    )
    compressed = architecture == "compressed"
    vae.fit(X.reshape(90, -1) if compressed else X)
    assert seen == {1 if compressed else 3}
    assert torch.get_num_threads() == 4


def used_threads():
    return {one["num_threads"] for one in threadpool_info()}


def test_threads_of_libraries():
    @limited_threads(1)
    def inside():
        return used_threads()

    with Controller().limit(limits=2):
        assert used_threads() == {2}
        with limited_threads(1):
            assert used_threads() == {1}
        assert used_threads() == {2}
        assert inside() == {1}
        assert used_threads() == {2}


def test_libraries_loaded_later_are_limited(monkeypatch):
    """They are looked for again when something was imported."""
    found = []
    monkeypatch.setattr(
        _threads, "ThreadpoolController", lambda: found.append(1) or Controller()
    )
    _threads._find_libraries.cache_clear()
    for name in ("no_such_module", "no_such_module", "another"):
        monkeypatch.setitem(sys.modules, name, None)
        with limited_threads(1):
            pass
    assert len(found) == 2
    _threads._find_libraries.cache_clear()
