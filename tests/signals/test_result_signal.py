"""What all results have in common: where plain signals begin, and what is kept."""

import pickle

import hyperspy.api as hs
import numpy as np
import pytest
from hyperspy.signals import Signal2D

from hyperspy_4dphase._results import plain
from hyperspy_4dphase.signals.domain_map import LazyDomainMap

from ..methods.conftest import calibrated, counts
from ..methods.conftest import planted as planted_components
from . import phases
from .confidences import confident
from .domains import mapped

MAPS = {
    "DomainMap": lambda: mapped()[0],
    "DomainConfidence": lambda: confident()[0],
    "PhaseMap": lambda: phases.named()[1],
}


def test_a_stack_has_nothing_of_its_first_map():
    first, other = mapped()[0], mapped()[0]
    other = other.merge([0, 3])
    stack = hs.stack([first, other], show_progressbar=False)
    assert type(stack) is Signal2D
    assert not hasattr(stack, "mean_patterns")
    assert not stack.metadata.has_item("Domain_map")
    # What was stacked is as it was.
    assert first._is_whole
    assert first.metadata.has_item("Domain_map")


def test_a_stack_of_one_is_that_one():
    domains = mapped()[0]
    again = hs.stack([domains], show_progressbar=False)
    assert again.n_domains == domains.n_domains


def test_stacks_in_files(tmp_path):
    pair = [mapped()[0].as_lazy() for _ in range(2)]
    stack = hs.stack(pair)
    assert isinstance(stack, LazyDomainMap)
    stack.save(tmp_path / "stack.hspy")
    loaded = hs.load(tmp_path / "stack.hspy")
    np.testing.assert_array_equal(loaded.data, stack.data)
    with pytest.raises(ValueError, match="This is a stack of maps"):
        _ = loaded.tree


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("is_lazy", [False, True])
def test_a_map_has_its_positions_in_isig(name, is_lazy):
    found = MAPS[name]()
    found = found.as_lazy() if is_lazy else found
    before = plain(found.data).copy()
    for index in (0, slice(3), 1.0, (0, 0)):
        with pytest.raises(IndexError, match=rf"{name} has the axes \(\|x, y\)"):
            found.inav[index]
    with pytest.raises(IndexError, match="isig along those after it"):
        found.inav[0] = 1
    with pytest.raises(IndexError, match="too many indices: "):
        found.isig[0, 0, 0]
    np.testing.assert_array_equal(plain(found.data), before)
    np.testing.assert_array_equal(plain(found.isig[3].data), before[:, 3])
    np.testing.assert_array_equal(plain(found.isig[:, 2].data), before[2])


def test_a_stack_of_maps_has_one_in_each_inav():
    domains = mapped("3-D navigation")[0]
    np.testing.assert_array_equal(domains.inav[1].data, domains.data[1])
    with pytest.raises(IndexError, match=r"axes \(<undefined>\|<undefined>, "):
        domains.inav[1, 0]


def test_learning_results_are_pickled():
    domains, scan, _ = mapped()
    domains.learning_results.factors = np.arange(6.0).reshape(2, 3)
    loaded = pickle.loads(pickle.dumps(domains))
    np.testing.assert_array_equal(
        loaded.learning_results.factors, domains.learning_results.factors
    )
    # The scan stays where it is.
    assert domains.scan is scan
    assert loaded.scan is None


def test_decompositions_are_pickled_and_stacked():
    scan = calibrated(counts(*planted_components()))
    scan.decomposition_rnmf(3, random_state=0, print_info=False, show_progressbar=False)
    result = scan.get_decomposition_result()
    for each in (result, result.as_lazy()):
        loaded = pickle.loads(pickle.dumps(each))
        assert type(loaded) is type(each)
        np.testing.assert_array_equal(loaded.patterns().data, result.patterns().data)
        assert loaded.algorithm == result.algorithm
    with pytest.raises(IndexError, match=r"has the axes \(x, y\|component\)"):
        result.inav[0, 0, 0]
    stack = hs.stack([result, result.deepcopy()], show_progressbar=False)
    assert not stack.metadata.Signal.signal_type
    assert not stack.metadata.has_item("Pattern_decomposition")
    np.testing.assert_array_equal(stack.data[1], result.data)
