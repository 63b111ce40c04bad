"""Something measured, and how sure it is."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from hyperspy_4dphase._scalars import check_number

# A standard error that rests on fewer degrees of freedom says nothing.
FEWEST_DOF = 1.5


@dataclass(frozen=True, eq=False)
class Estimate:
    """Numbers that were measured, with their standard errors.

    Attributes
    ----------
    value : numpy.ndarray of shape (n,)
    covariance : numpy.ndarray of shape (n, n)
    dof : float
        Degrees of freedom that the covariance rests on.
    problem : str
        Why the data do not tell the value; empty where they do.
    """

    value: np.ndarray
    covariance: np.ndarray
    dof: float
    problem: str = ""

    @property
    def standard_error(self):
        """Standard errors, shape (n,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def resolved(self):
        """Whether the data tell the value."""
        return not self.problem

    def interval(self, level=0.95):
        """Return what holds the true value with a probability.

        Parameters
        ----------
        level : float, default 0.95
            Between 0 and 1.

        Returns
        -------
        low : numpy.ndarray of shape (n,)
            By Student's distribution; for each number alone. Infinite where the value
            is not resolved.
        high : numpy.ndarray of shape (n,)
            The same above.

        Examples
        --------
        >>> estimate = Estimate(np.array([5.0]), np.array([[0.01]]), 30.0)
        >>> [side.round(2).tolist() for side in estimate.interval(0.95)]
        [[4.8], [5.2]]
        """
        level = check_number("level", level, 0, 1, above=True, below=True)
        if not self.resolved:
            wide = np.full(self.value.shape, np.inf)
            return -wide, wide
        reach = stats.t.ppf((1 + level) / 2, self.dof) * self.standard_error
        return self.value - reach, self.value + reach

    def excludes(self, value, significance=1e-3):
        """Whether the data rule a value out.

        Parameters
        ----------
        value : array_like of shape (n,)
        significance : float, default 0.001
            How often a right value is ruled out.

        Returns
        -------
        bool
            By Hotelling's distribution of all numbers together. False where the value
            is not resolved, or rests on too few degrees of freedom.

        Examples
        --------
        >>> estimate = Estimate(np.array([5.0, 2.0]), np.eye(2) / 100, 30.0)
        >>> estimate.excludes((5.1, 2.1)), estimate.excludes((5.6, 2.0))
        (False, True)
        """
        level = check_number("significance", significance, 0, 1, above=True, below=True)
        if not self.resolved:
            return False
        off = np.asarray(value, dtype=float) - self.value
        square = off @ np.linalg.solve(self.covariance, off)
        n = len(off)
        left = self.dof - n + 1
        if left <= 0:
            return False
        return bool(stats.f.sf(square * left / (n * self.dof), n, left) < level)


def sandwich(hessian, scores):
    """Covariance of what sets the sum of scores of independent groups to 0.

    Parameters
    ----------
    hessian : numpy.ndarray of shape (n, n)
        Derivative of the summed score.
    scores : numpy.ndarray of shape (n_groups, n)
        Of each group at the solution.

    Returns
    -------
    covariance : numpy.ndarray of shape (n, n)
    dof : float
        Groups that matter, after Satterthwaite, of the number with fewest, less
        one. Not above 0 if there are too few.

    References
    ----------
    .. [1] K.-Y. Liang and S. L. Zeger, Biometrika 73, 13 (1986),
       doi:10.1093/biomet/73.1.13
    """
    inverse = np.linalg.inv(hessian)
    influence = scores @ inverse.T
    squares = influence**2
    total = squares.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = np.nan_to_num(total**2 / (squares**2).sum(axis=0)).min()
    # Each number fitted leaves less of what the groups that tell it differ by.
    dof = float(effective - 1)
    correction = effective / dof if dof > 0 else np.inf
    return correction * influence.T @ influence, dof
