"""Distortions of a latent space by what its decoder says of distances there."""

import warnings
from functools import partial
from numbers import Integral

import numpy as np
from scipy.ndimage import uniform_filter1d

from hyperspy_4dphase.estimators.vae._warps import GridField, KernelField, Mesh, Nodes

METHODS = "jacobian", "ssim"
"""How latent space can be distorted."""

# A step, and how far apart patterns are compared: shares of the spread of the points.
_STEP = 0.01
# Fewest and most steps of a distortion. With fewer maps hardly differ; with many more
# (50 to 100) some merge domains.
_N_STEPS = (3, 30)
# The slope, relative to the mean metric and per spread, from which on a step is whole.
_WHOLE_STEP_SLOPE = 3.0
_MARGIN = 0.2
# Points along an axis where the decoder is asked, and how many without a grid.
_N_GRID = {"jacobian": {1: 256, 2: 48, 3: 14}, "ssim": {1: 128, 2: 32}}
_N_NODES = 400
_CHUNK = 64
_N_DIRECTIONS = 12
# Of the structural similarity, as in scikit-image.
_WINDOW = 7
_CONSTANTS = 0.01**2, 0.03**2


def latent_distortions(
    latent,
    model,
    n,
    *,
    method="jacobian",
    image_shape=None,
    excluded_pixels=None,
    scatter=None,
    random_state=None,
    callback=None,
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
    scatter : numpy.ndarray, shape (n_points, latent_dim), optional
        Standard deviations of the latent distributions, from which each copy starts
        with a draw. By default copies start from `latent`.
    random_state : int, numpy.random.RandomState or None, optional
    callback : callable, optional
        ``callback(n_done, n)`` after each copy.

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
    """
    latent = _checked(latent, model, "latent")
    scatter = None if scatter is None else _checked(scatter, model, "scatter")
    if scatter is not None and (scatter.shape != latent.shape or scatter.min() < 0):
        raise ValueError(
            f"scatter has shape {scatter.shape}; expected a standard deviation, not "
            f"negative, for each entry of latent, of shape {latent.shape}."
        )
    if not isinstance(n, Integral) or n < 1:
        raise ValueError(f"n={n!r} was given; expected an integer, at least 1.")
    if method == "jacobian":
        slopes = partial(_metric_slopes, model)
    elif method == "ssim":
        image = _checked_image(latent, model, image_shape, excluded_pixels)
        slopes = partial(_similarity_slopes, model, image)
    else:
        raise ValueError(f"method={method!r}; expected 'jacobian' or 'ssim'.")
    # A generator of its own: the same copies, whatever else is drawn between them.
    if not isinstance(random_state, np.random.RandomState):
        random_state = np.random.RandomState(random_state)
    random_state = np.random.RandomState(random_state.randint(2**31 - 1))
    return _copies(latent, slopes, _N_GRID[method], n, scatter, random_state, callback)


def _copies(latent, slopes, n_grid, n, scatter, random_state, callback):
    n_grid = n_grid.get(latent.shape[1])
    new_warp, field = _space(latent, slopes, n_grid, random_state)
    for done in range(1, n + 1):
        points = latent
        if scatter is not None:
            points = latent + scatter * random_state.standard_normal(latent.shape)
        duration = np.exp(random_state.uniform(*np.log(_N_STEPS)))
        n_steps = int(np.ceil(duration))
        warp = new_warp(random_state)
        warp.follow(field, n_steps, _STEP * duration / n_steps)
        yield warp.carry(points).astype(np.float32)
        if callback is not None:
            callback(done, n)


def _space(latent, slopes, n_grid, random_state):
    """How to make a warp of a generator, and the field that it follows."""
    d = latent.shape[1]
    spread = max(np.sqrt(latent.var(axis=0).mean()), 1e-6)
    if n_grid is None:
        # At points, between pairs of them where domains part, and a little beyond.
        pairs = latent[random_state.randint(len(latent), size=(2, _N_NODES))]
        share = random_state.uniform(-0.1, 0.5, (_N_NODES, 1))
        places = pairs[0] + share * (pairs[1] - pairs[0])
        # So that even equal points have neighbours at a distance.
        places += 1e-3 * spread * random_state.standard_normal(places.shape)
        new_warp = partial(Nodes, places)
    else:
        low, high = np.quantile(latent, [0.001, 0.999], axis=0)
        margin = np.maximum(_MARGIN * (high - low), 0.05 * spread)
        low, high = low - margin, high + margin
        axes = np.linspace(low, high, n_grid).T
        places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        new_warp = partial(Mesh, low, high)
    relative = slopes(places.reshape(-1, d), _STEP * spread) * spread
    relative /= _WHOLE_STEP_SLOPE
    size = np.linalg.norm(relative, axis=1, keepdims=True)
    velocity = spread * relative / np.maximum(size, 1)
    if n_grid is None:
        return new_warp, KernelField(places, velocity)
    return new_warp, GridField(low, high, velocity.reshape(places.shape))


def _metric_slopes(model, places, reach):
    """Where the metric falls (n_places, d), relative to its mean."""
    d = places.shape[1]
    slopes, means = np.empty((d, len(places), d, d)), []
    for axis, shift in enumerate(reach * np.eye(d)):
        after, before = _metric(model, places + shift), _metric(model, places - shift)
        slopes[axis] = (after - before) / (2 * reach)
        means.append(np.trace(after + before, axis1=1, axis2=2).mean() / 2)
    slopes = np.einsum("lnkk->nl", slopes) + 2 * np.einsum("knkl->nl", slopes)
    return -d / (d + 2) * slopes / max(np.mean(means), 1e-300)


def _metric(model, points):
    """Squared lengths of small steps (n_points, d, d), in units of noise."""
    import torch

    shapes = model.network.shapes

    def embedded(point):
        return shapes.embed(shapes.decode(point[None]))[0]

    def metric(point):
        jacobian = torch.func.jacfwd(embedded)(point)
        return jacobian.T @ jacobian

    points = torch.from_numpy(points.astype(np.float32)).to(model.device)
    with torch.no_grad(), warnings.catch_warnings():
        # torch prepares forward differentiation by something that it deprecates.
        warnings.filterwarnings("ignore", "`?torch.jit", DeprecationWarning)
        metrics = torch.func.vmap(metric, chunk_size=_CHUNK)(points)
    return metrics.double().cpu().numpy()


def _similarity_slopes(model, image, places, reach):
    """The same from the similarity of decoded patterns."""
    d = places.shape[1]
    angles = np.arange(_N_DIRECTIONS) * 2 * np.pi / _N_DIRECTIONS
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if d == 1:
        directions = np.array([[1.0], [-1.0]])
    losses = []
    for part in np.array_split(places, -(-len(places) // _CHUNK)):
        here = image(model.decode(part))
        around = (image(model.decode(part + reach * step)) for step in directions)
        losses.append(np.stack([_dissimilarity(here, there) for there in around], 1))
    losses = np.concatenate(losses)
    slopes = losses @ directions / len(directions)
    return -2 * d * slopes / (reach * max(losses.mean(), 1e-300))


def _dissimilarity(one, other):
    """1 - SSIM of images (n, ny, nx) whose largest value is about 1, shape (n,)."""
    edge = _WINDOW // 2

    def mean(images):
        for axis in (1, 2):
            images = uniform_filter1d(images, _WINDOW, axis=axis)
        return images[:, edge:-edge, edge:-edge]

    unbiased = _WINDOW**2 / (_WINDOW**2 - 1)
    first, second = mean(one), mean(other)
    squares = unbiased * (mean(one**2 + other**2) - first**2 - second**2)
    products = unbiased * (mean(one * other) - first * second)
    similarity = (2 * first * second + _CONSTANTS[0]) * (2 * products + _CONSTANTS[1])
    similarity /= first**2 + second**2 + _CONSTANTS[0]
    similarity /= squares + _CONSTANTS[1]
    return 1 - similarity.mean(axis=(1, 2))


def _image(image_shape, excluded, patterns):
    """Patterns as images, as the published autoencoder sees them."""
    patterns = patterns.astype(np.float64)
    patterns /= np.maximum(patterns.max(axis=1, keepdims=True), 1e-300)
    patterns = np.log1p(1000 * patterns) / np.log(1001)
    images = np.zeros((len(patterns), excluded.size))
    images[:, ~excluded] = patterns
    return images.reshape(-1, *image_shape)


def _checked(points, model, name):
    points = np.array(points, dtype=np.float64)
    d = model.latent_dim
    if points.ndim != 2 or points.shape[1] != d or not len(points):
        raise ValueError(f"{name} has shape {points.shape}; expected (n_points, {d}).")
    if not np.isfinite(points).all():
        raise ValueError(f"{name} has values that are not finite.")
    return points


def _checked_image(latent, model, image_shape, excluded):
    """How patterns become images."""
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
    return partial(_image, tuple(image_shape), excluded)
