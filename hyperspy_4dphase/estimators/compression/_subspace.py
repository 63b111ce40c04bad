"""What is known of the scaled patterns in a subspace, and which one comes next."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

# Columns that depend on each other more than this are made orthonormal in another way.
_MOST_DEPENDENT = 1e4
# A direction whose product with X^T X is its multiple up to this part is found: its
# singular value is then right to about the square of it.
_FOUND = 1e-2


@dataclass
class Subspace:
    """The products of the scaled patterns X with orthonormal columns V.

    Attributes
    ----------
    V : numpy.ndarray, shape (n_pixels, k), float32
    Y : numpy.ndarray, shape (n_patterns, k), float32
        X V.
    Z : numpy.ndarray, shape (n_pixels, k)
        X^T X V.
    norms, u, noise : numpy.ndarray, shape (n_patterns,)
        Squared norms of the scaled patterns, their weights, and expected noise.
    column_sums : numpy.ndarray, shape (n_pixels,)
        u^T X of the patterns before scaling.
    scaling : Scaling
    """

    V: np.ndarray
    Y: np.ndarray
    Z: np.ndarray
    norms: np.ndarray
    u: np.ndarray
    noise: np.ndarray
    column_sums: np.ndarray
    scaling: object

    @classmethod
    def from_pass(cls, products):
        """Take what a pass has found.

        Parameters
        ----------
        products : GramPass
        """
        Y, *of_rows = products.by_rows()
        sums, scaling = products.column_sums, products.scaling
        return cls(products.V, Y, products.Z, *of_rows, sums, scaling)

    def join(self, other):
        """Put two subspaces of the same scaling together.

        Parameters
        ----------
        other : Subspace
            Its columns are orthogonal to those of this one.

        Returns
        -------
        Subspace
        """
        joined = {
            name: np.column_stack([getattr(self, name), getattr(other, name)])
            for name in ("V", "Y", "Z")
        }
        return replace(other, **joined)

    def keep_strongest(self, width):
        """Keep the strongest directions (Ritz vectors) of it.

        Parameters
        ----------
        width : int

        Returns
        -------
        Subspace
        """
        _, vectors = self._eigen
        vectors = vectors[:, ::-1][:, :width]
        single = vectors.astype(np.float32)
        return replace(self, V=self.V @ single, Y=self.Y @ single, Z=self.Z @ vectors)

    def find_next(self, width=None):
        """Find where the strongest directions are yet to go: a block of Lanczos'.

        One more pass with these columns tells more than one with the products
        themselves: it adds to the subspace instead of taking its place.

        Parameters
        ----------
        width : int, optional
            How many of the directions, which are the strongest ones in falling order.

        Returns
        -------
        numpy.ndarray, shape (n_pixels, at most `width`), float32
            Orthonormal, and orthogonal to `V`. None where everything is found.
        """
        V, Z = self.V.astype(np.float64), self.Z[:, :width]
        left = Z - V @ (V.T @ Z)
        sizes = np.linalg.norm(left, axis=0)
        far = sizes > _FOUND * np.linalg.norm(Z, axis=0)
        left = left[:, far] / sizes[far]
        # Rounding leaves some of what was taken out.
        left -= V @ (V.T @ left)
        return orthonormalize(left)

    @cached_property
    def _eigen(self):
        """Eigenvalues, rising, and eigenvectors of X^T X within the subspace."""
        gram = self.V.T.astype(np.float64) @ self.Z
        return np.linalg.eigh((gram + gram.T) / 2)

    def orthonormal_products(self, least):
        """Find the combinations of columns whose products with X are orthonormal.

        Parameters
        ----------
        least : float
            Eigenvalues below this part of the largest are left out.

        Returns
        -------
        numpy.ndarray, shape (k, at most k)
        """
        values, vectors = self._eigen
        inside = values > least * max(values.max(), 0)
        return vectors[:, inside] / np.sqrt(values[inside])


def orthonormalize(columns):
    """Make columns orthonormal: by Cholesky's factors, which is ten times as fast.

    Parameters
    ----------
    columns : numpy.ndarray, shape (n, k)

    Returns
    -------
    numpy.ndarray, shape (n, k), float32
    """
    columns = columns.astype(np.float64)
    gram = columns.T @ columns
    try:
        factor = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        return np.linalg.qr(columns)[0].astype(np.float32)
    if factor.size and np.linalg.cond(factor) > _MOST_DEPENDENT:
        return np.linalg.qr(columns)[0].astype(np.float32)
    return solve_triangular(factor, columns.T, lower=True).T.astype(np.float32)
