"""What HyperSpy users call: one function per file, which validates and hands over."""
