"""What is mapped many times over: patterns, features, or an embedding and its model."""

import inspect
from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase._masks import (
    either_mask,
    excluded_patterns,
    excluded_pixels,
    same_mask,
)
from hyperspy_4dphase._scan import pattern_blocks
from hyperspy_4dphase.estimators.vae import PatternVAE
from hyperspy_4dphase.methods._compression import check_compression
from hyperspy_4dphase.methods._sources import check_enough, source_features
from hyperspy_4dphase.methods._training import (
    check_enough_to_train,
    checked_vae,
    checked_weights,
    rows_left,
)
from hyperspy_4dphase.signals._stored_model import NODE, StoredModel
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding

_SOURCES = "None, 'vae', 'rnmf', a dict of vae_embed()'s options, a LatentEmbedding"
# These the method has itself.
_OWN = {"random_state", "device"}


@dataclass
class ConfidenceSource:
    """A source that was checked, with the masks of the whole task.

    Attributes
    ----------
    features : numpy.ndarray, shape (n_kept, n_features), or None
        None for the compressed patterns, or for what has to be trained first.
    embedding : LatentEmbedding or None
        Whose latent means the features are.
    model : Model or None
        Of that embedding.
    vae : PatternVAE or None
        What can be trained.
    sample_weight : numpy.ndarray, shape (n_kept,), or None
        For the first training.
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks.
    """

    features: np.ndarray | None = None
    embedding: LatentEmbedding | None = None
    model: object = None
    vae: PatternVAE | None = None
    sample_weight: object = None
    excluded_patterns: np.ndarray | None = None
    excluded_pixels: np.ndarray | None = None

    @property
    def has_model(self):
        """bool: Whether there is, or will be, a decoder to distort features with."""
        return self.model is not None or self.vae is not None

    @property
    def latent_dim(self):
        """int or None: Dimensions of that latent space."""
        if self.model is not None:
            return self.model.latent_dim
        return None if self.vae is None else self.vae.latent_dim

    def leave_out(self, patterns, pixels):
        """Leave out what masks exclude beyond those of the source.

        Parameters
        ----------
        patterns, pixels : numpy.ndarray of bool, or None
            Flat masks, which exclude what the source does.
        """
        weights = self.sample_weight
        self.sample_weight = rows_left(weights, self.excluded_patterns, patterns)
        self.features = rows_left(self.features, self.excluded_patterns, patterns)
        self.excluded_patterns, self.excluded_pixels = patterns, pixels

    def training_patterns(self, signal, compression, progress):
        """What `vae` is trained on: the compressed scan, if it can be, or the scan.

        Parameters
        ----------
        signal : hyperspy.signal.BaseSignal
        compression : Compression
        progress : callable

        Returns
        -------
        CompressedPatterns, PatternBlocks or None
        """
        if self.vae is None:
            return None
        fits = self.vae.architecture == "compressed"
        if self.model is not None:
            fits = self.model.inputs.fits(compression.patterns)
        if fits:
            return compression.patterns
        return pattern_blocks(
            signal,
            self.excluded_patterns,
            self.excluded_pixels,
            progress,
            allow_negative=False,
        )


def confidence_source(signal, source, seed, device, n_rounds):
    """Check a source, before anything is read.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
        The scan. Only its axes and `learning_results` are looked at.
    source : object
        See :func:`domain_confidence`.
    seed : int or numpy.random.RandomState
    device : str or torch.device
    n_rounds : int

    Returns
    -------
    ConfidenceSource
        Its features are those of all positions, NaN where there are none.

    Raises
    ------
    TypeError, ValueError
        If it is nothing of this kind, of another scan, or cannot be trained but
        `n_rounds` is above 1.
    """
    found = _source(signal, source, _integer(seed), device, n_rounds)
    if n_rounds > 1 and found.vae is None:
        what = type(source).__name__ if not isinstance(source, str) else repr(source)
        what = "None" if source is None else what
        if isinstance(source, LatentEmbedding):
            what += " without its model"
        raise ValueError(
            f"n_rounds={n_rounds}, but there is no embedding to train again: source is "
            f"{what}. Take source='vae', a dict of vae_embed()'s options, or a "
            "LatentEmbedding with its model."
        )
    return found


