"""How the variational autoencoder is trained.

This module imports torch: it is imported only where something is trained.
"""

import copy
import math
import warnings
from dataclasses import dataclass

import torch
from sklearn.exceptions import ConvergenceWarning

# Weight, in nats, of the variance of the logarithm of how the decoder stretches space.
# Historical: chosen by trial in 2026, not calibrated.
_FLATNESS = 10.0
# Half the distance over which stretching is judged, in standard deviations of the
# prior. Historical: chosen by trial in 2026, not calibrated.
_STEP = 0.02
# How far beyond two patterns it is judged too, as a part of their distance.
# Historical: chosen by trial in 2026, not calibrated.
_REACH = 0.1
# The part of the epochs (1 in so many) in which the divergence gains its full weight.
# Historical: chosen by trial in 2026, not calibrated.
_EPOCHS_PER_WARM_UP = 20
# Gradients longer than this are cut. Historical: chosen by trial in 2026, not
# calibrated.
_MAX_GRADIENT = 10.0
# The learning rate rises in the first one of so many steps, from and to parts of the
# largest. Historical: chosen by trial in 2026, not calibrated.
_STEPS_PER_RISE = 10
_FIRST_RATE = 0.04
_LAST_RATE = 1e-4


@dataclass
class History:
    """What came of a training: losses per pattern, one for each epoch, and the end."""

    training: list
    held_out: list
    best: int
    stopped: str


def train(network, source, plan, n_flattened, generator, callback=None):
    """Train a network, and leave in it the weights of its best epoch.

    The loss is the negative evidence lower bound of a pattern: its misfit plus `beta`
    times the divergence of its latent distribution from a standard normal one, which
    is weighted up to `beta` over the first epochs so that no dimension collapses. To
    this comes how unevenly the decoder stretches latent space ([1]_): equal distances
    then mean equally different patterns, between the domains too.

    Parameters
    ----------
    network : Autoencoder
    source : PatternSource
        Divided.
    plan : TrainingPlan
    n_flattened : int
        At how many points of a batch flatness is judged.
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
    n_steps = plan.epochs * source.n_steps
    optimizer = torch.optim.Adam(
        network.parameters(), lr=plan.learning_rate, fused=True
    )
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, _make_one_cycle(n_steps))
    warm_up = max(1, plan.epochs // _EPOCHS_PER_WARM_UP)
    history = History([], [], -1, "")
    best = None
    try:
        for epoch in range(plan.epochs):
            beta = plan.beta * min(1.0, (epoch + 1) / warm_up)
            network.train()
            training = _train_epoch(
                network, source, beta, n_flattened, optimizer, rate, generator
            )
            network.eval()
            held_out = evaluate(network, source.held_out(), plan.beta)
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
                callback(epoch + 1, plan.epochs, training, held_out)
            if epoch - history.best >= plan.patience:
                break
    except KeyboardInterrupt:
        if best is None:
            raise
        history.stopped = f"it was interrupted in epoch {len(history.training) + 1}"
    _finish(network, history, best, plan)
    return history


@torch.no_grad()
def evaluate(network, batches, beta=1.0):
    """Compute the mean negative evidence lower bound of patterns.

    The noise is the same in each call.

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
        mean, log_variance, latent = _sample(network, inputs, generator)
        loss = network.shapes.measure_misfit(inputs, network.shapes.decode(latent))
        loss = loss + beta * compute_divergence(mean, log_variance).sum(dim=1)
        total += float(loss.double().sum())
        n += len(inputs)
    return total / max(n, 1)


def compute_divergence(mean, log_variance):
    """Compute the divergence (Kullback-Leibler) from a standard normal distribution.

    Parameters
    ----------
    mean, log_variance : torch.Tensor, shape (n_patterns, latent_dim)

    Returns
    -------
    torch.Tensor, shape (n_patterns, latent_dim)
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def _train_epoch(network, source, beta, n_flattened, optimizer, rate, generator):
    total, n = 0.0, 0
    for inputs, totals in source.batches(generator):
        # Images only: what is compressed is computed as fast in single precision.
        on_gpu = inputs.device.type == "cuda" and inputs.ndim > 2
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=on_gpu):
            noisy = network.shapes.augment(inputs, generator)
            mean, log_variance, latent = _sample(network, noisy, generator)
            decoded = network.shapes.decode(latent)
        misfit = network.shapes.measure_misfit(inputs, decoded.float())
        divergence = compute_divergence(mean, log_variance).sum(dim=1)
        loss = misfit.mean() + beta * divergence.mean()
        uneven = _measure_unevenness(network, mean, n_flattened, generator)
        brightness = network.brightness.measure_misfit(mean.detach(), totals).mean()
        optimizer.zero_grad()
        (loss + _FLATNESS * uneven + brightness).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _MAX_GRADIENT)
        optimizer.step()
        rate.step()
        total += float(loss.detach()) * len(inputs)
        n += len(inputs)
    return total / max(n, 1)


def _sample(network, inputs, generator):
    """Encode patterns, and draw a point for each of them.

    Returns
    -------
    mean, log_variance, latent : torch.Tensor, shape (n, latent_dim)
    """
    mean, log_variance = network.shapes.encode(inputs)
    mean, log_variance = mean.float(), log_variance.float()
    noise = torch.randn(mean.shape, generator=generator).to(mean.device)
    return mean, log_variance, mean + (0.5 * log_variance).exp() * noise


def _measure_unevenness(network, mean, n_points, generator):
    """Variance of the logarithm of how much the decoder stretches a small step."""
    if len(mean) < 2:
        return mean.new_zeros(())
    order = torch.randperm(len(mean), generator=generator)[:n_points]
    other = torch.randperm(len(mean), generator=generator)[: len(order)]
    fraction = torch.rand(len(order), 1, generator=generator)
    fraction = (fraction * (1 + 2 * _REACH) - _REACH).to(mean.device)
    # Between the patterns too, where there are none: that is where domains part.
    points = mean.detach()
    points = fraction * points[order] + (1 - fraction) * points[other]
    step = torch.randn(points.shape, generator=generator).to(mean.device)
    step = _STEP * step / torch.linalg.vector_norm(step, dim=1, keepdim=True)
    ends = network.shapes.decode(torch.cat([points + step, points - step])).float()
    one, two = network.shapes.embed(ends).chunk(2)
    stretch = (torch.linalg.vector_norm(one - two, dim=1) + 1e-9).log()
    return stretch.var(unbiased=False)


def _make_one_cycle(n_steps):
    """Make a function that gives the learning rate of a step, as a part of the largest.

    `torch.optim.lr_scheduler.OneCycleLR` ends at zero one step later.
    """
    n_rising = max(1, n_steps // _STEPS_PER_RISE)

    def rate(step):
        if step < n_rising:
            rise = (1 - math.cos(math.pi * step / n_rising)) / 2
            return _FIRST_RATE + (1 - _FIRST_RATE) * rise
        done = (step - n_rising) / max(1, n_steps - n_rising)
        return max((1 + math.cos(math.pi * done)) / 2, _LAST_RATE)

    return rate


def _finish(network, history, best, plan):
    if best is None:
        raise RuntimeError(
            f"Training failed: {history.stopped}, with learning_rate="
            f"{plan.learning_rate:g} and beta={plan.beta:g}. A smaller "
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
