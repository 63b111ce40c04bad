"""Variational autoencoder of diffraction patterns."""

import numpy as np
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted

from hyperspy_4dphase._scalars import check_choice, check_integer, check_number
from hyperspy_4dphase.estimators._transformer import PatternTransformer
from hyperspy_4dphase.estimators.compression import CompressedPatterns
from hyperspy_4dphase.estimators.vae._begin import begin_model
from hyperspy_4dphase.estimators.vae._compressed_inputs import CompressedInputs
from hyperspy_4dphase.estimators.vae._plan import (
    ARCHITECTURES,
    check_images,
    check_sample_weight,
    plan_training,
)
from hyperspy_4dphase.estimators.vae._torch import require_torch

# Variance of the latent means from which on a dimension is active, as in [4] of
# `PatternVAE`.
_MIN_ACTIVE_VARIANCE = 0.01


class PatternVAE(PatternTransformer):
    """Variational autoencoder: patterns as points in a space of few dimensions.

    The encoder gives each pattern a distribution in latent space, the decoder each
    latent point a pattern; both are learnt together ([1]_, for diffraction [2]_). Here
    the noise of the patterns is known, so the likelihood is right, and ``beta=1``
    needs no tuning. The total of a pattern (thickness, beam current) is taken as given:
    only its shape is encoded. The decoder is made to stretch latent space evenly
    ([3]_), so that distances and gaps there mean something.

    Parameters
    ----------
    latent_dim : int, optional
        Number of latent dimensions. Default is 2.
    architecture : {"compressed", "convolutional"}, optional
        ``"compressed"`` (default) trains on what :func:`compress_patterns` leaves of
        the patterns, with white noise of known variance; ``"convolutional"`` on the
        counts themselves, for signals that no low rank carries.
    epochs : int, optional
        Most epochs. By default 5 to 300, as many as make some
        4,000 steps of 128 patterns or 2,800 of 256 (convolutional: 2,000 of 64).
    beta : float, optional
        Weight of the divergence from the prior. Default is 1.
    batch_size : int, optional
        Patterns of a step. By default 128 or 256, or half of the patterns.
    learning_rate : float, optional
        Largest learning rate, which rises to it and falls again. Default is 2e-3.
    validation_fraction : float, optional
        Fraction of the patterns that is held out. Default is 0.1. Training stops when
        their loss has not fallen for half of `epochs`, and takes the weights of
        the epoch in which it was least.
    noise : {"poisson", "uniform"}, optional
        See :func:`compress_patterns`.
    warm_start : bool, optional
        Whether `fit` goes on from the last weights. Default is False.
    random_state : int, numpy.random.RandomState or None, optional
        For the compression, the weights, the hold-out and the order of patterns. On the
        CPU the same seed gives the same result.
    device : None, str or torch.device, optional
        None takes a GPU if there is one.
    callback : callable, optional
        ``callback(epoch, epochs, training_loss, held_out_loss)`` after each epoch.

    Attributes
    ----------
    loss_ : numpy.ndarray, shape (n_epochs, 2)
        Negative evidence lower bound per pattern in nats, of a perfect fit without
        divergence 0: in training (where noise is added to the input), and held out.
    best_epoch_ : int
        Whose weights were kept, counted from 0.
    divergence_ : numpy.ndarray, shape (latent_dim,)
        Kullback-Leibler divergence of each dimension from the prior, in nats, mean of
        the patterns fitted.
    active_dimensions_ : numpy.ndarray of int
        Dimensions whose latent means vary (variance above 0.01, [4]_), the one with
        the largest divergence first. The others carry nothing.
    n_features_in_ : int

    Raises
    ------
    ModuleNotFoundError
        If PyTorch is not installed.

    References
    ----------
    .. [1] D. P. Kingma, M. Welling, Auto-encoding variational Bayes, arXiv:1312.6114.
    .. [2] A. Bridger et al., npj Comput. Mater. 9 (2023),
       doi:10.1038/s41524-022-00960-y.
    .. [3] N. Chen et al., Learning flat latent manifolds with VAEs, arXiv:2002.04881.
    .. [4] Y. Burda, R. Grosse, R. Salakhutdinov, Importance weighted autoencoders,
       arXiv:1509.00519.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.estimators import PatternVAE
    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
    >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
    >>> model = PatternVAE(epochs=20, random_state=0, device="cpu").fit(counts)
    >>> latent = model.transform(counts)
    >>> latent.shape, model.inverse_transform(latent).shape
    ((400, 2), (400, 300))
    """

    _PRESERVED_DTYPES = ("float32",)

    def __init__(
        self,
        latent_dim=2,
        architecture="compressed",
        *,
        epochs=None,
        beta=1.0,
        batch_size=None,
        learning_rate=2e-3,
        validation_fraction=0.1,
        noise="poisson",
        warm_start=False,
        random_state=None,
        device=None,
        callback=None,
    ):
        self.latent_dim = latent_dim
        self.architecture = architecture
        self.epochs = epochs
        self.beta = beta
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.noise = noise
        self.warm_start = warm_start
        self.random_state = random_state
        self.device = device
        self.callback = callback

    @classmethod
    def from_model(cls, model, **parameters):
        """Take up a model that was trained before, to go on from its weights.

        Parameters
        ----------
        model : Model
            As of ``PatternVAE.model_``. It is not changed by training.
        **parameters
            Of :class:`PatternVAE`, apart from those that the model settles.

        Returns
        -------
        PatternVAE
            Fitted, with ``warm_start=True``; it has no `loss_` yet.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import PatternVAE
        >>> first = PatternVAE(epochs=3, random_state=0, device="cpu").fit(counts)
        >>> again = PatternVAE.from_model(first.model_, epochs=2, random_state=0)
        >>> again.fit(counts).transform(counts).shape
        (400, 2)
        """
        compressed = isinstance(model.inputs, CompressedInputs)
        vae = cls(
            model.latent_dim,
            "compressed" if compressed else "convolutional",
            warm_start=True,
            device=model.device,
            **parameters,
        )
        vae.model_, vae.n_features_in_ = model, model.inputs.n_pixels
        return vae

    def fit(self, X, y=None, sample_weight=None):
        """Train on patterns.

        Parameters
        ----------
        X : numpy.ndarray, PatternBlocks or CompressedPatterns
            (n_patterns, n_pixels), non-negative. With the convolutional architecture an
            array (n_patterns, ny, nx), or PatternBlocks of images.
        y : None
            Ignored.
        sample_weight : numpy.ndarray, shape (n_patterns,), optional
            How often a pattern is drawn for training, up to a factor. A pattern of
            weight 0 is never seen. Weights of
            ``sklearn.utils.class_weight.compute_sample_weight("balanced", labels)``
            draw the same number from each class.

        Returns
        -------
        PatternVAE

        Raises
        ------
        ValueError
            If a parameter is out of range, or there are too few patterns.
        RuntimeError
            If the loss is not finite in the first epoch.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If training was interrupted (Ctrl-C) or its loss became infinite after the
            first epoch: the weights of the best epoch before are kept. Without such an
            epoch the error is raised, and an earlier fit stays as it was.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import PatternVAE
        >>> model = PatternVAE(epochs=3, random_state=0, device="cpu").fit(counts)
        >>> model.loss_.shape
        (3, 2)
        """
        self.fit_transform(X, sample_weight=sample_weight)
        return self

    def fit_transform(self, X, y=None, sample_weight=None):
        """Train on patterns, and return their latent means.

        Parameters
        ----------
        X, y, sample_weight : array_like
            See :meth:`fit`.

        Returns
        -------
        numpy.ndarray, shape (n_patterns, latent_dim)

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import PatternVAE
        >>> model = PatternVAE(latent_dim=3, epochs=3, random_state=0, device="cpu")
        >>> model.fit_transform(counts).shape
        (400, 3)
        """
        self.check_parameters()
        X = self._check_patterns(X, fitting=True)
        weights = check_sample_weight(sample_weight, X.shape[0])
        plan = plan_training(self, *X.shape, weights)
        require_torch()
        random_state = check_random_state(self.random_state)
        seed = int(random_state.randint(2**31 - 1))
        model, patterns = begin_model(self, X, random_state, seed)
        history = model.train(patterns, weights, plan, seed, self.callback)
        distributions = model.encode(patterns)
        latent = distributions.mean
        self.model_ = model
        self.loss_ = np.column_stack([history.training, history.held_out])
        self.best_epoch_ = history.best
        self.n_features_in_ = X.shape[1]
        self.divergence_ = distributions.measure_divergence()
        variance = latent.var(axis=0, dtype=np.float64)
        order = np.argsort(-self.divergence_, kind="stable")
        self.active_dimensions_ = order[variance[order] > _MIN_ACTIVE_VARIANCE]
        return latent

    def transform(self, X):
        """Give each pattern the mean of its latent distribution.

        Parameters
        ----------
        X : numpy.ndarray, PatternBlocks or CompressedPatterns
            (n_patterns, n_pixels). Compressed patterns must be those fitted.

        Returns
        -------
        numpy.ndarray, shape (n_patterns, latent_dim), float32

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import PatternVAE
        >>> model = PatternVAE(epochs=3, random_state=0, device="cpu").fit(counts)
        >>> model.transform(counts[:5]).shape
        (5, 2)
        """
        check_is_fitted(self)
        return self.model_.encode(self._check_patterns(X)).mean

    def inverse_transform(self, latent):
        """Give each latent point the pattern that it stands for.

        Parameters
        ----------
        latent : numpy.ndarray, shape (n_points, latent_dim)
            Points of the latent space.

        Returns
        -------
        numpy.ndarray, shape (n_points, n_pixels), float32
            In the units of the data, without noise, as bright as patterns there are on
            average.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import PatternVAE
        >>> model = PatternVAE(epochs=3, random_state=0, device="cpu").fit(counts)
        >>> model.inverse_transform([[0.0, 0.0], [1.0, 0.0]]).shape
        (2, 300)
        """
        check_is_fitted(self)
        latent = check_array(latent, dtype=np.float32)
        if latent.shape[1] != self.model_.latent_dim:
            raise ValueError(
                f"latent has {latent.shape[1]} columns; expected the "
                f"{self.model_.latent_dim} latent dimensions of this PatternVAE."
            )
        return self.model_.decode(latent)

    def score(self, X, y=None):
        """Compute the evidence lower bound, a bound of the log likelihood of patterns.

        Parameters
        ----------
        X : numpy.ndarray, PatternBlocks or CompressedPatterns
            (n_patterns, n_pixels).
        y : None
            Ignored.

        Returns
        -------
        float
            Per pattern, in nats, with ``beta=1``; less that of a perfect fit without
            divergence, so that it is never positive. More is better.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
        >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
        >>> from hyperspy_4dphase.estimators import PatternVAE
        >>> model = PatternVAE(epochs=3, random_state=0, device="cpu").fit(counts)
        >>> bool(np.isfinite(model.score(counts)))
        True
        """
        check_is_fitted(self)
        return self.model_.score(self._check_patterns(X))

    @property
    def _n_features_out(self):
        return self.model_.latent_dim

    def check_parameters(self):
        """Refuse parameters of the wrong type or out of range.

        Raises
        ------
        TypeError, ValueError

        Examples
        --------
        >>> from hyperspy_4dphase.estimators import PatternVAE
        >>> PatternVAE(latent_dim=2).check_parameters()
        >>> PatternVAE(beta=-1.0).check_parameters()
        Traceback (most recent call last):
            ...
        ValueError: beta must be finite and at least 0, not -1.0.
        """
        check_choice("architecture", self.architecture, ARCHITECTURES)
        check_integer("latent_dim", self.latent_dim, 1)
        check_integer("epochs", self.epochs, 1, optional=True)
        check_integer("batch_size", self.batch_size, 1, optional=True)
        check_number("beta", self.beta, 0)
        check_number("learning_rate", self.learning_rate, 0, above=True)
        fraction = self.validation_fraction
        check_number("validation_fraction", fraction, 0, 1, above=True, below=True)

    def check_enough(self, n_patterns, n_pixels, sample_weight=None):
        """Refuse fewer patterns or pixels than there must be, before any is read.

        Parameters
        ----------
        n_patterns, n_pixels : int
            Shape of what is trained on.
        sample_weight : numpy.ndarray, shape (n_patterns,), optional
            As of :meth:`fit`.

        Raises
        ------
        ValueError
            If there are fewer than two patterns, fewer to train on than `batch_size`,
            or fewer patterns or pixels than `latent_dim`.

        Examples
        --------
        >>> from hyperspy_4dphase.estimators import PatternVAE
        >>> PatternVAE().check_enough(n_patterns=400, n_pixels=300)
        >>> PatternVAE().check_enough(n_patterns=1, n_pixels=300)
        Traceback (most recent call last):
            ...
        ValueError: There is 1 pattern that is not masked; at least 2 are needed.
        """
        plan_training(self, n_patterns, n_pixels, sample_weight)

    def _check_patterns(self, X, fitting=False):
        convolutional = self.architecture == "convolutional"
        if not isinstance(X, CompressedPatterns):
            X = self._to_blocks(X, fitting=fitting, allow_nd=convolutional)
        if convolutional:
            check_images(X)
        if not fitting:
            self._check_n_pixels(X)
        return X
