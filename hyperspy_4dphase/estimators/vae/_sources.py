"""Batches of patterns for training: held in memory, or read again in each epoch.

This module imports torch: it is imported only where something is trained or encoded.
"""

from math import prod
from operator import add

import numpy as np
import torch

from hyperspy_4dphase._accumulator import gather_rows
from hyperspy_4dphase.estimators._device_copies import copy_in_background

# Patterns that are encoded or decoded at once.
BATCH = 512
# Memory for the images that a streamed epoch mixes, in bytes.
_POOL_BYTES = 2**28
# Part of the free memory of a GPU in which patterns are held, if they fit.
_HELD_ON_DEVICE = 0.25
# Most patterns that are held out of a streamed training: they stay in memory.
_MAX_HELD_OUT = 8192


class PatternSource:
    """Patterns in batches, some of them held out.

    Parameters
    ----------
    n_patterns : int
    device : str or torch.device
        Where batches go.
    """

    def __init__(self, n_patterns, device):
        self._n_patterns, self._device = n_patterns, device

    def divide(self, weights, n_held_out, batch_size, generator):
        """Choose the patterns that are not trained on.

        Parameters
        ----------
        weights : numpy.ndarray, shape (n_patterns,), or None
            How often a pattern is drawn, up to a factor. Without, each is drawn once an
            epoch.
        n_held_out, batch_size : int
        generator : torch.Generator
        """
        rows = torch.randperm(self._n_patterns, generator=generator)
        self._weights = None
        if weights is not None:
            weights = torch.from_numpy(np.asarray(weights, dtype=np.float64))
            rows = rows[weights[rows] > 0]
        self._held_out, self._trained = rows[:n_held_out], rows[n_held_out:]
        if weights is not None:
            self._weights = weights[self._trained]
            # Weighted as in training, so that the losses compare.
            picked = draw(weights[self._held_out], len(self._held_out), generator)
            self._held_out = self._held_out[picked]
        self._batch_size = min(batch_size, len(self._trained))
        self.n_steps = len(self._trained) // self._batch_size

    def sample(self, n):
        """(inputs, totals) of `n` patterns trained on at most, to begin with."""
        return self._get(self._trained[:n])

    def held_out(self):
        """Yield (inputs, totals) of patterns that are not trained on."""
        return self._deliver(self._held_out.split(BATCH))

    def _deliver(self, batches):
        """Yield (inputs, totals) of rows, each batch on its way while one is in use."""
        for inputs, totals in copy_in_background(
            map(self._take, batches), self._device
        ):
            yield inputs.float(), totals

    def _get(self, rows):
        return next(self._deliver([rows]))


class HeldPatterns(PatternSource):
    """Patterns that are held in memory.

    Parameters
    ----------
    inputs : torch.Tensor, shape (n_patterns, ...)
    totals : torch.Tensor, shape (n_patterns,)
    device : str or torch.device
        Where batches go.
    """

    def __init__(self, inputs, totals, device):
        super().__init__(len(inputs), device)
        if _fits(inputs, device):
            inputs, totals = inputs.to(device), totals.to(device)
        self._inputs, self._totals = inputs, totals

    def batches(self, generator):
        """Yield (inputs, totals) of one epoch."""
        n = len(self._trained)
        if self._weights is None:
            order = torch.randperm(n, generator=generator)
        else:
            order = draw(self._weights, n, generator)
        rows = self._trained[order][: self.n_steps * self._batch_size]
        return self._deliver(rows.split(self._batch_size))

    def all(self):
        """Yield (inputs, totals) of all patterns."""
        return self._deliver(torch.arange(self._n_patterns).split(BATCH))

    def _take(self, rows):
        rows = rows.to(self._inputs.device)
        return self._inputs[rows], self._totals[rows]


