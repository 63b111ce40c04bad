"""Time, memory, reads and accuracy, ours and those of the peers: ``make bench``."""
