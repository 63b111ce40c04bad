"""How the variational autoencoder is trained.

This module imports torch: it is imported only where something is trained.
"""

import copy
import math
import warnings
from dataclasses import dataclass

import torch
from sklearn.exceptions import ConvergenceWarning

_FLATNESS = 10.0
_STEP = 0.02
_REACH = 0.1


@dataclass
class Schedule:
    """What is done in a training.

    Attributes
    ----------
    epochs : int
        At most so many.
    patience : int
        Epochs without a better held-out loss after which it stops.
    learning_rate : float
        The largest: it rises to this and falls again.
    beta : float
        Weight of the divergence from the prior.
    n_flattened : int
        At how many points of a batch flatness is judged.
    """

    epochs: int
    patience: int
    learning_rate: float
    beta: float
    n_flattened: int


@dataclass
class History:
    """What came of a training: losses per pattern, one for each epoch, and the end."""

    training: list
    held_out: list
    best: int
    stopped: str


def train(network, source, schedule, generator, callback=None):
    """Train a network, and leave in it the weights of its best epoch.

    The loss is the negative evidence lower bound of a pattern: its misfit plus `beta`
    times the divergence of its latent distribution from a standard normal one, which
    is weighted up to `beta` over the first epochs so that no dimension collapses. To
    this comes how unevenly the decoder stretches latent space ([1]_): equal distances
    then mean equally different patterns, between the domains too.

    Parameters
    ----------
    network : Autoencoder
    source : object
        Gives ``batches(generator)`` and ``held_out()``: (inputs, totals) tensors;
        ``n_steps`` batches an epoch.
    schedule : Schedule
    generator : torch.Generator
        On the CPU.
    callback : callable, optional
        ``callback(epoch, epochs, training, held_out)``.

    Returns
    -------
    History

    Raises
    ------
    RuntimeError
        If the loss is not finite in the first epoch.

    References
    ----------
    .. [1] N. Chen, A. Klushyn, F. Ferroni, J. Bayer, P. van der Smagt, Learning flat
       latent manifolds with VAEs, arXiv:2002.04881 (2020).
    """
    n_steps = schedule.epochs * source.n_steps
    optimizer = torch.optim.Adam(
        network.parameters(), lr=schedule.learning_rate, fused=True
    )
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, _one_cycle(n_steps))
    warm_up = max(1, schedule.epochs // 20)
    history = History([], [], -1, "")
    best = None
    try:
        for epoch in range(schedule.epochs):
            beta = schedule.beta * min(1.0, (epoch + 1) / warm_up)
            network.train()
            training = _epoch(
                network, source, schedule, beta, optimizer, rate, generator
            )
            network.eval()
            held_out = evaluate(network, source.held_out(), schedule.beta)
            if not (math.isfinite(training) and math.isfinite(held_out)):
                history.stopped = f"the loss was not finite in epoch {epoch + 1}"
                break
            history.training.append(training)
            history.held_out.append(held_out)
            # Losses of the warm-up do not compare: the last one is the best so far.
            if epoch < warm_up or held_out < history.held_out[history.best]:
                history.best = epoch
                best = copy.deepcopy(network.state_dict())
            if callback is not None:
                callback(epoch + 1, schedule.epochs, training, held_out)
            if epoch - history.best >= schedule.patience:
                break
    except KeyboardInterrupt:
        if best is None:
            raise
        history.stopped = f"it was interrupted in epoch {len(history.training) + 1}"
    _finish(network, history, best, schedule)
    return history


@torch.no_grad()
def evaluate(network, batches, beta=1.0):
    """Mean negative evidence lower bound of patterns, with noise of its own.

    Parameters
    ----------
    network : Autoencoder
    batches : iterable of (inputs, totals)
    beta : float, optional

    Returns
    -------
    float
    """
    generator = torch.Generator().manual_seed(0)
    total, n = 0.0, 0
    for inputs, *_ in batches:
        mean, log_variance, latent = _sample(network, inputs, inputs, generator)
        loss = network.shapes.misfit(inputs, network.shapes.decode(latent))
        loss = loss + beta * divergence(mean, log_variance).sum(dim=1)
        total += float(loss.double().sum())
        n += len(inputs)
    return total / max(n, 1)


def divergence(mean, log_variance):
    """Kullback-Leibler divergence from a standard normal one, for each dimension."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def _epoch(network, source, schedule, beta, optimizer, rate, generator):
    total, n = 0.0, 0
    for inputs, totals in source.batches(generator):
        with torch.autocast(
            inputs.device.type, torch.bfloat16, enabled=inputs.device.type == "cuda"
        ):
            noisy = network.shapes.augment(inputs, generator)
            mean, log_variance, latent = _sample(network, noisy, inputs, generator)
            decoded = network.shapes.decode(latent)
        misfit = network.shapes.misfit(inputs, decoded.float())
        loss = misfit.mean() + beta * divergence(mean, log_variance).sum(dim=1).mean()
        uneven = _unevenness(network, mean, schedule.n_flattened, generator)
        dim = network.brightness.misfit(mean.detach().float(), totals).mean()
        optimizer.zero_grad()
        (loss + _FLATNESS * uneven + dim).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimizer.step()
        rate.step()
        total += float(loss.detach()) * len(inputs)
        n += len(inputs)
    return total / max(n, 1)


def _sample(network, noisy, inputs, generator):
    mean, log_variance = network.shapes.encode(noisy)
    mean, log_variance = mean.float(), log_variance.float()
    noise = torch.randn(mean.shape, generator=generator).to(mean.device)
    return mean, log_variance, mean + (0.5 * log_variance).exp() * noise


def _unevenness(network, mean, n_points, generator):
    """Variance of the logarithm of how much the decoder stretches a small step."""
    if len(mean) < 2 or not n_points:
        return mean.new_zeros(())
    order = torch.randperm(len(mean), generator=generator)[:n_points]
    other = torch.randperm(len(mean), generator=generator)[: len(order)]
    share = torch.rand(len(order), 1, generator=generator) * (1 + 2 * _REACH) - _REACH
    share = share.to(mean.device)
    # Between the patterns too, where there are none: that is where domains part.
    points = mean.detach()
    points = share * points[order] + (1 - share) * points[other]
    step = torch.randn(points.shape, generator=generator).to(mean.device)
    step = _STEP * step / torch.linalg.vector_norm(step, dim=1, keepdim=True)
    ends = network.shapes.decode(torch.cat([points + step, points - step])).float()
    one, two = network.shapes.embed(ends).chunk(2)
    stretch = (torch.linalg.vector_norm(one - two, dim=1) + 1e-9).log()
    return stretch.var(unbiased=False)


def _one_cycle(n_steps):
    """Share of the largest learning rate at each step."""
    n_rising = max(1, n_steps // 10)

    def share(step):
        if step < n_rising:
            return 0.04 + 0.96 * (1 - math.cos(math.pi * step / n_rising)) / 2
        done = (step - n_rising) / max(1, n_steps - n_rising)
        return max((1 + math.cos(math.pi * done)) / 2, 1e-4)

    return share


def _finish(network, history, best, schedule):
    if best is None:
        raise RuntimeError(
            f"Training failed: {history.stopped}, with learning_rate="
            f"{schedule.learning_rate:g} and beta={schedule.beta:g}. A smaller "
            "learning_rate may help. Nothing was changed."
        )
    network.load_state_dict(best)
    network.eval()
    if history.stopped:
        warnings.warn(
            f"Training stopped early: {history.stopped}. What is returned is the best "
            f"of the {len(history.training)} epochs before, epoch {history.best + 1}.",
            ConvergenceWarning,
            stacklevel=5,
        )
