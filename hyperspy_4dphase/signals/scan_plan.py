"""What reading a scan will take, said before it is read."""

import html
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ScanPlan:
    """How a scan would be read, what memory that takes, and about how long.

    Made by :func:`plan`. Times are measured on a few blocks: those of a file that is
    not in the operating system's cache, or of a machine that does something else
    meanwhile, may be several times as long.

    Attributes
    ----------
    navigation_shape, signal_shape : tuple of int
        Of the scan, in array order.
    dtype : str
    scan_bytes : int
        Size of the scan, masked patterns and pixels included.
    is_lazy : bool
    chunks : tuple of tuple of int, or None
        Of a lazy scan.
    workers : str
        What reads: threads of this process, or workers of a dask client.
    n_workers : int
        How many blocks are read at a time.
    n_blocks, n_tasks : int
        Blocks of patterns, and tasks (groups of them), of each read.
    block_bytes : int
        Size of the largest block.
    reads : tuple of int
        How often the scan will be read by :func:`compress` and what follows from it, at
        least and at most. What is given as `compression`, or remembered, is not read
        again.
    memory_bytes : int
        Most memory that is needed beyond what is held now, about. With a dask client,
        that of this process.
    worker_bytes : int or None
        With a dask client, that of each worker, about.
    result_bytes : int
        Memory of the compression, about.
    seconds_per_read : float or None
        About; None if nothing was measured.
    warnings : list of str
        What is wrong with the chunks.
    nav_chunks : tuple of int or None
        Better ones along the navigation axes, in array order.
    rechunk : str or None
        The call that makes them; None if nothing is wrong.
    """

    navigation_shape: tuple
    signal_shape: tuple
    dtype: str
    scan_bytes: int
    is_lazy: bool
    chunks: tuple | None
    workers: str
    n_workers: int
    n_blocks: int
    n_tasks: int
    block_bytes: int
    reads: tuple
    memory_bytes: int
    worker_bytes: int | None
    result_bytes: int
    seconds_per_read: float | None = None
    warnings: list = field(default_factory=list)
    nav_chunks: tuple | None = None
    rechunk: str | None = None

    @property
    def seconds(self):
        """tuple of float, or None: Time of all reads, about, at least and at most."""
        if self.seconds_per_read is None:
            return None
        return tuple(n * self.seconds_per_read for n in self.reads)

    @property
    def bytes_per_second(self):
        """float or None: How fast the scan is read, arithmetic included."""
        if not self.seconds_per_read:
            return None
        return self.scan_bytes / self.seconds_per_read

    def _rows(self):
        """Pairs of what and how much."""
        shape = " x ".join(map(str, self.navigation_shape))
        shape += " positions of " + " x ".join(map(str, self.signal_shape)) + " pixels"
        yield "scan", f"{shape}, {self.dtype}, {_size(self.scan_bytes)}"
        kind = "lazy" if self.is_lazy else "in memory"
        yield (
            "blocks",
            f"{self.n_blocks} of up to {_size(self.block_bytes)} in {self.n_tasks} "
            f"tasks a read ({kind})",
        )
        yield "read by", self.workers
        yield "reads", _range(*self.reads, "{:.0f}")
        memory = f"about {_size(self.memory_bytes)}"
        if self.worker_bytes is not None:
            memory += f" here, {_size(self.worker_bytes)} in each worker"
        yield "memory", f"{memory}; the compression: {_size(self.result_bytes)}"
        if self.seconds is None:
            yield "time", "not measured"
            return
        rate = _size(self.bytes_per_second) if self.bytes_per_second else "?"
        yield (
            "time",
            f"about {_range(*map(_time, self.seconds), '{}')} "
            f"({_time(self.seconds_per_read)} a read, {rate}/s)",
        )

    def __repr__(self):
        lines = [f"  {name + ':':9}{value}" for name, value in self._rows()]
        lines += [f"  ! {text}" for text in self.warnings]
        if self.rechunk is not None:
            lines.append(f"  better:  {self.rechunk}")
        return "\n".join(["<ScanPlan", *lines]) + ">"

    def _repr_html_(self):
        rows = [*self._rows(), *(("warning", text) for text in self.warnings)]
        if self.rechunk is not None:
            rows.append(("better", self.rechunk))
        cells = (
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in rows
        )
        return f"<table>{''.join(cells)}</table>"


def _size(n_bytes):
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 999.5:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def _time(seconds):
    if seconds < 100:
        return f"{seconds:.2g} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.2g} min"
    return f"{seconds / 3600:.2g} h"


def _range(least, most, form):
    least, most = form.format(least), form.format(most)
    return least if least == most else f"{least} to {most}"
