"""Maps of the groups of components that a decomposition found."""

import numpy as np

from hyperspy_4dphase._learning_results import map_signal, read_results
from hyperspy_4dphase.methods.decomposition_rnmf import ALGORITHM


def get_group_loadings(self):
    """Return one map for each group of components of ``decomposition_rnmf``.

    A group holds the components between which patterns change smoothly over the scan,
    as they do where a crystal bends. Its map is the sum of their loadings: how much of
    each pattern, in counts, belongs to the group.

    Returns
    -------
    hyperspy.signal.BaseSignal
        As HyperSpy's ``get_decomposition_loadings`` returns them: the first axis counts
        groups, in the order of their numbers in ``s.learning_results.groups``; masked
        positions are NaN.

    Raises
    ------
    RuntimeError
        If the signal has no results of ``decomposition_rnmf``, or HyperSpy has replaced
        them.

    See Also
    --------
    decomposition_rnmf : Finds components and their groups.

    Examples
    --------
    >>> import hyperspy_4dphase
    >>> s, truth = hyperspy_4dphase.data.oxide_bilayer(
    ...     (20, 24), (32, 30), random_state=0
    ... )
    >>> s.decomposition_rnmf(
    ...     random_state=0, print_info=False, show_progressbar=False
    ... )
    >>> s.learning_results.groups
    array([0, 1, 2])
    >>> s.get_group_loadings()
    <BaseSignal, title: Group loadings of Oxide bilayer, dimensions: (3|24, 20)>
    """
    found = read_results(self)
    groups = None if found is None else found.groups
    if groups is None or found.algorithm != ALGORITHM:
        raise RuntimeError(
            "The signal has no groups of components: s.decomposition_rnmf() finds them."
        )
    maps = map_signal(self)
    if found.maps.shape[1] == 1:
        return maps
    # crop_decomposition_dimension of the results leaves the first ones.
    groups = groups[: len(maps.data)]
    numbers = np.unique(groups)
    summed = maps.inav[: len(numbers)].deepcopy()
    summed.data = np.stack([maps.data[groups == j].sum(axis=0) for j in numbers])
    title = summed.metadata.get_item("General.title", "")
    summed.metadata.General.title = title.replace("Decomposition", "Group", 1)
    return summed
