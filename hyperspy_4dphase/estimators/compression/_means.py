"""Mean pattern of each domain, in one read."""

import numpy as np


def label_means(blocks, labels, n_labels, variances=False):
    """Mean pattern of each label.

    Parameters
    ----------
    blocks : PatternBlocks
        Read once.
    labels : numpy.ndarray of int, shape (n_patterns,)
        Of each of its patterns; those of -1 are read, but left out.
    n_labels : int
    variances : bool, default False
        Whether to find out how the patterns scatter, too: it takes twice as long where
        reading is fast.

    Returns
    -------
    means : numpy.ndarray, shape (n_labels, n_pixels)
        Of sums in double precision; NaN where a label has no patterns.
    variances : numpy.ndarray, shape (n_labels, n_pixels), or None
        Of one pattern; NaN where a label has fewer than two.

    Raises
    ------
    ValueError, RuntimeError
        If the patterns cannot be read, see :meth:`PatternBlocks.reduce`.
    """
    labels = np.asarray(labels)
    if labels.shape != blocks.shape[:1]:
        raise ValueError(
            f"labels have the shape {labels.shape}, but there are {blocks.shape[0]} "
            "patterns."
        )
    function = _Sums(labels, n_labels, variances)
    if blocks.shape[0]:
        sums = blocks.reduce(function, _added)
    else:
        sums = function(np.empty(blocks.shape), slice(None))
    numbers = np.bincount(labels[labels >= 0], minlength=n_labels)[:, np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums[0] / numbers
        if not variances:
            return means, None
        scatter = np.maximum(sums[1] - numbers * means**2, 0) / (numbers - 1)
    return means, np.where(numbers > 1, scatter, np.nan)


class _Sums:
    """Sums of the values of a block, and of their squares, over each label."""

    # A class, as other processes may have to run it.
    def __init__(self, labels, n_labels, squares):
        self.labels = labels
        self.n_labels = n_labels
        self.squares = squares

    def __call__(self, patterns, rows):
        labels = self.labels[rows]
        shape = (1 + self.squares, self.n_labels, patterns.shape[1])
        sums = np.zeros(shape)
        for label in np.unique(labels[labels >= 0]):
            of_label = patterns[labels == label]
            of_label.sum(axis=0, dtype=np.float64, out=sums[0, label])
            if self.squares:
                np.einsum(
                    "ij,ij->j",
                    of_label,
                    of_label,
                    dtype=np.float64,
                    casting="safe",
                    out=sums[1, label],
                )
        return sums


def _added(one, other):
    one += other
    return one
