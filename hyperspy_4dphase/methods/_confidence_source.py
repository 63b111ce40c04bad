"""What is mapped many times over: patterns, features, or an embedding and its model."""

from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase._masks import same_mask
from hyperspy_4dphase._scalars import check_choice, check_names
from hyperspy_4dphase.estimators.confidence import DOUBTS, DOUBTS_FOUND
from hyperspy_4dphase.estimators.vae import DISTORTIONS, PatternVAE
from hyperspy_4dphase.methods._autoencoder import (
    OPTIONS,
    check_weights,
    make_vae,
    read_patterns,
)
from hyperspy_4dphase.methods._reading import least_rank
from hyperspy_4dphase.methods._sources import Features, leave_out, read_features
from hyperspy_4dphase.signals._stored_model import StoredModel
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding

_SOURCES = "None, 'vae', 'rnmf', a dict of vae_embed()'s options, a LatentEmbedding"
_KNOWN = (*OPTIONS, "sample_weight")


@dataclass
class ConfidenceSource:
    """A source that was checked.

    Attributes
    ----------
    features : Features or None
        None for the compressed patterns, or for what has to be trained first.
    embedding : LatentEmbedding or None
        Whose latent means the features are.
    model : Model or None
        Of that embedding.
    vae : PatternVAE or None
        What can be trained.
    sample_weight : object
        For the first training: what the user gave.
    """

    features: Features | None = None
    embedding: LatentEmbedding | None = None
    model: object = None
    vae: PatternVAE | None = None
    sample_weight: object = None

    @property
    def latent_dim(self):
        """int or None: Of the decoder that there is, or will be; None without one."""
        decoder = self.vae if self.model is None else self.model
        return None if decoder is None else decoder.latent_dim

    @property
    def least_rank(self):
        """int or None: What to ask of a compression that `vae` is trained on."""
        return None if self.vae is None else least_rank(self.latent_dim)

    def check_doubts(self, doubts):
        """Check which sources of doubt are asked for.

        Parameters
        ----------
        doubts : sequence of str, or None
            Names of `DOUBTS`, or of what comes of them; None for all that there can be.

        Returns
        -------
        tuple of str

        Raises
        ------
        TypeError, ValueError
            If there are no such names, or a decoder is needed that is not there.
        """
        has_model = self.latent_dim is not None
        if doubts is None:
            return tuple(name for name in DOUBTS if has_model or name != "distortion")
        # What comes of a source stands for it.
        sources = {name: name for name in DOUBTS} | DOUBTS_FOUND
        names = check_names("doubts", doubts, sources)
        names = {sources[name] for name in names}
        if "distortion" in names and not has_model:
            raise ValueError(
                "doubts has 'distortion', which needs a decoder: take source='vae', a "
                "dict of vae_embed()'s options, or a LatentEmbedding with its model."
            )
        # In one order, whatever that of a set is.
        return tuple(name for name in DOUBTS if name in names)

    def check_distortion(self, distortion, scan):
        """Check how latent space is to be distorted.

        Parameters
        ----------
        distortion : str
            One of `DISTORTIONS`.
        scan : Scan

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If there is none of that name, or it needs what is not there.
        """
        check_choice("distortion", distortion, DISTORTIONS)
        n_axes, n_dims = len(scan.signal_shape), self.latent_dim
        if distortion == "ssim" and (n_axes != 2 or n_dims is None or n_dims > 2):
            found = "no embedding" if n_dims is None else f"{n_dims} latent dimensions"
            raise ValueError(
                "distortion='ssim' needs patterns with two signal axes and an "
                f"embedding of one or two dimensions; there are {n_axes} signal axes "
                f"and {found}."
            )
        return distortion

    def mask(self, scan, given, signal_mask):
        """Leave out of a scan what the source, or given domains, leave out.

        Parameters
        ----------
        scan : Scan
        given : GivenDomains
        signal_mask : object
            What the user gave, which takes the place of other masks of pixels.

        Returns
        -------
        Scan
        """
        pixels = None
        if self.features is not None:
            pixels = self.features.excluded_pixels
            scan = leave_out(scan, self.features.missing, pixels, signal_mask)
        pixels = given.excluded_pixels if pixels is None else None
        return leave_out(scan, given.excluded_patterns, pixels, signal_mask)

    def check(self, scan):
        """Check that there is what a scan needs.

        Parameters
        ----------
        scan : Scan

        Raises
        ------
        TypeError, ValueError
            If there is nothing for some of its positions, or too little to train.
        """
        if self.features is not None:
            n_missing = np.count_nonzero(self.features.missing & scan.kept_patterns)
            if n_missing:
                raise ValueError(
                    f"source is NaN at {n_missing} probe positions that compression "
                    "has not masked: compress the scan with these in its "
                    "navigation_mask, or leave compression out."
                )
        if self.vae is None:
            return
        if self.model is not None and not same_mask(
            scan.excluded_pixels, self.features.excluded_pixels
        ):
            raise ValueError(
                "The embedding was trained with another signal_mask: to train it "
                "again, leave signal_mask out."
            )
        weights = check_weights(scan, self.sample_weight)
        self.vae.check_enough(*scan.shape, weights)

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

    def prepare(self, scan, compression, progress):
        """Give what :func:`run_rounds` is to map and to train.

        Parameters
        ----------
        scan : Scan
        compression : Compression
        progress : Progress

        Returns
        -------
        dict
            Of its arguments. `vae` is trained on the compressed scan if it can be, else
            on the scan.
        """
        kept, patterns = scan.kept_patterns, None
        if self.vae is not None:
            own = compression if self.fits(compression) else None
            patterns = read_patterns(scan, own, self.vae, progress)
        return {
            "features": None if self.features is None else self.features.values[kept],
            "model": self.model,
            "vae": self.vae,
            "patterns": patterns,
            "sample_weight": check_weights(scan, self.sample_weight),
        }


