"""Which contenders meet on which scans."""

from dataclasses import dataclass

from tests.benchmarks.contenders import CONTENDERS, OURS, PASS, SUM

_EAGER = ("rnmf", "sklearn-nmf", "sklearn-minibatch", "hyperspy-nmf")
_LAZY = ("rnmf-lazy", "hyperspy-ornmf")


@dataclass
class Job:
    """A contender on a scan."""

    contender: str
    n_components: int | None = 5
    score: bool = True

    @property
    def is_ours(self):
        """bool: Whether this is a method of this package, or what it is held against
        in each run: cheap, so repeated."""
        return self.contender in (*OURS, SUM, PASS)

    @property
    def label(self):
        """str: As the tables have it."""
        label = CONTENDERS[self.contender].label
        return label if self.n_components else f"{label}, number chosen"


@dataclass
class Group:
    """A scan, the jobs on it, and the table that they fill.

    The first job is the one that the others are compared to.
    """

    name: str
    kind: str
    navigation_shape: tuple
    signal_shape: tuple
    jobs: list
    lazily_made: bool = False

    @property
    def size(self):
        """str: Of the scan."""
        (ny, nx), (nky, nkx) = self.navigation_shape, self.signal_shape
        return f"{ny} x {nx} positions of {nky} x {nkx} pixels"


def make_plan(*, quick=False, large=False, peers=True):
    """Return the groups of a run.

    Parameters
    ----------
    quick : bool
        Small scans: whether everything runs, rather than how fast.
    large : bool
        Also a scan of 2.1 GB, lazily.
    peers : bool
        Whether the peers take part.

    Returns
    -------
    list of Group
    """
    full, signal_shape = (128, 128), (128, 128)
    if quick:
        full, signal_shape = (40, 36), (32, 28)
    sizes = [(64, 64), (96, 96), full]
    if large:
        sizes.append((256, 256))
    if quick:
        # Each process needs seconds to import what it is to measure, and MiniBatchNMF
        # is slow on any scan.
        shapes = full, signal_shape
        eager = [name for name in _EAGER if name != "sklearn-minibatch"]
        return [
            Group("eager", "battery", *shapes, _jobs(eager, peers, 5)),
            Group("lazy", "battery", *shapes, _jobs(_LAZY, peers, 5)),
            Group("size", "battery", *shapes, [Job(SUM), Job("rnmf-lazy")]),
            Group("weak", "weak", *shapes, _jobs(("rnmf", "sklearn-nmf"), peers, 5)),
            Group("weak, lazy", "weak", *shapes, [Job(SUM), Job("rnmf-lazy")]),
            Group("pass", "weak", *shapes, [Job(PASS), Job("compress")]),
        ]
    groups = [
        Group("eager", "battery", full, signal_shape, _jobs(_EAGER, peers, 5)),
        Group("lazy", "battery", full, signal_shape, _jobs(_LAZY, peers, 5)),
        Group(
            "rare",
            "rare",
            full,
            signal_shape,
            [Job("rnmf", None), *_jobs(("rnmf", "sklearn-nmf"), peers, 6)],
        ),
        Group(
            "weak",
            "weak",
            full,
            signal_shape,
            _jobs(("rnmf", "sklearn-nmf"), peers, 5),
        ),
        Group("weak, lazy", "weak", full, signal_shape, [Job(SUM), Job("rnmf-lazy")]),
        Group("pass", "weak", full, signal_shape, [Job(PASS), Job("compress")]),
    ]
    groups[0].jobs.insert(1, Job("rnmf", None))
    groups[1].jobs.insert(1, Job("rnmf-lazy", None))
    for shape in sizes:
        jobs = [Job(SUM), Job("rnmf-lazy", score=shape[0] <= full[0])]
        groups.append(Group("size", "battery", shape, signal_shape, jobs, True))
    return groups


def _jobs(contenders, peers, n_components):
    return [
        Job(contender, n_components)
        for contender in contenders
        if peers or contender in OURS
    ]
