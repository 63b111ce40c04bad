"""Whole numbers that are refused where they are out of range."""

import traits.api as t


class BoundedInt(t.BaseInt):
    """A trait whose object says, by ``_bounds(name)``, how far it may go."""

    def validate(self, obj, name, value):
        """Return the number, or raise a ValueError."""
        value = super().validate(obj, name, value)
        low, high = obj._bounds(name)
        if not low <= value <= high:
            raise ValueError(f"{name} must be from {low} to {high}, but is {value}.")
        return value
