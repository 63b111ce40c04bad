"""With a client of dask.distributed, all methods give what they give without."""

from functools import lru_cache

import numpy as np

from hyperspy_4dphase.data import structure

from ..local_cluster import local_cluster
from ..signals.phases import scan as crystal_scan
from .domain_scans import planted

QUIET = {"show_progressbar": False, "print_info": False, "random_state": 0}
CHUNKS = (7, 5, 9, 11)


@lru_cache
def in_threads():
    """What comes of a scan without any workers."""
    s = planted()[0]
    domains = s.cluster_hierarchical(**QUIET)
    return {
        # A map knows its scan as long as something holds it.
        "scan": s,
        "domains": domains,
        "confidence": s.domain_confidence(domains, n_maps=2, **QUIET),
        "embedding": s.vae_embed(
            epochs=3, device="cpu", random_state=0, show_progressbar=False
        ),
    }


def in_chunks():
    s = planted()[0].as_lazy()
    s.data = s.data.rechunk(CHUNKS)
    return s


def test_confidence():
    expected = in_threads()
    with local_cluster(processes=False):
        s = in_chunks()
        found = s.domain_confidence(expected["domains"], n_maps=2, **QUIET)
    np.testing.assert_array_equal(
        found.at_threshold(0).labels, expected["confidence"].at_threshold(0).labels
    )
    np.testing.assert_allclose(found.data, expected["confidence"].data, atol=1e-3)


def test_embedding():
    expected = in_threads()["embedding"]
    with local_cluster(processes=False):
        found = in_chunks().vae_embed(
            epochs=3, device="cpu", random_state=0, show_progressbar=False
        )
    scale = np.abs(expected.data).max()
    np.testing.assert_allclose(found.data, expected.data, atol=1e-2 * scale)


def test_phases_and_orientations_of_every_position():
    structures = [structure("Si"), structure("Al")]
    options = {"confidence": False, **QUIET}
    expected = crystal_scan().map_phases(structures, **options).phases
    turned = expected.orientations(show_progressbar=False)
    with local_cluster(processes=False):
        s = crystal_scan().as_lazy()
        s.data = s.data.rechunk((6, 7, 72, 80))
        found = s.map_phases(structures, **options).phases
        again = found.orientations(show_progressbar=False)
    np.testing.assert_array_equal(found.phase_ids, expected.phase_ids)
    np.testing.assert_allclose(found.quaternions, expected.quaternions, atol=1e-5)
    known = expected.phase_ids >= 0
    assert known.any()
    np.testing.assert_allclose(
        again.rotations.data[known], turned.rotations.data[known], atol=1e-4
    )


def _describe(domains):
    """What another process sees of a map that was sent to it."""
    row = domains.isig[:, 2:3]
    means = domains.mean_patterns(show_progressbar=False).data
    return type(domains).__name__, domains.sizes.tolist(), row.data.shape, means


def test_results_are_sent_to_workers_and_back():
    domains = in_threads()["domains"]
    means = domains.mean_patterns(show_progressbar=False).data
    with local_cluster(1, forked=False) as client:
        name, sizes, shape, found = client.submit(_describe, domains).result()
        confidence = client.submit(
            lambda result: result.isig[:4], in_threads()["confidence"]
        ).result()
    assert (name, sizes) == ("DomainMap", domains.sizes.tolist())
    assert shape == (1, domains.data.shape[1])
    np.testing.assert_array_equal(found, means)
    assert type(confidence).__name__ == "DomainConfidence"
    np.testing.assert_array_equal(
        confidence.data, in_threads()["confidence"].data[:, :4]
    )
