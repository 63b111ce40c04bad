"""What the plots refuse, and in which words."""

import numpy as np


def checked_latent(latent):
    """The latent points as floats, or an error."""
    latent = np.asarray(latent)
    if latent.dtype.kind not in "iuf":
        raise TypeError(
            f"latent must hold real numbers, but its type is {latent.dtype}."
        )
    if latent.ndim not in (2, 3, 4) or latent.shape[-1] < 2:
        raise ValueError(
            "latent must have one to three navigation axes and then at least two "
            f"latent dimensions, but has the shape {latent.shape}."
        )
    n_infinite = np.isinf(latent).sum()
    if n_infinite:
        raise ValueError(
            f"latent holds {n_infinite} infinite values; masked positions are NaN."
        )
    if np.isnan(latent).any(axis=-1).all():
        raise ValueError(
            f"latent, of the shape {latent.shape}, has NaN at every probe position: "
            "there is nothing to show."
        )
    return latent.astype(float)


def checked_labels(labels, navigation_shape):
    """The labels as integers, None as it is, or an error."""
    if labels is None:
        return None
    labels = _of_map(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, but their type is {labels.dtype}.")
    if labels.shape != navigation_shape:
        raise ValueError(
            f"labels have the shape {labels.shape}, but the navigation shape of latent "
            f"is {navigation_shape}."
        )
    labels = labels.astype(int)
    if labels.min() < -1:
        raise ValueError(
            f"labels must be -1 (unassigned) or from 0 on, but hold {labels.min()}."
        )
    return labels


def _of_map(labels):
    """The labels of a map of domains, or of a confidence, as an array."""
    labels = getattr(labels, "domains", labels)
    return np.asarray(getattr(labels, "labels", labels))


def checked_dimensions(dimensions, latent_dim):
    """Two different latent dimensions as a list, or an error."""
    found = list(dimensions) if np.iterable(dimensions) else [dimensions]
    known = all(dimension in range(latent_dim) for dimension in found)
    if not known or len(found) != 2 or found[0] == found[1]:
        raise ValueError(
            f"dimensions must be two different ones of 0 to {latent_dim - 1}, but are "
            f"{dimensions}."
        )
    return [int(dimension) for dimension in found]


def check_extent(extent, n_axes, name):
    """Raise an error unless an extent suits an image, or a strip of one axis."""
    if extent is None:
        return
    expected = "left, right" if n_axes == 1 else "left, right, bottom, top"
    edges = np.asarray(extent)
    n_edges = 2 if n_axes == 1 else 4
    if edges.shape != (n_edges,) or edges.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be ({expected}), but is {extent}.")
    widths = np.diff(edges.reshape(-1, 2))
    if not np.isfinite(widths).all() or (widths == 0).any():
        raise ValueError(f"{name} must be finite and not empty, but is {extent}.")


def checked_domain_map(labels, name="labels"):
    """The domain of each probe position as integers, or an error."""
    labels = _of_map(labels)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers, but their type is {labels.dtype}.")
    if labels.ndim not in (1, 2, 3) or not labels.size:
        raise ValueError(
            f"{name} must have one to three navigation axes, and probe positions, but "
            f"have the shape {labels.shape}."
        )
    labels = labels.astype(int)
    if labels.min() < -1:
        raise ValueError(
            f"{name} must be -1 (unassigned) or from 0 on, but hold {labels.min()}."
        )
    return labels


def checked_shares(values, name, shape=None):
    """Numbers from 0 to 1 on a scan as floats, NaN where masked, or an error.

    With one to three navigation axes, or of the given shape. Rounding of single
    precision is forgiven.
    """
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        raise ValueError(
            f"{name} must hold real numbers, but the type is {values.dtype}."
        )
    if shape is not None and values.shape != shape:
        raise ValueError(
            f"{name} must have the shape {shape}, but the shape is {values.shape}."
        )
    if values.ndim not in (1, 2, 3) or not values.size:
        raise ValueError(
            f"{name} must have one to three navigation axes, and probe positions, but "
            f"the shape is {values.shape}."
        )
    values = values.astype(float)
    outside = np.abs(values - 0.5) > 0.5 + 1e-6
    if outside.any():
        raise ValueError(
            f"{name} must be from 0 to 1, or NaN where masked, but {outside.sum()} of "
            f"{values.size} are not: the first is {values[outside][0]:g}."
        )
    return np.clip(values, 0, 1)


def checked_names(names, n, default, name="names"):
    """So many names, made from a template if None; there may be more domain names."""
    if names is None:
        return [default.format(i) for i in range(n)]
    names = [names] if isinstance(names, str) else list(names)
    if len(names) < n or (len(names) > n and name != "names"):
        raise ValueError(f"{name} must be {n}, one for each, but are {len(names)}.")
    return ["" if text is None else str(text) for text in names]


def checked_patterns(patterns, name, n=None):
    """So many patterns, each 2-D or 1-D, as floats, or one if `n` is None."""
    patterns = np.asarray(patterns)
    if patterns.dtype.kind not in "iuf":
        raise ValueError(
            f"{name} must hold real numbers, but the type is {patterns.dtype}."
        )
    shape = patterns.shape if n is None else patterns.shape[1:]
    if len(shape) not in (1, 2) or not patterns.size:
        expected = "(ky, kx) or (k,)" if n is None else "(n, ky, kx) or (n, k)"
        raise ValueError(
            f"{name} must have the shape {expected}, but the shape is {patterns.shape}."
        )
    if n is not None and len(patterns) != n:
        raise ValueError(f"{name} must be {n}, one for each, but are {len(patterns)}.")
    n_infinite = np.isinf(patterns).sum()
    if n_infinite:
        raise ValueError(f"{name} holds {n_infinite} infinite values.")
    return patterns.astype(float)


def checked_tree(parent, size, label):
    """Parent, size and label of each node as integers, or an error."""
    arrays = {"parent": parent, "size": size, "label": label}
    for name, values in arrays.items():
        arrays[name] = values = np.asarray(values)
        if values.dtype.kind not in "iu":
            raise ValueError(
                f"{name} must hold integers, but the type is {values.dtype}."
            )
        if values.ndim != 1 or not len(values) or values.shape != np.shape(parent):
            raise ValueError(
                "parent, size and label must have one entry for each node, but "
                f"{name} has the shape {values.shape} and parent {np.shape(parent)}."
            )
    parent, size, label = (values.astype(int) for values in arrays.values())
    nodes = np.arange(len(parent))
    lost = (parent >= nodes) | (parent < 0)
    lost[0] = parent[0] != -1
    if lost.any():
        node = nodes[lost][0]
        raise ValueError(
            "parent must be -1 for the first node, the root, and for each other node "
            f"one that comes before it, but is {parent[node]} for node {node}."
        )
    n_children = np.bincount(parent[1:], minlength=len(parent))
    for wrong, text in [
        (n_children == 1, "has a single child, but must have none, or two or more"),
        ((n_children == 0) & (label < 0), "has no children and must have a label"),
        ((n_children > 1) & (label != -1), "has children and must have the label -1"),
    ]:
        if wrong.any():
            node = nodes[wrong][0]
            raise ValueError(f"node {node}, of the label {label[node]}, {text}.")
    return parent, size, label


def checked_scores(score, label):
    """A score for each inner node as floats, NaN for leaves, or an error."""
    if score is None:
        return None
    score = np.asarray(score)
    if score.dtype.kind not in "iuf" or score.shape != label.shape:
        raise ValueError(
            f"score must hold a number for each of {len(label)} nodes, but is of the "
            f"type {score.dtype} and the shape {score.shape}."
        )
    return np.where(label < 0, score, np.nan)
