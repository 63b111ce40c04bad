"""Text of the user's, as it is drawn."""

# Names and titles are drawn as they were typed: dollars in them are no formula, which
# matplotlib would refuse, or set in italics.
AS_TYPED = {"parse_math": False}


def draw_as_typed(texts):
    """Draw texts of a legend or the like as they were typed.

    Parameters
    ----------
    texts : iterable of matplotlib.text.Text
    """
    for text in texts:
        text.set(**AS_TYPED)
