"""Domains that a user gives: labels, masks of clusters, maps and confidences."""

import numpy as np
import pytest

from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.methods._given_domains import read_domains

from ..signals.confidences import confident
from ..signals.domains import N_DOMAINS, mapped
from .conftest import NAVIGATION

N = int(np.prod(NAVIGATION))


@pytest.fixture
def opened(scan):
    return Scan.from_signal(scan)


@pytest.fixture
def labels():
    return np.random.default_rng(0).integers(-1, 3, NAVIGATION)


def test_labels_are_numbered_anew_in_their_order(opened, labels):
    given = np.array([-1, 4, 7, 20])[labels + 1]
    found, tree = read_domains(opened, given).keep(opened)
    np.testing.assert_array_equal(found, labels.ravel())
    np.testing.assert_array_equal(
        tree.size[tree.label >= 0], np.bincount(found[found >= 0])
    )
    assert {node.reason for node in tree if node.label >= 0} == {"by hand"}


def test_masked_domains_go(opened, labels):
    scan = opened.replace_masks(labels.ravel() == 1, None)
    found, tree = read_domains(opened, labels).keep(scan)
    kept = labels[labels != 1]
    np.testing.assert_array_equal(found, np.where(kept == 2, 1, kept))
    assert tree.n_domains == 2


def test_masks_of_clusters_become_labels(opened, labels):
    members = np.stack([labels == i for i in range(3)])
    for given in (members, members.reshape(3, N)):
        found = read_domains(opened, given).labels
        np.testing.assert_array_equal(found, labels.ravel())
    with pytest.raises(ValueError, match="clusters overlap"):
        read_domains(opened, np.stack([labels >= 0, labels >= 1]))


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        (3, TypeError, "not int"),
        ("labels", TypeError, "not str"),
        (np.zeros(NAVIGATION), TypeError, "must hold integers, .*float64"),
        (np.zeros(NAVIGATION[::-1], int), ValueError, "is it of another scan"),
        (np.full(NAVIGATION, -2), ValueError, "domains holds -2"),
        (np.zeros((3, 4), bool), ValueError, "a mask of each cluster"),
    ],
    ids=str,
)
def test_what_is_refused(opened, given, error, match):
    with pytest.raises(error, match=match):
        read_domains(opened, given)


def test_nothing_assigned_is_refused(opened):
    given = read_domains(opened, np.full(NAVIGATION, -1))
    with pytest.raises(ValueError, match="all probe positions .* are unassigned"):
        given.keep(opened)


def test_a_map_keeps_its_tree_and_masks():
    domains, signal, labels = mapped()
    scan = Scan.from_signal(signal)
    given = read_domains(scan, domains)
    np.testing.assert_array_equal(given.labels, labels.ravel())
    np.testing.assert_array_equal(given.excluded_patterns, labels.ravel() < 0)
    assert given.excluded_pixels.sum() == 2
    kept = scan.replace_masks(given.excluded_patterns, given.excluded_pixels)
    found, tree = given.keep(kept)
    np.testing.assert_array_equal(found, labels[labels >= 0])
    np.testing.assert_array_equal(tree.parent, domains.tree.parent)
    # Without a domain its leaf goes.
    fewer = scan.replace_masks(np.isin(labels.ravel(), [-1, 3]), None)
    assert given.keep(fewer)[1].n_domains == N_DOMAINS - 1


def test_a_slice_of_a_map_is_refused():
    domains, signal, _ = mapped()
    with pytest.raises(ValueError, match="domains is of another scan"):
        read_domains(Scan.from_signal(signal.inav[1:]), domains)


def test_a_confidence_stands_for_its_domains():
    confidence, signal, _, _ = confident()
    scan = Scan.from_signal(signal)
    found = read_domains(scan, confidence).labels
    np.testing.assert_array_equal(found, confidence.domains.labels.ravel())
