"""Distortions of a latent space by what its decoder says of distances there."""

import warnings
from functools import partial

import numpy as np
from skimage.metrics import structural_similarity
from sklearn.utils import check_array

from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.estimators.vae._warps import (
    KernelField,
    Mesh,
    Nodes,
    interpolate_grid,
)

METHODS = "jacobian", "ssim"
"""How latent space can be distorted."""

# A step, and how far apart patterns are compared, as fractions of the points' spread.
# Historical: chosen by trial in 2026, not calibrated.
_STEP = 0.01
# Fewest and most steps of a distortion. With fewer maps hardly differ; with many more
# (50 to 100) some merge domains. Historical: chosen by trial in 2026, not calibrated.
_N_STEPS = (3, 30)
# The slope, relative to the mean metric and per spread, from which on a step has its
# full length. Historical: chosen by trial in 2026, not calibrated.
_FULL_STEP_SLOPE = 3.0
# How far the grid goes beyond the points: a fraction of their range, and at least of
# their spread. Historical: chosen by trial in 2026, not calibrated.
_MARGIN = 0.2
_MIN_MARGIN = 0.05
# Points along an axis where the decoder is asked, by dimension, and how many without a
# grid. Historical: chosen by trial in 2026, not calibrated.
_N_GRID = {"jacobian": {1: 256, 2: 48, 3: 14}, "ssim": {1: 128, 2: 32}}
_N_NODES = 400
# Places for which the decoder is asked at once, for less memory.
_CHUNK = 64
# Directions in which patterns are compared, by dimension: both on a line, and more than
# the fourth moments of a direction need in a plane. The latter historical: chosen by
# trial in 2026, not calibrated.
_N_DIRECTIONS = {1: 2, 2: 12}
# Width in pixels of the window of the structural similarity, scikit-image's own.
_WINDOW = 7
# From zero to its maximum a pattern has this many steps on the logarithmic scale.
# Historical: chosen by trial in 2026, not calibrated.
_LOGARITHM_RANGE = 1000


