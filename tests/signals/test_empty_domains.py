"""Domains of which no position is sure enough: what can be said of them, what not."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_4dphase import DomainConfidence
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.data import structure
from hyperspy_4dphase.estimators.domains._tree_edits import flat_tree

from .phases import mapped

QUIET = {"show_progressbar": False}
UNSURE = 1


@pytest.fixture(scope="module")
def scan_and_domains():
    """A scan, and its domains at a threshold that leaves one of them empty."""
    s, domains, _ = mapped()
    labels, n = domains.labels.ravel(), domains.n_domains
    confidence = np.where(labels == UNSURE, 0.3, 0.98).astype(np.float32)
    posterior = np.repeat((1 - confidence[:, np.newaxis]) / (n - 1), n, axis=1)
    posterior[np.arange(labels.size), labels] = confidence
    ensemble = SimpleNamespace(
        confidence_=confidence,
        consensus_=labels.astype(np.int32),
        posterior_=posterior,
        overlap_=np.zeros(labels.size),
        doubts_={"noise": 1 - confidence},
        n_effective_=7.0,
        n_domains_=n,
    )
    nothing = dict.fromkeys(("embedding", "rounds", "sample_weight"))
    judged = DomainConfidence.from_scan(
        Scan.from_signal(s),
        ensemble,
        flat_tree(np.bincount(labels)),
        threshold=0.6,
        provenance={"method": "planted"},
        **nothing,
    )
    return s, judged.at_threshold(0.5)


def test_it_keeps_its_number(scan_and_domains):
    s, domains = scan_and_domains
    assert domains.n_domains == 5
    assert domains.sizes[UNSURE] == 0
    assert not (domains.labels == UNSURE).any()
    means = domains.mean_patterns(s, **QUIET).data
    np.testing.assert_array_equal(np.isnan(means).all(axis=(1, 2)), np.arange(5) == 1)


@pytest.mark.parametrize("name", ["classify", "phases", "crystallinity"])
def test_nothing_is_said_of_a_pattern_that_is_not_there(scan_and_domains, name):
    s, domains = scan_and_domains
    match = r"of 5 domains 1 have no position \(number 1\).*at_threshold\(\)"
    with pytest.raises(ValueError, match=match):
        getattr(domains, name)(s, **QUIET)


@pytest.mark.parametrize("classes", [None, ["crystalline"] * 5])
def test_it_is_not_named(scan_and_domains, classes):
    s, domains = scan_and_domains
    with pytest.raises(ValueError, match=r"identify\(\) needs a mean pattern of each"):
        domains.identify(structure("Si"), signal=s, classes=classes, **QUIET)


def test_merged_with_another_one_all_is_said(scan_and_domains):
    s, domains = scan_and_domains
    merged = domains.merge([0, UNSURE])
    assert (merged.sizes > 0).all()
    assert len(merged.classify(s, **QUIET)) == 4
    phases = merged.identify(structure("Si"), signal=s, **QUIET)
    assert (phases.phase_ids[domains.labels < 0] == -1).all()


def test_it_is_no_domain_of_a_confidence(scan_and_domains):
    """Its positions may be of any other one, or of none."""
    s, domains = scan_and_domains
    found = s.domain_confidence(
        domains, n_maps=3, random_state=0, print_info=False, **QUIET
    )
    assert found.n_domains == 4
