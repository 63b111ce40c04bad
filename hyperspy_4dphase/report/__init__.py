"""What was found in a scan as a web page that stands alone."""

from hyperspy_4dphase.report._page import write_page

__all__ = ["write_page"]
