"""Series of scans, ``(x, y, t|kx, ky)``: decomposition, embedding and named phases."""

import numpy as np
import pytest
from pyxem.signals import ElectronDiffraction2D

from hyperspy_4dphase.data import structure

from ..signals.phases import counts, truth
from ..signals.phases import scan as crystal_scan
from .test_everyday_scans import series

QUIET = {"show_progressbar": False, "random_state": 0}
N_SCANS = 3


@pytest.mark.parametrize("lazy", [False, True])
def test_decomposition(lazy):
    s, labels = series(400)
    s = s.as_lazy() if lazy else s
    result = s.decomposition_rnmf(3, return_result=True, print_info=False, **QUIET)
    assert result.data.shape == (*labels.shape, 3)
    strongest = np.asarray(result.data).argmax(axis=-1)
    # Each component is one kind of pattern, in whichever scan.
    kinds = [np.bincount(labels[strongest == k], minlength=3) for k in range(3)]
    assert sorted(int(kind.argmax()) for kind in kinds) == [0, 1, 2]
    assert sum(kind.max() for kind in kinds) > 0.98 * labels.size
    assert result.maps().axes_manager.signal_shape == (18, 14)
    assert result.maps().data.shape == (3, *labels.shape)
    second = result.inav[..., 1]
    np.testing.assert_array_equal(second.data, np.asarray(result.data)[1])
    loadings = s.get_decomposition_loadings()
    np.testing.assert_allclose(
        np.asarray(loadings.data), np.moveaxis(np.asarray(result.data), -1, 0)
    )


def test_embedding():
    s, labels = series(400)
    embedding = s.vae_embed(latent_dim=2, epochs=30, device="cpu", **QUIET)
    assert embedding.data.shape == (*labels.shape, 2)
    points = embedding.data.reshape(-1, 2)
    means = np.stack([points[labels.ravel() == k].mean(axis=0) for k in range(3)])
    distances = np.linalg.norm(points[:, np.newaxis] - means, axis=-1)
    # The same patterns have the same place, in whichever scan.
    assert (distances.argmin(axis=1) == labels.ravel()).mean() > 0.95
    third = embedding.inav[..., 2]
    assert third.data.shape == (14, 18, 2)
    np.testing.assert_array_equal(third.data, embedding.data[2])
    assert third.decode([0.0, 0.0]).data.shape == (9, 11)


def test_named_phases():
    """Scans of the same sample, which was turned upside down for every second one."""
    labels = np.stack([truth()[:: (-1) ** t] for t in range(N_SCANS)])
    one = crystal_scan()
    s = ElectronDiffraction2D(
        np.stack([counts(seed=t)[:: (-1) ** t] for t in range(N_SCANS)])
    )
    s.metadata.add_dictionary(one.metadata.as_dictionary())
    for mine, other in zip(
        s.axes_manager.signal_axes, one.axes_manager.signal_axes, strict=True
    ):
        mine.scale, mine.offset, mine.units = other.scale, other.offset, other.units
    result = s.map_phases(
        [structure("Si"), structure("Al")], confidence=False, print_info=False, **QUIET
    )
    phases = result.phases
    names = np.array([*phases.names, "not indexed"])[phases.phase_ids]
    expected = np.array(["Si", "Si", "Al", "amorphous", "not indexed"])
    np.testing.assert_array_equal(names, expected[labels])
    # One domain of each part, not one of each scan.
    assert result.domains.n_domains == 5
    assert phases.to_crystal_map(plane=1).shape == labels.shape[1:]
    np.testing.assert_array_equal(phases.inav[1].phase_ids, phases.phase_ids[1])
