"""Structure that only squares of pixels show, added to what is compressed already."""

from dataclasses import dataclass, replace

import numpy as np

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels
from hyperspy_4dphase.estimators.compression._passes import project_patterns
from hyperspy_4dphase.estimators.detector._detector import Detector


@dataclass
class Squares:
    """Counts of squares of pixels, from the first read of a scan, for later.

    Whether they are compressed at once or only when a method asks for them, the result
    is the same.

    Attributes
    ----------
    coarse : CoarsePixels
    rows : numpy.ndarray of int, shape (n_held,)
        The patterns whose squares are held.
    counts : numpy.ndarray, shape (n_held, n_squares)
    noise : Detector
        What the detector does to squares.
    random_state : tuple
        State of the random numbers that are for the squares alone.
    device : "cpu" or torch.device
    changes : tuple
        How the patterns were corrected before they were compressed: names of methods of
        :class:`PatternBlocks` and their arguments, in order.
    """

    coarse: CoarsePixels
    rows: np.ndarray
    counts: np.ndarray
    noise: Detector
    random_state: tuple
    device: object
    changes: tuple = ()

    def add_to(self, compress, result, X):
        """Add the structure beside a result that only squares of pixels show.

        What the result does not hold of it shows in the patterns held. Where there are
        others, one more read tells what they have of it.

        Parameters
        ----------
        compress : callable
            Compresses counts, as :func:`compress_patterns` does.
        result : CompressedPatterns
            Without it.
        X : PatternBlocks
            The patterns that were compressed, before any correction.

        Returns
        -------
        CompressedPatterns
        """
        random_state = np.random.RandomState()
        random_state.set_state(self.random_state)
        found = compress(
            self.counts, noise=self.noise, random_state=random_state, device=self.device
        )
        # Where there is no noise at all, nothing can be weak.
        if not (found.n_significant and found.noise_variance > 0):
            return result
        scaling = result.scaling
        columns, scores = self.coarse.spread(
            found, scaling.column_weight, result.row_scale[self.rows]
        )
        part = result.take(self.rows)
        edge = found.noise_edge / np.sqrt(found.noise_variance)
        part.add_broad(columns, scores, edge)
        rows, scores = part.broad_rows, part.broad_scores
        if rows is None:
            return result
        n_reads = result.n_reads
        if len(self.rows) < len(result.Q):
            before = X.n_reads
            blocks = self._correct(X)
            scores, _ = project_patterns(
                blocks, rows, scaling, stage="Reading patterns (+)"
            )
            n_reads += blocks.n_reads - before
        return replace(result, broad_rows=rows, broad_scores=scores, n_reads=n_reads)

    def _correct(self, X):
        blocks = PatternBlocks.wrap(X)
        for how, args, kept in self.changes:
            blocks = getattr(blocks, how)(*args, **kept)
        return blocks
