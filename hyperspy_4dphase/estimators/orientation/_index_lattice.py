"""Which reflections are sums and differences of others, by their indices."""

import numpy as np


def span_indices(hkl):
    """Find a basis of all sums and differences of reflections.

    Parameters
    ----------
    hkl : numpy.ndarray of int, shape (n, 3)

    Returns
    -------
    list
        Three entries: a vector whose first index that is not 0 is the first, second or
        third, or None where there is none.
    """
    basis = [None, None, None]
    for vector in np.asarray(hkl, dtype=np.int64).reshape(-1, 3):
        for i in range(3):
            if not vector[i]:
                continue
            if basis[i] is None:
                basis[i] = vector
                break
            # Euclid's algorithm leaves the greatest common divisor in the basis.
            first = basis[i]
            while vector[i]:
                first, vector = vector, first - first[i] // vector[i] * vector
            basis[i] = first
    return basis


def is_spanned(hkl, basis):
    """Tell which reflections are sums and differences of those of a basis.

    Parameters
    ----------
    hkl : numpy.ndarray of int, shape (n, 3)
    basis : list
        See :func:`span_indices`.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    left = np.array(hkl, dtype=np.int64).reshape(-1, 3)
    spanned = np.ones(len(left), bool)
    for i, vector in enumerate(basis):
        if vector is None:
            spanned &= left[:, i] == 0
            continue
        times, rest = np.divmod(left[:, i], vector[i])
        spanned &= rest == 0
        left -= times[:, None] * vector
    return spanned
