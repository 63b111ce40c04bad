"""A decomposition as it stands in the metadata of a signal, component by component."""

import numpy as np

from hyperspy_4dphase.signals._stored import Stored

# What a decomposition keeps beside its patterns.
KEPT = (
    "algorithm",
    "groups",
    "explained_variance",
    "explained_variance_ratio",
    "poissonian_noise_normalized",
    "centre",
    "provenance",
)


class StoredDecomposition(Stored):
    """Reads what a decomposition keeps in its metadata.

    Parameters
    ----------
    signal : PatternDecomposition
    """

    NODE, VERSION = "Pattern_decomposition", 1
    RESULT, MAKER = "decomposition", "decomposition_rnmf"

    def __init__(self, signal):
        super().__init__(signal)
        self._signal = signal

    @property
    def numbers(self):
        """numpy.ndarray of int: What components had when they were found.

        Raises
        ------
        ValueError
            If nothing tells anymore which of them are left.
        """
        n, n_found = self._signal.data.shape[-1], len(self.array("patterns"))
        kept = self.array("numbers", int)
        numbers = np.arange(n_found) if kept is None else kept
        if len(numbers) == n:
            return numbers
        # Cropped, or sliced by an earlier version: only the axis knows.
        values = np.asarray(self._signal.axes_manager.signal_axes[0].axis)
        numbers = np.round(values).astype(int)
        is_known = np.allclose(values, numbers) and np.isin(numbers, range(n_found))
        if not np.all(is_known) or len(set(numbers.tolist())) < n:
            raise ValueError(
                f"The component axis has the values {values.tolist()}: expected {n} "
                f"different numbers from 0 to {n_found - 1}, those of the components "
                "that are left. Scale and offset of this axis must stay as they were."
            )
        return numbers

    @property
    def patterns(self):
        """numpy.ndarray, shape (n_components, n_pixels): Of components that are left.

        They sum to one, and are NaN where pixels are masked.
        """
        return self.of_components("patterns")

    def of_components(self, name, dtype=float):
        """One entry of each component that is left, or None.

        Parameters
        ----------
        name : str
        dtype : type, optional

        Returns
        -------
        numpy.ndarray, shape (n_components, ...), or None
        """
        values = self.array(name, dtype)
        return None if values is None else values[self.numbers]

    def check_not_centred(self):
        """Refuse what the mean of the scan is missing for.

        Raises
        ------
        ValueError
            If a mean was subtracted before the decomposition.
        """
        centre = self.get("centre")
        if centre is not None:
            raise ValueError(
                f"This decomposition was made with centre={centre!r}: it is of what is "
                "left without a mean, which is not kept here, so the scan cannot be "
                "told from it. s.get_decomposition_model() adds the mean; with "
                "centre=None there is none."
            )