def latent_distortions(
    latent,
    model,
    n,
    *,
    method="jacobian",
    image_shape=None,
    excluded_pixels=None,
    random_state=None,
):
    r"""Yield distorted copies of latent points, by what the decoder says.

    Where the decoded pattern D(r) hardly changes, latent space contracts; where it
    changes much, space is stretched apart, so that clusters part there. A point moves,
    as published [1]_, along the mean of SSIM(D(r), D(r + e)) e over the directions of a
    short step e. For a step of length h this is, in d dimensions, a flow down the
    slope of the metric :math:`G = J^T W J` that the decoder's Jacobian J makes:

    .. math::

        1 - SSIM(D(r), D(r + e)) = c\, e^T G(r + e/2)\, e + O(h^4)

    since the similarity does not change when its two patterns change places, which
    leaves no odd powers around the midpoint. Of
    :math:`G(r + e/2) = G + \tfrac{1}{2} \sum_k e_k \partial_k G` the first part cancels
    between e and -e, and of the second, with the fourth moments of a direction,

    .. math::

        \langle SSIM\, e_l \rangle = -\frac{c h^4}{2 d (d + 2)}
        \Bigl( \partial_l\, tr\, G + 2 \sum_k \partial_k G_{kl} \Bigr).

    Both methods give this in units in which it is minus the slope of G relative to
    the mean of G, where G is isotropic. So neither c nor the number of counts matters.

    The decoder is asked once, on a grid, and its answers are interpolated: distortions
    cost next to nothing. Each has a mesh of its own (random rotation, offset and
    number of nodes) whose nodes take a random number of steps, from 3 to 30 with
    equal probability for equal ratios. A step is 0.01 of the spread of the points
    where the metric changes by three times its mean or more within one spread, and
    shorter in proportion where it changes less. The map that is affine between the
    nodes carries the points; nodes take smaller steps where it would fold, so that it
    is one-to-one. In more than three dimensions, where no grid fits, the decoder is
    asked at 400 places at and between points, and Gaussian kernels interpolate.

    Parameters
    ----------
    latent : numpy.ndarray, shape (n_points, latent_dim)
        Latent means. They are not changed.
    model : Model
        The trained autoencoder.
    n : int
        Number of copies.
    method : {"jacobian", "ssim"}, optional
        Whether G comes from the Jacobian (default), with W the inverse variance of the
        noise, up to one factor; or patterns are compared by their structural
        similarity as published, in at most two dimensions, in 12 directions, each
        divided by its maximum and on a logarithmic scale.
    image_shape : tuple of int, optional
        Detector shape (ny, nx), which "ssim" needs: each at least 7.
    excluded_pixels : numpy.ndarray of bool, shape (ny * nx,), optional
        True for pixels that the patterns lack. "ssim" takes them as 0.
    random_state : int, numpy.random.RandomState or None, optional
        Seed of what is drawn.

    Yields
    ------
    numpy.ndarray, shape (n_points, latent_dim), float32

    Raises
    ------
    ValueError
        If points do not fit the model, or a method lacks what it needs.

    References
    ----------
    .. [1] A. Bridger et al., npj Comput. Mater. 9 (2023),
       doi:10.1038/s41524-022-00960-y.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.dirichlet(np.full(300, 0.3), size=3)
    >>> counts = rng.poisson(1000 * patterns[rng.integers(3, size=400)])
    >>> from hyperspy_4dphase.estimators import PatternVAE, latent_distortions
    >>> vae = PatternVAE(epochs=3, random_state=0, device="cpu").fit(counts)
    >>> latent = vae.transform(counts)
    >>> distorted = latent_distortions(latent, vae.model_, 2, random_state=0)
    >>> [points.shape for points in distorted]
    [(400, 2), (400, 2)]
    """
    latent = check_array(latent, dtype=np.float64, input_name="latent")
    d = model.latent_dim
    if latent.shape[1] != d:
        raise ValueError(f"latent has shape {latent.shape}; expected (n_points, {d}).")
    check_integer("n", n, 1)
    if method == "jacobian":
        slopes = partial(_find_metric_slopes, model)
    elif method == "ssim":
        to_images = _check_images(latent, model, image_shape, excluded_pixels)
        slopes = partial(_find_similarity_slopes, model, to_images)
    else:
        raise ValueError(f"method={method!r}; expected 'jacobian' or 'ssim'.")
    # A generator of its own: the same copies, whatever else is drawn between them.
    if not isinstance(random_state, np.random.RandomState):
        random_state = np.random.RandomState(random_state)
    random_state = np.random.RandomState(random_state.randint(2**31 - 1))
    return _distort(latent, slopes, _N_GRID[method].get(d), n, random_state)


def _distort(latent, slopes, n_grid, n, random_state):
    make_warp, field = _find_field(latent, slopes, n_grid, random_state)
    for _ in range(n):
        duration = np.exp(random_state.uniform(*np.log(_N_STEPS)))
        n_steps = int(np.ceil(duration))
        warp = make_warp(random_state)
        warp.follow(field, n_steps, _STEP * duration / n_steps)
        yield warp.carry(latent).astype(np.float32)


def _find_field(latent, slopes, n_grid, random_state):
    """Find the field that warps follow, and how a warp is made of a generator."""
    d = latent.shape[1]
    spread = max(np.sqrt(latent.var(axis=0).mean()), 1e-6)
    if n_grid is None:
        # At points, between pairs of them where domains part, and a little beyond.
        pairs = latent[random_state.randint(len(latent), size=(2, _N_NODES))]
        fraction = random_state.uniform(-0.1, 0.5, (_N_NODES, 1))
        places = pairs[0] + fraction * (pairs[1] - pairs[0])
        # So that even equal points have neighbours at a distance.
        places += 1e-3 * spread * random_state.standard_normal(places.shape)
        make_warp = partial(Nodes, places)
    else:
        low, high = np.quantile(latent, [0.001, 0.999], axis=0)
        margin = np.maximum(_MARGIN * (high - low), _MIN_MARGIN * spread)
        low, high = low - margin, high + margin
        axes = np.linspace(low, high, n_grid).T
        places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        make_warp = partial(Mesh, low, high)
    relative = slopes(places.reshape(-1, d), _STEP * spread) * spread
    relative /= _FULL_STEP_SLOPE
    size = np.linalg.norm(relative, axis=1, keepdims=True)
    velocity = spread * relative / np.maximum(size, 1)
    if n_grid is None:
        return make_warp, KernelField(places, velocity)
    values = velocity.reshape(places.shape)
    return make_warp, partial(interpolate_grid, low=low, high=high, values=values)