class StreamedPatterns(PatternSource):
    """Patterns that are read again in each epoch, blocks in random order.

    Parameters
    ----------
    inputs : ImageInputs
    blocks : PatternBlocks
    device : str or torch.device
        Where batches go.
    """

    def __init__(self, inputs, blocks, device):
        super().__init__(blocks.shape[0], device)
        self._inputs, self._blocks = inputs, blocks

    def divide(self, weights, n_held_out, batch_size, generator):
        """See :meth:`PatternSource.divide`. At most 8,192 patterns are held out."""
        n_held_out = min(n_held_out, _MAX_HELD_OUT)
        super().divide(weights, n_held_out, batch_size, generator)
        first = self._trained[: self._inputs.n_sampled]
        rows = torch.cat([self._held_out, first]).unique().numpy()
        places = np.full(self._n_patterns, -1)
        places[rows] = np.arange(len(rows))
        self._places = torch.from_numpy(places)
        self._kept = read_images(self._inputs, self._blocks, places)

    def batches(self, generator):
        """Yield (inputs, totals) of one epoch, mixed within a pool of blocks."""
        return self._send(self._mix(generator))

    def _mix(self, generator):
        times = self._draw_times(generator)
        order = torch.randperm(self._blocks.n_blocks, generator=generator).tolist()
        room = max(_POOL_BYTES // (4 * prod(self._inputs.image_shape)), 1)
        pool, n_pooled = [], 0
        for number, (patterns, rows) in enumerate(self._blocks.visit(order), 1):
            pool.append(
                self._inputs.bin_patterns(np.repeat(patterns, times[rows], axis=0))
            )
            n_pooled += len(pool[-1])
            if n_pooled < room and number < len(order):
                continue
            images = np.concatenate(pool)
            images = images[torch.randperm(len(images), generator=generator).numpy()]
            n_full = len(images) // self._batch_size * self._batch_size
            yield from _split(images[:n_full], self._batch_size)
            pool, n_pooled = [images[n_full:]], len(images) - n_full

    def all(self):
        """Yield (inputs, totals) of all patterns."""
        order = range(self._blocks.n_blocks)
        images = (
            self._inputs.bin_patterns(part) for part, _ in self._blocks.visit(order)
        )
        return self._send(part for own in images for part in _split(own, BATCH))

    def _send(self, batches):
        for (part,) in copy_in_background(batches, self._device):
            yield part, part.sum(dim=(1, 2))

    def _take(self, rows):
        return tuple(kept[self._places[rows]] for kept in self._kept)

    def _draw_times(self, generator):
        """Draw how often each pattern comes in an epoch."""
        rows = self._trained
        if self._weights is not None:
            rows = rows[draw(self._weights, len(rows), generator)]
        return np.bincount(rows.numpy(), minlength=self._n_patterns)


def _split(images, size):
    for start in range(0, len(images), size):
        yield (torch.from_numpy(images[start : start + size]),)


def _fits(inputs, device):
    """Whether a GPU has room for all inputs."""
    if torch.device(device).type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return inputs.nbytes < _HELD_ON_DEVICE * free


def read_images(inputs, blocks, places):
    """Read images into memory.

    Parameters
    ----------
    inputs : ImageInputs
    blocks : PatternBlocks
    places : numpy.ndarray of int, shape (n_patterns,)
        Where the image of each pattern is put; -1 for those that are not kept.

    Returns
    -------
    images : torch.Tensor, shape (n_kept, *image_shape), int16 or float32
    totals : torch.Tensor, shape (n_kept,)
    """

    def collect(patterns, rows):
        inside = places[rows] >= 0
        images = inputs.bin_patterns(patterns[inside])
        totals = images.sum(axis=(1, 2))
        # Half the memory, where nothing is lost by it.
        fits = not images.size or (images.max() < 2**15 and patterns.dtype.kind != "f")
        dtype = np.int16 if fits else images.dtype
        return [(places[rows][inside], images.astype(dtype, copy=False), totals)]

    pieces = blocks.reduce(collect, add, stage="Binning patterns")
    dtype = np.result_type(*{images.dtype for _, images, _ in pieces})
    pieces = [(place, images.astype(dtype), totals) for place, images, totals in pieces]
    return tuple(map(torch.from_numpy, gather_rows(pieces)))


def draw(weights, n, generator):
    """Draw indices with replacement; `torch.multinomial` takes 2**24 weights at most.

    Parameters
    ----------
    weights : torch.Tensor, shape (n_weights,)
    n : int
    generator : torch.Generator

    Returns
    -------
    torch.Tensor of int, shape (n,)
    """
    edges = torch.cumsum(weights, 0)
    positions = torch.rand(n, generator=generator, dtype=torch.float64) * edges[-1]
    return torch.searchsorted(edges, positions).clamp(max=len(weights) - 1)