def mask_source(
    found, signal, compression, navigation_mask, signal_mask, given, poissonian=None
):
    """Find the masks of the whole task, and leave out of the source what they exclude.

    Parameters
    ----------
    found : ConfidenceSource
        It is completed.
    signal : hyperspy.signal.BaseSignal
    compression : Compression or None
        Its masks are taken.
    navigation_mask, signal_mask : optional
        What the user gave.
    given : GivenDomains or None
    poissonian : bool, optional
        Whether the user wants counting noise scaled.

    Raises
    ------
    TypeError, ValueError
        If masks are wrong, leave too little, or do not suit one another.
    """
    own_pixels, missing = found.excluded_pixels, None
    if found.features is not None:
        missing = np.isnan(found.features).any(axis=1)
    if compression is not None:
        check_compression(compression, signal, navigation_mask, signal_mask, poissonian)
        patterns, pixels = compression.excluded_patterns, compression.excluded_pixels
        _check_missing(missing, patterns)
    else:
        given_patterns = None if given is None else given.excluded_patterns
        patterns = either_mask(
            excluded_patterns(signal, navigation_mask), missing, given_patterns
        )
        pixels = excluded_pixels(signal, signal_mask)
        if pixels is None or signal_mask is None:
            given_pixels = None if given is None else given.excluded_pixels
            others = given_pixels if own_pixels is None else own_pixels
            pixels = either_mask(pixels, others)
    check_enough(signal, patterns)
    found.excluded_patterns, found.excluded_pixels = patterns, pixels
    if found.features is not None and patterns is not None:
        found.features = found.features[~patterns]
    if found.vae is not None:
        _check_trainable(found, signal, own_pixels)


def _source(signal, source, seed, device, n_rounds):
    if source is None:
        return ConfidenceSource()
    if isinstance(source, dict) or (isinstance(source, str) and source == "vae"):
        options = source if isinstance(source, dict) else {}
        return _to_train(signal, options, seed, device)
    if isinstance(source, str) and source != "rnmf":
        raise ValueError(
            f"source={source!r}; expected {_SOURCES}, or another signal or array."
        )
    features, pixels = source_features(signal, source)
    found = ConfidenceSource(features, excluded_pixels=pixels)
    if isinstance(source, LatentEmbedding):
        found.embedding = source
        _add_model(found, signal, seed, device, n_rounds)
    return found


def _to_train(signal, options, seed, device):
    names = inspect.signature(checked_vae).parameters
    known = [n for n in names if n not in {"signal", *_OWN}] + ["sample_weight"]
    unknown = [str(name) for name in options if name not in known]
    if unknown:
        raise ValueError(
            f"source has the keys {', '.join(unknown)}; expected options of "
            f"vae_embed(): {', '.join(known)}. Masks, seed, device and progress are "
            "those of domain_confidence()."
        )
    options = dict(options)
    weights = options.pop("sample_weight", None)
    vae = checked_vae(signal, random_state=seed, device=device, **options)
    return ConfidenceSource(vae=vae, sample_weight=weights)


def _add_model(found, signal, seed, device, n_rounds):
    """The model of an embedding, ready to be trained if it is to be."""
    embedding = found.embedding
    if not embedding.metadata.has_item(NODE):
        return
    stored = StoredModel.of(embedding)
    if not stored.get("model"):
        return
    found.model = stored.model(embedding.latent_dim, device)
    if n_rounds == 1:
        return
    stored.check_detector(signal)
    losses, record = stored.get("loss"), stored.get("provenance") or {}
    parameters = record.get("parameters", {})
    found.vae = PatternVAE.from_model(
        found.model,
        random_state=seed,
        epochs=None if losses is None else len(np.atleast_2d(losses)),
        **{n: parameters[n] for n in ("beta", "learning_rate") if n in parameters},
    )


def _check_missing(missing, excluded):
    if missing is None:
        return
    lost = missing if excluded is None else missing & ~excluded
    if lost.any():
        raise ValueError(
            f"source is NaN at {int(lost.sum())} probe positions that compression has "
            "not masked: compress the scan with these in its navigation_mask, or leave "
            "compression out."
        )


def _check_trainable(found, signal, own_pixels):
    pixels = found.excluded_pixels
    if found.model is not None and not same_mask(pixels, own_pixels):
        raise ValueError(
            "The embedding was trained with another signal_mask: to train it again, "
            "leave signal_mask out."
        )
    found.sample_weight = checked_weights(
        signal, found.sample_weight, found.excluded_patterns
    )
    check_enough_to_train(
        signal, found.vae, found.excluded_patterns, pixels, found.sample_weight
    )


def _integer(seed):
    """A seed for trainings: the same in all rounds, so that the same is held out."""
    if isinstance(seed, np.random.RandomState):
        return int(seed.randint(2**31 - 1))
    return seed
