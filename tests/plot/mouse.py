"""A scan whose latent points are known, and a mouse to select some of them."""

import numpy as np
from matplotlib.backend_bases import MouseEvent

ONE, TWO, THREE = (31,), (7, 9), (3, 5, 8)
MANY = (70, 90)
# Left, right, bottom and top edge of a map with 0.5 nm steps in x and 2 nm in y.
EXTENT = (10, 14.5, 34, 20)


def scan(navigation, latent_dim=2, seed=0):
    """Two clouds of points: that of the True positions lies at (5, 5)."""
    random = np.random.default_rng(seed)
    inside = random.random(navigation) < 0.3
    inside.flat[:2] = True, False
    latent = random.uniform(-1, 1, (*navigation, latent_dim))
    latent[inside] += 5
    return latent, inside


def send(axes, kind, x, y):
    x, y = axes.transData.transform((x, y))
    event = MouseEvent(kind, axes.figure.canvas, x, y, button=1)
    axes.figure.canvas.callbacks.process(kind, event)


def drag(axes, *points):
    """Press the button at the first point, release it at the last."""
    axes.figure.canvas.draw()
    send(axes, "button_press_event", *points[0])
    for point in points[1:]:
        send(axes, "motion_notify_event", *point)
    send(axes, "button_release_event", *points[-1])


def lasso(view, x=5, y=5, radius=1.2):
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    drag(view.axes["latent"], *((x + radius * a, y + radius * b) for a, b in corners))


def map_of(axes):
    return np.array(axes["map"].images[0].get_array())


class MeanPattern:
    """Takes notes of what it is asked for."""

    def __init__(self, shape=(6, 4)):
        self.shape = shape
        self.asked = []

    def __call__(self, selected):
        self.asked.append(selected)
        pattern = np.full(self.shape, float(selected.sum()))
        pattern.flat[0] = np.nan
        return pattern
