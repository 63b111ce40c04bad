"""As many components as were asked for, also where there are fewer patterns."""

from dataclasses import replace

import numpy as np

from hyperspy_4dphase.estimators.nmf._groups import compare_components
from hyperspy_4dphase.estimators.nmf._hals import Factors, hals, purify
from hyperspy_4dphase.estimators.nmf._starts import (
    fit_from_best_start,
    nndsvd,
    remove_brightness,
)

ENOUGH = 0.5
"""Below this part of what noise leaves in the compressed patterns, a smaller misfit
says nothing about the sample any more."""
# A fit to pure patterns is taken if its misfit is no larger than the least by more than
# `ENOUGH` noise, or by this factor where there is no noise. Historical: chosen by trial
# in 2026, not calibrated.
_MAX_MISFIT_RATIO = 1.01
# What components that fit a remainder begin with: next to nothing, lest it comes first.
_FIRST_WEIGHT = 1e-6


def fit_asked(A, n_components, n_significant, options):
    """Fit a given number of components.

    Where components as many as directions above noise are all pure patterns, all other
    patterns are mixtures of them, and more components can only fit noise. Those fit
    what the pure ones leave, and the pure ones stay: fitted together, a component for
    noise would cut a pattern in two.

    Parameters
    ----------
    A : CompressedMatrix
        With as many directions as components are asked for, as far as there are.
    n_components, n_significant : int
        Components to fit, and directions above noise.
    options : dict
        For :func:`hals`.

    Returns
    -------
    fit : Fit
    n_iter : int
        Iterations of alternating least squares that it took.
    """
    n_patterns, n_iter = max(n_significant, 1), 0
    if n_components > n_patterns:
        significant = A.keep_leading(n_patterns)
        fit, n_iter = fit_to_pure(significant, n_patterns, options)
        if are_pure(significant, fit.factors):
            rest = fit_remainder(A, fit.factors, n_components, options)
            return rest, n_iter + len(rest.misfits)
    fit, n_more = fit_to_pure(A, n_components, options)
    return fit, n_iter + n_more


def fit_to_pure(A, n_components, options):
    """Fit components, drawn to pure patterns if the fit allows that.

    Parameters
    ----------
    A : CompressedMatrix
    n_components : int
    options : dict
        For :func:`hals`.

    Returns
    -------
    fit : Fit
    n_iter : int
    """
    first = fit_from_best_start(A, n_components, options)
    fit = hals(A, purify(A, first.factors), enough=ENOUGH, **options)
    n_iter = len(first.misfits) + len(fit.misfits)
    least = first.misfits[-1]
    most = max(least + ENOUGH * A.noise, _MAX_MISFIT_RATIO * least)
    # Otherwise there are no pure patterns to be drawn to.
    return (fit if fit.misfits[-1] <= most else first), n_iter


def are_pure(A, factors):
    """Tell whether each component is a pattern of its own, but for noise.

    Parameters
    ----------
    A : CompressedMatrix
        In the directions above noise only.
    factors : Factors

    Returns
    -------
    bool
    """
    points, variance = remove_brightness(A)
    labels = np.where(variance > 0, A.find_fractions(factors).argmax(axis=0), -1)
    n_components = len(factors.H)
    _, pure = compare_components(points, variance, labels, n_components)
    return bool(pure[~np.eye(n_components, dtype=bool)].all())


def fit_remainder(A, factors, n_components, options):
    """Fit further components to what some leave, and leave those as they are.

    Parameters
    ----------
    A : CompressedMatrix
    factors : Factors
        They come first in the result.
    n_components : int
        Of the result.
    options : dict
        For :func:`hals`.

    Returns
    -------
    Fit
    """
    Wt, H = factors
    # A - W H as a product of the same form.
    Q, R = np.linalg.qr(np.hstack([A.Q, Wt.T]))
    rest = replace(A, Q=Q, B=R @ np.vstack([A.B, -H]))
    start = nndsvd(A, n_components)
    start = Factors(start.Wt[len(H) :], _FIRST_WEIGHT * start.H[len(H) :])
    fit = hals(rest, start, **options)
    both = (np.concatenate(pair) for pair in zip(factors, fit.factors, strict=True))
    return fit._replace(factors=Factors(*both))
