"""Which domains are vacuum, amorphous or crystalline, and what is in spots."""

import numpy as np

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._scalars import check_flags, check_number
from hyperspy_4dphase.estimators.crystallinity import (
    CLASSES,
    UNKNOWN,
    classify_patterns,
    fit_noise,
    make_spot_weights,
    measure_crystallinity,
)
from hyperspy_4dphase.estimators.domains import leaf_sizes
from hyperspy_4dphase.signals._center import read_center
from hyperspy_4dphase.signals._domain_images import check_images, read_images
from hyperspy_4dphase.signals._domain_patterns import open_scan
from hyperspy_4dphase.signals._position_maps import PositionMaps
from hyperspy_4dphase.signals.domain_classes import DomainClasses

_NAMES = *CLASSES, UNKNOWN


class DomainKinds(PositionMaps):
    """What :class:`DomainMap` gains to tell kinds of domains apart."""

    @with_shared_parameters
    def classify(
        self,
        signal=None,
        *,
        center=None,
        threshold=0.5,
        keep_faulty_pixels=False,
        show_progressbar=None,
    ):
        """Tell which domains are vacuum, amorphous, crystalline, or mixed.

        Mean patterns, without positions beside other domains where there are ten
        others, are judged against their own noise, by
        :func:`~hyperspy_4dphase.estimators.classify_patterns`: whether anything is
        scattered beyond the direct beam and its tails, whether there are spots on the
        rings, and whether halos of amorphous material are there as well. Pixels at
        fault are left out as in :meth:`phases`. Neither the map nor its domains are
        changed.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`.
        center : Estimate or array_like of shape (2,) or (n_domains, 2), optional
            Column and row (x, y) of the direct beam, in pixels, or what
            :func:`hyperspy_4dphase.calibration.find_center` returns. By default it is
            found.
        threshold : float, default 0.5
            Smallest probability of a class that is named; below, a domain is
            ``"unknown"``.
        keep_faulty_pixels : bool, default False
            Whether hot pixels, and dead or hidden ones, are used like all others.
        %(show_progressbar)s

        Returns
        -------
        DomainClasses
            A sequence with a :class:`DomainClass` for each domain; ``print`` shows a
            table.

        Raises
        ------
        ValueError
            If patterns are no images with square pixels, if `threshold` is no
            probability, if a domain has no position; and as :meth:`mean_patterns`.
        TypeError
            If `keep_faulty_pixels` is no bool.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.classify().names
        ['amorphous', 'amorphous', 'vacuum']
        """
        found, images = self._classify(
            signal, center, threshold, keep_faulty_pixels, show_progressbar, inner=True
        )
        return DomainClasses.from_patterns(found, leaf_sizes(self.tree))

    @with_shared_parameters
    def crystallinity(
        self,
        signal=None,
        *,
        center=None,
        max_error=0.2,
        keep_faulty_pixels=False,
        return_errors=False,
        show_progressbar=None,
    ):
        """Map the fraction of scattered electrons that is in spots.

        It is a share of the counts, not a probability that a position is crystalline.

        Spots are sought where the mean pattern of any crystalline or mixed domain has
        them. Of each pattern, what is in these pixels is summed, less what the rest of
        their rings makes expect (by how the background of its domain falls off), and
        divided by all counts outside the direct beam.
        The scan is read once for it, and once more if :meth:`mean_patterns` have not
        been read yet.

        Parameters
        ----------
        signal, center : optional
            As in :meth:`classify`.
        max_error : float, default 0.2
            Largest standard deviation, by counting noise, of a value that is given.
        keep_faulty_pixels : bool, default False
            As in :meth:`classify`.
        return_errors : bool, default False
            Whether to return the standard deviations as well.
        %(show_progressbar)s

        Returns
        -------
        fractions : Signal2D
            ``(|x, y)``, from 0 to 1. NaN where a position is masked or unassigned, of a
            domain of vacuum, or has too few counts.
        errors : Signal2D
            Only with `return_errors`: standard deviation by counting noise, of the
            fraction before it is limited to 0 to 1. NaN where a position is masked or
            unassigned, or has no scattered counts; else known, even if it exceeds
            `max_error`.

        Raises
        ------
        ValueError
            As :meth:`classify`; if `max_error` is not above 0, or there is no scan to
            read.
        TypeError
            If `keep_faulty_pixels` or `return_errors` is no bool.

        Notes
        -----
        This is the least that crystals scatter: their diffuse scattering is smooth in
        azimuth and not in it, so a perfect crystal has less than 1, the less the
        thicker it is. A crystal so small that it shows in the mean of no domain is not
        seen.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.crystallinity()
        <Signal2D, title: Crystallinity: Domains of Oxide bilayer, dimensions: (|16,
        14)>
        """
        check_number("max_error", max_error, 0, above=True)
        check_flags(return_errors=return_errors)
        check_flags(optional=True, show_progressbar=show_progressbar)
        found, images = self._classify(
            signal, center, 0.0, keep_faulty_pixels, show_progressbar
        )
        labels, stored = self.labels.ravel(), self._stored_map
        scan = open_scan(self, labels, signal, show_progressbar)
        is_crystal = found.probabilities[:, 2:].sum(axis=1) >= 0.5
        weights = make_spot_weights(found, is_crystal)
        weights = type(weights)(*(each[..., scan.kept_pixels] for each in weights))
        own = labels[scan.kept_patterns]
        with scan.progress() as progress:
            fractions, errors = measure_crystallinity(
                scan.blocks(progress, replaced=stored.replaced),
                weights,
                own,
                *_find_noise(images, found),
                stored.get("offset") or 0.0,
            )
        unseen = ~(errors <= max_error)
        unseen |= np.array(found.names)[own] == "vacuum"
        values = np.where(unseen, np.nan, np.clip(fractions, 0, 1))
        values, errors = (
            scan.map_of(each.astype(np.float32)).reshape(self.data.shape)
            for each in (values, errors)
        )
        shown = self._show_as("Crystallinity", "Fraction in spots", values)
        if not return_errors:
            return shown
        what = "Error of crystallinity", "Standard deviation of the fraction in spots"
        return shown, self._show_as(*what, errors)

    @with_shared_parameters
    def plot_classes(
        self,
        classes=None,
        signal=None,
        *,
        title=None,
        scalebar=True,
        legend=True,
        ax=None,
        show_progressbar=None,
    ):
        """Plot the map with a colour for each class of domains.

        Parameters
        ----------
        classes : DomainClasses, optional
            Of this map. By default found by :meth:`classify`.
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`; not needed where `classes` are given.
        title : str, optional
            None by default.
        scalebar : bool, default True
            Whether to draw a scale bar instead of ticks.
        legend : bool, default True
            Whether to say how many probe positions each class has.
        ax : matplotlib.axes.Axes, optional
            A new figure by default.
        %(show_progressbar)s

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        TypeError, ValueError
            If `classes` are none of this map; and as :meth:`classify`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> ax = domains.plot_classes()
        """
        from hyperspy_4dphase.plot import plot_domains

        if classes is None:
            classes = self.classify(signal, show_progressbar=show_progressbar)
        if not isinstance(classes, DomainClasses):
            raise TypeError(
                "classes must be what classify() returns, not "
                f"{type(classes).__name__}."
            )
        if len(classes) != self.n_domains:
            raise ValueError(
                f"classes are of {len(classes)} domains; this map has {self.n_domains}."
            )
        labels = self.labels
        numbers = np.array([_NAMES.index(name) for name in classes.names])
        return plot_domains(
            np.where(labels < 0, -1, numbers[labels]),
            names=_NAMES,
            title=title,
            scalebar=scalebar,
            legend=legend,
            ax=ax,
            **self._image_options(),
        )

    def _classify(
        self, signal, center, threshold, keep_faulty_pixels, progressbar, inner=False
    ):
        check_flags(keep_faulty_pixels=keep_faulty_pixels)
        check_number("threshold", threshold, 0, 1, below=True)
        stored = self._stored_map
        check_images(stored.signal_axes, stored.get("signal_type"), "Spots and halos")
        center = read_center(center, stored.signal_axes, self.n_domains)
        images = read_images(
            self, "classify()", signal, keep_faulty_pixels, progressbar, inner
        )
        faulty = images.faulty
        found = classify_patterns(
            images.means,
            images.variances,
            excluded=None if faulty is None else faulty.mask,
            center=center,
            threshold=threshold,
        )
        return found, images


def _find_noise(images, found):
    """Gain and readout noise of a single pattern."""
    used = found.outside.all(axis=0)
    lines = [
        fit_noise(mean[used], size * variance[used])
        for mean, variance, size in zip(
            images.means, images.variances, images.sizes, strict=True
        )
    ]
    return np.median(lines, axis=0)
