"""Rounds of training and mapping: training goes where the maps disagree."""

import copy
from dataclasses import dataclass

import numpy as np
from scipy.stats import entropy
from sklearn.base import clone
from sklearn.utils.class_weight import compute_sample_weight

from hyperspy_4dphase.estimators.confidence._pattern_maps import PatternMaps

CONSISTENT = 0.9
"""From this confidence on a position is consistent."""

LEAST_RISE = 0.001
"""Rounds go on while consistent positions, or information, rise by more than this."""

# The next constants are historical: chosen by trial in 2026, not calibrated.
# How many times more often than others a position is drawn whose overlap is 0.
_EMPHASIS = 4.0
# Later trainings have one in so many of the epochs of the first, and so many at least.
_FIRST_EPOCHS_PER_LATER, _MIN_EPOCHS = 3, 2


@dataclass(frozen=True)
class Round:
    """What came of one round.

    Attributes
    ----------
    ensemble : MapEnsemble
        Fitted.
    report : dict of str to float
        As :func:`report_round` gives it.
    latent : numpy.ndarray, shape (n_patterns, latent_dim), or None
        Of a training of this round.
    vae : PatternVAE or None
        As fitted in this round; None if nothing was trained in it.
    weighted : bool
        Whether it was trained with sample weights.
    """

    ensemble: object
    report: dict
    latent: np.ndarray | None
    vae: object
    weighted: bool

    @property
    def sample_weight(self):
        """numpy.ndarray, shape (n_patterns,): For the next training."""
        return sample_weights(self.ensemble.labels_, self.ensemble.overlap_)


def report_round(ensemble, vae=None):
    """Sum up what came of a round.

    Parameters
    ----------
    ensemble : MapEnsemble
        Fitted.
    vae : PatternVAE, optional
        If something was trained.

    Returns
    -------
    dict of str to float
        ``"mean_confidence"``; ``"unassigned"`` and ``"consistent"``, parts of all
        positions; ``"information"`` of the posterior, in bits; ``"held_out_loss"``, NaN
        if nothing was trained.
    """
    loss = np.nan if vae is None else vae.loss_[vae.best_epoch_, 1]
    posterior = ensemble.posterior_[ensemble.consensus_ >= 0]
    confidence = ensemble.confidence_[~np.isnan(ensemble.confidence_)]
    return {
        "mean_confidence": float(confidence.mean()) if confidence.size else np.nan,
        "unassigned": float(np.mean(ensemble.labels_ < 0)),
        "consistent": float(np.mean(ensemble.confidence_ >= CONSISTENT)),
        "information": measure_information(posterior),
        "held_out_loss": float(loss),
    }


def measure_information(posterior):
    """Measure what a position's posterior tells of its domain on average, in bits.

    The entropy of how large domains are, less that of the posterior (mutual
    information). Sureness raises it, and what merges domains lowers it.

    Parameters
    ----------
    posterior : numpy.ndarray, shape (n_positions, n_domains)

    Returns
    -------
    float
        0 if there are no positions.
    """
    if not len(posterior) or np.isnan(posterior).any():
        return 0.0
    # What is of none of the domains is one more.
    rest = np.clip(1 - posterior.sum(axis=1, keepdims=True), 0, 1)
    posterior = np.hstack([posterior, rest])
    of_sizes = entropy(posterior.mean(axis=0), base=2)
    return float(of_sizes - entropy(posterior, axis=1, base=2).mean())


