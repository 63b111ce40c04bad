"""What estimators share that turn patterns into a few numbers each."""

from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import check_array

from hyperspy_4dphase._patterns import PatternBlocks


class PatternTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """A transformer of patterns that are not negative, with scikit-learn's contract."""

    _PRESERVED_DTYPES = ("float64", "float32")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = list(self._PRESERVED_DTYPES)
        return tags

    def _more_tags(self):
        # The same for scikit-learn before 1.6.
        return {
            "requires_positive_X": True,
            "preserves_dtype": list(self._PRESERVED_DTYPES),
        }

    def _to_blocks(self, X, *, fitting=False, allow_nd=False):
        """Deliver patterns in blocks; an array is checked before."""
        if isinstance(X, PatternBlocks):
            return X
        n_patterns = 2 if fitting else 1
        X = check_array(X, ensure_min_samples=n_patterns, allow_nd=allow_nd)
        return PatternBlocks.wrap(X)

    def _check_n_pixels(self, X):
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
