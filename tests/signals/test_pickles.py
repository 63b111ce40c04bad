"""What is no signal can be pickled as well: results of all steps, tables and plans."""

import copy
import pickle

import numpy as np
import pytest

from hyperspy_4dphase import PhaseMapping, plan
from hyperspy_4dphase.data import structure

from .phases import mapped, scan

QUIET = {"show_progressbar": False, "print_info": False}
HOW = (lambda found: pickle.loads(pickle.dumps(found)), copy.deepcopy)


@pytest.fixture(scope="module")
def mapping():
    return scan().map_phases(structure("Si"), confidence=False, random_state=0, **QUIET)


@pytest.mark.parametrize("how", HOW)
def test_mapping(mapping, how):
    again = how(mapping)
    assert type(again) is PhaseMapping
    assert repr(again) == repr(mapping)
    assert again.confidence is None
    np.testing.assert_array_equal(again.compression.Q, mapping.compression.Q)
    np.testing.assert_array_equal(again.domains.labels, mapping.domains.labels)
    np.testing.assert_array_equal(again.phases.phase_ids, mapping.phases.phase_ids)
    np.testing.assert_array_equal(again.phases.quaternions, mapping.phases.quaternions)
    assert repr(again.phases.report()) == repr(mapping.phases.report())
    # It goes on from there, with the scan.
    means = again.domains.mean_patterns(scan(), show_progressbar=False)
    first = scan().data[mapping.domains.labels == 0].mean(axis=0)
    np.testing.assert_allclose(means.data[0], first)


@pytest.mark.parametrize("how", HOW)
def test_classes(mapping, how):
    again = how(mapping.classes)
    assert again == mapping.classes
    assert again.names == mapping.classes.names
    assert repr(again) == repr(mapping.classes)


@pytest.mark.parametrize("how", HOW)
def test_tree(how):
    tree = mapped()[1].tree
    again = how(tree)
    assert again.n_domains == tree.n_domains > 2
    assert [node.children for node in again] == [node.children for node in tree]
    for name, values in vars(tree).items():
        np.testing.assert_array_equal(getattr(again, name), values)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("lazy", [False, True])
def test_plan(how, lazy):
    s = scan()
    found = plan(s.as_lazy() if lazy else s, probe=False)
    again = how(found)
    assert again == found
    assert repr(again) == repr(found)