def _find_metric_slopes(model, places, reach):
    """Find where the metric falls (n_places, d), relative to its mean."""
    d = places.shape[1]
    slopes, means = np.empty((d, len(places), d, d)), []
    for axis, shift in enumerate(reach * np.eye(d)):
        after = _measure_metric(model, places + shift)
        before = _measure_metric(model, places - shift)
        slopes[axis] = (after - before) / (2 * reach)
        means.append(np.trace(after + before, axis1=1, axis2=2).mean() / 2)
    slopes = np.einsum("lnkk->nl", slopes) + 2 * np.einsum("knkl->nl", slopes)
    return -d / (d + 2) * slopes / max(np.mean(means), 1e-300)


def _measure_metric(model, points):
    """Measure squared lengths of small steps (n_points, d, d), in units of noise."""
    import torch

    shapes = model.network.shapes

    def embed(point):
        return shapes.embed(shapes.decode(point[None]))[0]

    def metric(point):
        jacobian = torch.func.jacfwd(embed)(point)
        return jacobian.T @ jacobian

    points = torch.from_numpy(points.astype(np.float32)).to(model.device)
    with torch.no_grad(), warnings.catch_warnings():
        # torch prepares forward differentiation by something that it deprecates.
        warnings.filterwarnings("ignore", "`?torch.jit", DeprecationWarning)
        metrics = torch.func.vmap(metric, chunk_size=_CHUNK)(points)
    return metrics.double().cpu().numpy()


def _find_similarity_slopes(model, to_images, places, reach):
    """Find where the metric falls (n_places, d) by the similarity of patterns."""
    d = places.shape[1]
    angles = np.arange(_N_DIRECTIONS[d]) * 2 * np.pi / _N_DIRECTIONS[d]
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, :d]
    losses = []
    for part in np.array_split(places, -(-len(places) // _CHUNK)):
        here = to_images(model.decode(part))
        around = [to_images(model.decode(part + reach * step)) for step in directions]
        losses += [
            [1 - structural_similarity(one, other, data_range=1) for other in others]
            for one, *others in zip(here, *around, strict=True)
        ]
    losses = np.array(losses)
    slopes = losses @ directions / len(directions)
    return -2 * d * slopes / (reach * max(losses.mean(), 1e-300))


def _to_images(image_shape, excluded, patterns):
    """Turn patterns into images, as the published autoencoder sees them."""
    patterns = patterns.astype(np.float64)
    patterns /= np.maximum(patterns.max(axis=1, keepdims=True), 1e-300)
    patterns = np.log1p(_LOGARITHM_RANGE * patterns) / np.log1p(_LOGARITHM_RANGE)
    images = np.zeros((len(patterns), excluded.size))
    images[:, ~excluded] = patterns
    return images.reshape(-1, *image_shape)


def _check_images(latent, model, image_shape, excluded):
    """Refuse what cannot make images; give the function that makes them."""
    if latent.shape[1] > 2:
        raise ValueError(
            f"method='ssim' with {latent.shape[1]} latent dimensions; it works in one "
            "or two. Use method='jacobian'."
        )
    if image_shape is None or len(image_shape) != 2 or min(image_shape) < _WINDOW:
        raise ValueError(
            f"method='ssim' with image_shape={image_shape!r}; it needs the shape "
            f"(ny, nx) of the detector, each at least {_WINDOW}."
        )
    n_pixels = int(np.prod(image_shape))
    if excluded is None:
        excluded = np.zeros(n_pixels, dtype=bool)
    excluded = np.asarray(excluded, dtype=bool).ravel()
    n_decoded = model.decode(latent[:1]).shape[1]
    if excluded.size != n_pixels or np.count_nonzero(~excluded) != n_decoded:
        raise ValueError(
            f"image_shape={tuple(image_shape)} with {excluded.sum()} of "
            f"{excluded.size} pixels excluded does not fit patterns of {n_decoded}."
        )
    return partial(_to_images, tuple(image_shape), excluded)