def open_source(scan, source, device, n_rounds):
    """Check a source, before anything is read.

    Parameters
    ----------
    scan : Scan
        Only its axes and its decomposition are looked at.
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
    found = _find_source(scan, source, device, n_rounds)
    if n_rounds > 1 and found.vae is None:
        is_word = source is None or isinstance(source, str)
        what = repr(source) if is_word else type(source).__name__
        if isinstance(source, LatentEmbedding):
            what += " without its model"
        raise ValueError(
            f"n_rounds={n_rounds}, but there is no embedding to train again: source is "
            f"{what}. Take source='vae', a dict of vae_embed()'s options, or a "
            "LatentEmbedding with its model."
        )
    return found


def _find_source(scan, source, device, n_rounds):
    if source is None:
        return ConfidenceSource()
    if isinstance(source, dict) or (isinstance(source, str) and source == "vae"):
        options = source if isinstance(source, dict) else {}
        return _plan_training(scan, options, device)
    if isinstance(source, str) and source != "rnmf":
        raise ValueError(
            f"source={source!r}; expected {_SOURCES}, or another signal or array."
        )
    found = ConfidenceSource(read_features(scan, source))
    if isinstance(source, LatentEmbedding):
        found.embedding = source
        _add_model(found, scan, device, n_rounds)
    return found


def _plan_training(scan, options, device):
    unknown = [str(name) for name in options if name not in _KNOWN]
    if unknown:
        raise ValueError(
            f"source has the keys {', '.join(unknown)}; expected options of "
            f"vae_embed(): {', '.join(_KNOWN)}. Masks, seed, device and progress are "
            "those of domain_confidence()."
        )
    options, seed = dict(options), _draw_seed(scan)
    weights = options.pop("sample_weight", None)
    vae = make_vae(scan, random_state=seed, device=device, **options)
    return ConfidenceSource(vae=vae, sample_weight=weights)


def _add_model(found, scan, device, n_rounds):
    """Add the model of an embedding, ready to be trained if it is to be."""
    embedding = found.embedding
    if not embedding.metadata.has_item(StoredModel.NODE):
        return
    stored = StoredModel(embedding)
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
        random_state=_draw_seed(scan),
        epochs=None if losses is None else len(np.atleast_2d(losses)),
        **{n: parameters[n] for n in ("beta", "learning_rate") if n in parameters},
    )


def _draw_seed(scan):
    """Draw a seed for trainings: an integer, so that all rounds hold out the same."""
    if isinstance(scan.seed, np.random.RandomState):
        return int(scan.seed.randint(2**31 - 1))
    return scan.seed
