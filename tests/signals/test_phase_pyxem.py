"""What a map of phases hands to pyxem."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import misorientation

from .phases import QUIET, named


def pyxem_rotations(theirs):
    shape = theirs.axes_manager.navigation_shape[::-1]
    return theirs.to_rotation(flatten=True).data.reshape(*shape, -1, 4)[:, :, 0]


def test_to_pyxem_and_back():
    _, phases, _ = named()
    theirs = phases.to_pyxem(reach=0)
    ours = phases.to_crystal_map()
    assert len(theirs.simulation.phases) == 2
    theirs = theirs.to_crystal_map()
    turned = theirs.rotations.data.reshape(len(ours.phase_id), -1, 4)[:, 0]
    indexed = (ours.phase_id >= 0) & (ours.phase_id < 2)
    ids = theirs.phase_id.reshape(len(ours.phase_id), -1)[:, 0]
    np.testing.assert_array_equal(ids[indexed], ours.phase_id[indexed])
    one, two = ours.rotations.data[indexed], turned[indexed]
    np.testing.assert_allclose(np.abs((one * two).sum(axis=1)), 1, atol=1e-6)


def test_refined_positions_are_handed_over():
    s, phases, _ = named()
    refined = phases.orientations(s, **QUIET)
    indexed = (refined.phase_ids >= 0) & (refined.phase_ids < 2)
    ours = refined.rotations.data[indexed]
    theirs = refined.to_pyxem(step=0.5)
    nothing = [[1.0, 0, 0, 0]]
    far = misorientation(pyxem_rotations(theirs)[indexed], ours, nothing)
    assert far.max() < 0.5 / 2**0.5 + 0.02
    of_domains = phases.to_pyxem(reach=0)
    before = misorientation(pyxem_rotations(of_domains)[indexed], ours, nothing)
    assert far.mean() < before.mean()
    np.testing.assert_allclose(
        theirs.data[indexed][:, 0, 1], refined.match.data[indexed], rtol=1e-5
    )


def test_arguments():
    _, phases, _ = named()
    with pytest.raises(ValueError, match="reach must be"):
        phases.to_pyxem(reach=-1)
    with pytest.raises(ValueError, match="step must be"):
        phases.to_pyxem(step=0)
    with pytest.raises(ValueError, match="one plane only"):
        phases.to_pyxem(plane=0)
