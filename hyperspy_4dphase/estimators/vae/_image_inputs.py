"""What a convolutional network sees of patterns, and how patterns come back from it."""

from dataclasses import dataclass
from math import prod

import numpy as np

from hyperspy_4dphase.estimators._binning import (
    binned,
    binned_shape,
    binning_factor,
    expand,
)
from hyperspy_4dphase.estimators._passes import gathered
from hyperspy_4dphase.estimators._scaling import inverse
from hyperspy_4dphase.estimators.compression import compress_patterns
from hyperspy_4dphase.estimators.vae._compressed_inputs import (
    BATCH,
    Held,
    drawn,
    joined,
)

_HELD_BYTES = 2**30
_POOL_BYTES = 2**28
_N_HELD_OUT = 8192


@dataclass
class ImageInputs:
    """Patterns as images of a few thousand pixels at most.

    Attributes
    ----------
    signal_shape : tuple of int
        Detector shape (ny, nx).
    factor : int
        How many pixels a side are binned into one.
    kept_pixels : numpy.ndarray of bool, shape (ny * nx,), or None
        False where masked: these count nothing.
    """

    signal_shape: tuple
    factor: int
    kept_pixels: np.ndarray | None = None

    n_sampled = 4096
    n_flattened = 16

    @classmethod
    def of(cls, blocks):
        """Images as fit these patterns.

        Parameters
        ----------
        blocks : PatternBlocks
        """
        shape = blocks.signal_shape
        return cls(shape, binning_factor(shape), blocks.kept_pixels)

    @property
    def n_pixels(self):
        """int: Of a pattern, masked ones left out."""
        if self.kept_pixels is None:
            return prod(self.signal_shape)
        return int(np.count_nonzero(self.kept_pixels))

    def fits(self, X):
        """Compressed patterns are no images."""
        return False

    @property
    def image_shape(self):
        """tuple of int: Of the binned patterns."""
        return binned_shape(self.signal_shape, self.factor)

    def images(self, patterns):
        """Binned patterns.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n, n_kept_pixels)

        Returns
        -------
        numpy.ndarray, shape (n, *image_shape), float32
        """
        if self.kept_pixels is not None:
            whole = np.zeros((len(patterns), self.kept_pixels.size), patterns.dtype)
            whole[:, self.kept_pixels] = patterns
            patterns = whole
        return binned(patterns, self.signal_shape, self.factor)

    def encode(self, X, function):
        """Apply a function to the images of each block, and join what it gives.

        Parameters
        ----------
        X : PatternBlocks
        function : callable
            Of an array (n, *image_shape); gives arrays of n rows.

        Returns
        -------
        list of numpy.ndarray
            For all patterns.
        """

        def encode(patterns, rows):
            return [(rows, *function(self.images(patterns)))]

        return gathered(X.reduce(encode, joined, stage="Encoding patterns"))

    def source(self, X, device):
        """The same for training: held in memory, or streamed where they are too many.

        Parameters
        ----------
        X : PatternBlocks
        device : str or torch.device

        Returns
        -------
        Held or Streamed
        """
        if 2 * X.shape[0] * prod(self.image_shape) > _HELD_BYTES:
            return Streamed(self, X, device)
        return Held(*_tensors(self, X, lambda rows: rows), device)

    def known(self, X, sample):
        """What else the network is told: how many counts one electron gives.

        Integers are taken as electrons; for floats the noise itself tells.

        Parameters
        ----------
        X : PatternBlocks
        sample : torch.Tensor, shape (n, *image_shape)

        Returns
        -------
        dict
        """
        if X.dtype.kind != "f":
            return {}
        sample = sample.reshape(len(sample), -1).cpu().numpy()
        variance = compress_patterns(sample, random_state=0).noise_variance
        return {"gain": variance} if variance > 0 else {}

    def shares(self, decoded):
        """What part of its total each pixel of a decoded pattern has.

        Parameters
        ----------
        decoded : numpy.ndarray, shape (n, n_binned_pixels)
            Logarithms of the shares of binned pixels.

        Returns
        -------
        numpy.ndarray, shape (n, n_kept_pixels), float32
        """
        shares = expand(np.exp(decoded), self.signal_shape, self.factor)
        shares = shares.reshape(len(decoded), -1)
        if self.kept_pixels is not None:
            shares = shares[:, self.kept_pixels]
        return shares * inverse(shares.sum(axis=1, keepdims=True))


