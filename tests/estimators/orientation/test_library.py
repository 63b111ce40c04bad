"""Libraries of templates are stored whole, or refused."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import TemplateLibrary
from hyperspy_4dphase.estimators.orientation import _library as module
from tests.estimators.orientation.orientation_patterns import library_of


def test_arrays_bring_the_library_back():
    library = library_of("Si")
    again = TemplateLibrary.from_arrays(library.to_arrays())
    for name, value in library._asdict().items():
        if name != "reflections":
            np.testing.assert_array_equal(getattr(again, name), value)
    for one, other in zip(again.reflections, library.reflections, strict=True):
        np.testing.assert_array_equal(one, other)


def test_damaged_arrays_are_refused():
    arrays = library_of("Si").to_arrays()
    arrays["weight"] = arrays["weight"].copy()
    arrays["weight"][3] *= 1.001
    with pytest.raises(ValueError, match="damaged"):
        TemplateLibrary.from_arrays(arrays)
    del arrays["weight"]
    with pytest.raises(ValueError, match="damaged"):
        TemplateLibrary.from_arrays(arrays)


def test_another_version_is_refused(monkeypatch):
    arrays = library_of("Si").to_arrays()
    monkeypatch.setattr(module, "FORMAT_VERSION", module.FORMAT_VERSION + 1)
    with pytest.raises(ValueError, match="version"):
        TemplateLibrary.from_arrays(arrays)
