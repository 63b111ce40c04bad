"""Summaries of scans that are as unkind to a page as can be."""

import numpy as np

from hyperspy_4dphase.plot.phases import Spots
from hyperspy_4dphase.signals._phase_summary import DomainFacts, PhaseSummary

UNKIND = "<script>alert(\"x\")</script> & 'Å' <img src=http://a.b/c.png>"
DOUBTS = ("boundary", "noise", "resampling", "kinds", "domain", "unresolved", "misfit")


def facts(label, n_positions, fraction, *, name="", confidence=0.9, **others):
    given = {
        "kind": "crystalline",
        "probability": 0.97,
        "others": [],
        "euler": (10.0, 20.0, 30.0),
        "sure": 0.8,
    }
    return DomainFacts(
        label,
        n_positions,
        fraction,
        name=name,
        mean_confidence=confidence,
        **given | others,
    )


def summary(n_domains=5, shape=(14, 19), pattern=(11, 9), seed=0, **changes):
    """All that a summary can hold; every value of it is noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_domains, shape)
    labels.flat[:n_domains] = np.arange(n_domains)
    labels.flat[-1] = -1
    sizes = np.bincount(labels[labels >= 0], minlength=n_domains)
    spots = Spots(np.array([2.0]), np.array([3.0]), np.ones(1), np.array([[1, 0, 0]]))
    made = {
        "title": UNKIND,
        "labels": labels,
        "rows": [
            facts(k, int(size), size / labels.size, name=UNKIND, others=[UNKIND])
            for k, size in enumerate(sizes)
        ],
        "map_options": {"extent": None, "units": "px"},
        "pattern_options": {"extent": None, "units": "px"},
        "patterns": rng.gamma(0.5, 100, (n_domains, *pattern)),
        "spots": [spots if len(pattern) == 2 else None] * n_domains,
        "confidence": rng.random(shape),
        "doubts": {name: rng.random(shape) for name in DOUBTS},
        "phase_ids": np.where(labels < 0, -1, labels % 2),
        "phase_names": [UNKIND, "amorphous"],
        "phase_colors": rng.random((2, 3)),
        "orientations": rng.random((*shape, 3)),
        "unresolved": [UNKIND, "Nothing else."],
        "warnings": [UNKIND],
        "data": ["faulty_pixels=3 left out"],
        "provenance": {
            "domains": {
                "method": UNKIND,
                "parameters": {"values": np.arange(3), "none": None, "empty": {}},
                "many": np.zeros(100),
            }
        },
    }
    return PhaseSummary(**made | changes)