def run_rounds(
    ensemble,
    X,
    *,
    n_rounds=1,
    features=None,
    model=None,
    vae=None,
    patterns=None,
    sample_weight=None,
    reference=None,
    positions=None,
):
    """Train, map, find what is inconsistent, train again on more of that ([1]_).

    It ends after `n_rounds`, or when neither the share of consistent positions nor the
    information rises by more than `LEAST_RISE` any more. From the second training on,
    training goes on from the last weights, for a third of the epochs of the first one,
    at least 2, with :func:`sample_weights`.

    Parameters
    ----------
    ensemble : MapEnsemble
        Is cloned for each round, so that all rounds have the same seeds. Maps of the
        patterns themselves, which do not change, are made in the first round.
    X : CompressedPatterns
    n_rounds : int, default 1
    features : numpy.ndarray, shape (n_patterns, n_features), optional
        What the first round maps. By default the latent means after training `vae`,
        or `X` if there is no `vae`.
    model : Model, optional
        Of `features`, if they are latent means.
    vae : PatternVAE, optional
        What is trained. It is copied.
    patterns : CompressedPatterns or PatternBlocks, optional
        What `vae` is trained on.
    sample_weight : numpy.ndarray, shape (n_patterns,), optional
        For the first training.
    reference, positions : numpy.ndarray of int, optional
        Shapes (n_patterns,) and (n_patterns, n_axes); see :meth:`MapEnsemble.fit`.

    Returns
    -------
    best : Round
        The one with the most information: the share of consistent positions alone would
        prefer a round that has lost domains.
    reports : dict of str to numpy.ndarray
        As of :func:`report_round`, one value a round; no ``"held_out_loss"`` if nothing
        was trained; ``"best"``, an int, is the number of the round that is returned.

    References
    ----------
    .. [1] A. Bridger et al., npj Comput. Mater. 9 (2023),
       doi:10.1038/s41524-022-00960-y.
    """
    pattern_maps = PatternMaps(X, positions)
    reports, best, last, latent = [], None, None, None
    vae = copy.copy(vae)
    for number in range(n_rounds):
        trains = vae is not None and (number > 0 or features is None)
        if number > 0 and trains:
            sample_weight = last.sample_weight
        if number == 1 and trains:
            vae.set_params(warm_start=True, epochs=_find_later_epochs(vae))
        if trains:
            latent = features = vae.fit_transform(patterns, sample_weight=sample_weight)
            model = vae.model_
        fitted = clone(ensemble).fit(
            pattern_maps, features=features, model=model, reference=reference
        )
        trained = copy.copy(vae) if trains else None
        weighted = trains and sample_weight is not None
        last = Round(fitted, report_round(fitted, trained), latent, trained, weighted)
        reports.append(last.report)
        if best is None or last.report["information"] > best.report["information"]:
            best, index = last, number
        if number and not _has_risen(*reports[-2:]):
            break
    reports = {name: np.array([r[name] for r in reports]) for name in reports[0]}
    if np.isnan(reports["held_out_loss"]).all():
        del reports["held_out_loss"]
    return best, reports | {"best": index}


def sample_weights(labels, overlap):
    """How often positions are to be drawn for training: the inconsistent more often.

    Each domain is drawn as often as another, whatever its size, and a position up to
    five times as often as others of its domain: times ``1 + 4 (1 - overlap)``.
    Positions without a domain count as one more, but no position of these is drawn
    more often for it than those of the smallest domain.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n_patterns,)
        -1 is unassigned.
    overlap : numpy.ndarray of float, shape (n_patterns,)
        Agreement of the maps, 0 to 1.

    Returns
    -------
    numpy.ndarray of float, shape (n_patterns,)
        Above 0, with a mean of 1.

    Examples
    --------
    >>> import numpy as np
    >>> sample_weights(np.array([0, 0, 0, 1]), np.ones(4))
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    labels = np.asarray(labels)
    weights = compute_sample_weight("balanced", labels)
    assigned = labels >= 0
    if assigned.any():
        weights = np.minimum(weights, weights[assigned].max())
    weights = weights * (1 + _EMPHASIS * (1 - np.clip(overlap, 0, 1)))
    return weights / weights.mean()


def _find_later_epochs(vae):
    """Epochs of the trainings after the first; None leaves them to the estimator."""
    n = len(vae.loss_) if hasattr(vae, "loss_") else vae.epochs
    return None if n is None else max(n // _FIRST_EPOCHS_PER_LATER, _MIN_EPOCHS)


def _has_risen(before, now):
    names = "consistent", "information"
    return any(now[name] - before[name] > LEAST_RISE for name in names)