class Streamed:
    """Training patterns that are read again in each epoch, blocks in random order.

    Parameters
    ----------
    inputs : ImageInputs
    blocks : PatternBlocks
    device : str or torch.device
    """

    def __init__(self, inputs, blocks, device):
        self._inputs, self._blocks, self._device = inputs, blocks, device

    def divide(self, weights, n_held_out, batch_size, generator):
        """See :meth:`Held.divide`. At most 8,192 patterns are held out."""
        import torch

        n = self._blocks.shape[0]
        order = torch.randperm(n, generator=generator)
        if weights is not None:
            weights = torch.from_numpy(np.asarray(weights, dtype=np.float64))
            order = order[weights[order] > 0]
        n_held_out = min(n_held_out, _N_HELD_OUT)
        chosen = order[:n_held_out].numpy()
        self._trained = order[n_held_out:]
        first = self._trained[: self._inputs.n_sampled].numpy()
        self._weights = None if weights is None else weights[self._trained]
        place = np.full(n, -1)
        place[np.concatenate([chosen, first])] = np.arange(len(chosen) + len(first))
        images, totals = _tensors(self._inputs, self._blocks, lambda rows: place[rows])
        self._apart = Held(images, totals, self._device)
        self._apart.keep(
            torch.arange(n_held_out),
            None if weights is None else weights[order[:n_held_out]],
            generator,
        )
        self._sampled = torch.arange(n_held_out, len(images))
        self._batch_size = min(batch_size, len(self._trained))
        self.n_steps = len(self._trained) // self._batch_size

    def sample(self, n):
        """See :meth:`Held.sample`."""
        return self._apart.at(self._sampled[:n])

    def held_out(self):
        """Yield (inputs, totals) of patterns that are not trained on."""
        return self._apart.held_out()

    def all(self):
        """Yield (inputs, totals) of all patterns."""
        for patterns, _ in self._blocks.visit(range(self._blocks.n_blocks)):
            yield from self._batch(self._inputs.images(patterns), BATCH)

    def batches(self, generator):
        """Yield (inputs, totals) of one epoch, mixed within a pool of blocks."""
        import torch

        times = self._times(generator)
        order = torch.randperm(self._blocks.n_blocks, generator=generator).tolist()
        pool, n_pooled, n_yielded = [], 0, 0
        room = max(_POOL_BYTES // (4 * prod(self._inputs.image_shape)), 1)
        for number, (patterns, rows) in enumerate(self._blocks.visit(order), 1):
            repeated = np.repeat(np.arange(len(rows)), times[rows])
            pool.append(self._inputs.images(patterns[repeated]))
            n_pooled += len(repeated)
            if n_pooled < room and number < len(order):
                continue
            images = np.concatenate(pool)
            images = images[torch.randperm(len(images), generator=generator).numpy()]
            whole = len(images) // self._batch_size * self._batch_size
            for batch in self._batch(images[:whole], self._batch_size):
                if n_yielded < self.n_steps:
                    yield batch
                n_yielded += 1
            pool, n_pooled = [images[whole:]], len(images) - whole

    def _times(self, generator):
        """How often each pattern comes in an epoch."""
        times = np.zeros(self._blocks.shape[0], dtype=int)
        if self._weights is None:
            times[self._trained.numpy()] = 1
        else:
            picked = drawn(self._weights, len(self._trained), generator)
            np.add.at(times, self._trained[picked].numpy(), 1)
        return times

    def _batch(self, images, size):
        import torch

        for start in range(0, len(images), size):
            part = torch.from_numpy(images[start : start + size]).to(self._device)
            yield part, part.sum(dim=(1, 2))


def _tensors(inputs, blocks, place):
    """Images and totals of the rows that have a place, -1 being none, in one read."""
    import torch

    def collect(patterns, rows):
        places = place(rows)
        inside = places >= 0
        images = inputs.images(patterns[inside])
        totals = images.sum(axis=(1, 2))
        # Half the memory, where nothing is lost by it.
        whole = not images.size or (images.max() < 2**15 and patterns.dtype.kind != "f")
        return [(places[inside], images.astype(np.int16) if whole else images, totals)]

    pieces = blocks.reduce(collect, joined, stage="Binning patterns")
    dtype = np.result_type(*{images.dtype for _, images, _ in pieces})
    pieces = [(rows, images.astype(dtype), totals) for rows, images, totals in pieces]
    images, totals = gathered(pieces)
    return torch.from_numpy(images), torch.from_numpy(totals)
