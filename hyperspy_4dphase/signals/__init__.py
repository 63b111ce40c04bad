"""Results as HyperSpy signals, which plot, save and reload whole."""
