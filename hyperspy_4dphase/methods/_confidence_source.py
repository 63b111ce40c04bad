"""What is mapped many times over: patterns, features, or an embedding and its model."""

import inspect
from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase._masks import either_mask, same_mask
from hyperspy_4dphase.estimators.vae import PatternVAE
from hyperspy_4dphase.methods._autoencoder import check_vae, check_weights, rows_left
from hyperspy_4dphase.methods._sources import source_features
from hyperspy_4dphase.signals._stored_model import NODE, StoredModel
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding

_SOURCES = "None, 'vae', 'rnmf', a dict of vae_embed()'s options, a LatentEmbedding"
# These the method has itself.
_OWN = {"random_state", "device"}


@dataclass
class ConfidenceSource:
    """A source that was checked.

    Attributes
    ----------
    features : numpy.ndarray, shape (n_patterns, n_features), or None
        None for the compressed patterns, or for what has to be trained first. Of all
        positions, NaN where there are none, until :meth:`fit_to`.
    embedding : LatentEmbedding or None
        Whose latent means the features are.
    model : Model or None
        Of that embedding.
    vae : PatternVAE or None
        What can be trained.
    sample_weight : object
        For the first training: what the user gave, until :meth:`fit_to`.
    excluded_pixels : numpy.ndarray of bool, or None
        Flat mask of what the source has left out of the patterns.
    """

    features: np.ndarray | None = None
    embedding: LatentEmbedding | None = None
    model: object = None
    vae: PatternVAE | None = None
    sample_weight: object = None
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

    def mask(self, scan, given, is_masked):
        """Leave out of a scan what the source, or given domains, leave out.

        Parameters
        ----------
        scan : Scan
        given : GivenDomains or None
        is_masked : bool
            Whether the user gave a `signal_mask`, which takes the place of others.

        Returns
        -------
        Scan
        """
        patterns, pixels = scan.excluded_patterns, scan.excluded_pixels
        if self.features is not None:
            patterns = either_mask(patterns, np.isnan(self.features).any(axis=1))
        others = self.excluded_pixels
        if given is not None:
            patterns = either_mask(patterns, given.excluded_patterns)
            others = given.excluded_pixels if others is None else others
        if pixels is None or not is_masked:
            pixels = either_mask(pixels, others)
        return scan.masked(patterns, pixels)

    def fit_to(self, scan):
        """Keep what belongs to the patterns of a scan, and check that it suffices.

        Parameters
        ----------
        scan : Scan

        Raises
        ------
        TypeError, ValueError
            If there is nothing for some of its positions, or too little to train.
        """
        if self.features is not None:
            self.features = self.features[scan.kept_patterns]
            n_missing = int(np.isnan(self.features).any(axis=1).sum())
            if n_missing:
                raise ValueError(
                    f"source is NaN at {n_missing} probe positions that compression "
                    "has not masked: compress the scan with these in its "
                    "navigation_mask, or leave compression out."
                )
        if self.vae is None:
            return
        if self.model is not None and not same_mask(
            scan.excluded_pixels, self.excluded_pixels
        ):
            raise ValueError(
                "The embedding was trained with another signal_mask: to train it "
                "again, leave signal_mask out."
            )
        self.sample_weight = check_weights(scan, self.sample_weight)
        self.vae.check_enough(*scan.shape, self.sample_weight)

    def leave_out(self, before, after):
        """Leave out what more masks exclude.

        Parameters
        ----------
        before, after : Scan
        """
        self.sample_weight = rows_left(self.sample_weight, before, after)
        self.features = rows_left(self.features, before, after)

    def fits(self, compression):
        """Whether `vae` can be trained on a compressed scan.

        Parameters
        ----------
        compression : Compression

        Returns
        -------
        bool
        """
        if self.model is not None:
            return self.model.inputs.fits(compression.patterns)
        return self.vae is not None and self.vae.architecture == "compressed"

    def training_patterns(self, scan, compression, progress):
        """What `vae` is trained on: the compressed scan, if it can be, or the scan.

        Parameters
        ----------
        scan : Scan
        compression : Compression
        progress : Progress

        Returns
        -------
        CompressedPatterns, PatternBlocks or None
        """
        if self.vae is None:
            return None
        self.vae.set_params(callback=progress.losses)
        if self.fits(compression):
            return compression.patterns
        return scan.blocks(progress, allow_negative=False)


def confidence_source(scan, source, device, n_rounds):
    """Check a source, before anything is read.

    Parameters
    ----------
    scan : Scan
        Only its axes and `learning_results` are looked at.
    source : object
        See :func:`domain_confidence`.
    device : str or torch.device
    n_rounds : int

    Returns
    -------
    ConfidenceSource

    Raises
    ------
    TypeError, ValueError
        If it is nothing of this kind, of another scan, or cannot be trained but
        `n_rounds` is above 1.
    """
    found = _source(scan, source, device, n_rounds)
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


def _source(scan, source, device, n_rounds):
    if source is None:
        return ConfidenceSource()
    if isinstance(source, dict) or (isinstance(source, str) and source == "vae"):
        options = source if isinstance(source, dict) else {}
        return _to_train(scan, options, device)
    if isinstance(source, str) and source != "rnmf":
        raise ValueError(
            f"source={source!r}; expected {_SOURCES}, or another signal or array."
        )
    features, pixels = source_features(scan, source)
    found = ConfidenceSource(features, excluded_pixels=pixels)
    if isinstance(source, LatentEmbedding):
        found.embedding = source
        _add_model(found, scan, device, n_rounds)
    return found


def _to_train(scan, options, device):
    names = inspect.signature(check_vae).parameters
    known = [n for n in names if n not in {"scan", *_OWN}] + ["sample_weight"]
    unknown = [str(name) for name in options if name not in known]
    if unknown:
        raise ValueError(
            f"source has the keys {', '.join(unknown)}; expected options of "
            f"vae_embed(): {', '.join(known)}. Masks, seed, device and progress are "
            "those of domain_confidence()."
        )
    options = dict(options)
    weights = options.pop("sample_weight", None)
    vae = check_vae(scan, random_state=_integer(scan.seed), device=device, **options)
    return ConfidenceSource(vae=vae, sample_weight=weights)


def _add_model(found, scan, device, n_rounds):
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
    stored.check_detector(scan)
    losses, record = stored.get("loss"), stored.get("provenance") or {}
    parameters = record.get("parameters", {})
    found.vae = PatternVAE.from_model(
        found.model,
        random_state=_integer(scan.seed),
        epochs=None if losses is None else len(np.atleast_2d(losses)),
        **{n: parameters[n] for n in ("beta", "learning_rate") if n in parameters},
    )


def _integer(seed):
    """A seed for trainings: the same in all rounds, so that the same is held out."""
    if isinstance(seed, np.random.RandomState):
        return int(seed.randint(2**31 - 1))
    return seed
