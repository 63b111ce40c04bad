"""``python -m tests.benchmarks.gpu``: a GPU against the processor, in some minutes.

Where there is no GPU it says so and measures nothing; ``--quick`` then runs all parts
on the processor, on small scans, by the same code: does everything run?
"""

import os
import time
from dataclasses import dataclass
from functools import partial

import dask.array as da
import numpy as np
import torch

from hyperspy_4dphase import data
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._threads import available_threads
from hyperspy_4dphase.estimators import PatternVAE, RandomizedNMF
from hyperspy_4dphase.estimators.compression import compress_patterns, make_probe
from hyperspy_4dphase.estimators.vae._model import Model
from tests.benchmarks.command import read_options, read_record, write_result
from tests.benchmarks.report import simple_table

NO_GPU = "No GPU: torch sees no CUDA device here. Nothing was measured."
# Of the memory that is free on the machine, for the scan that fills it.
_SHARE_OF_MEMORY = 0.35


@dataclass
class Sizes:
    """Of the scans."""

    scan: tuple = ((128, 128), (128, 128))
    phantom: tuple = ((295, 296), (128, 128))
    epochs: int = 20
    epochs_of_images: int = 3
    most_bytes: float = 64e9
    copied: int = 2**30


QUICK = Sizes(((20, 18), (32, 30)), ((40, 50), (32, 36)), 2, 1, 3e7, 2**22)


def wait(device):
    """Wait for all that a GPU was given to do."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def timed(function, device, repeats=1):
    """The result of a call, and its shortest time in seconds."""
    best = np.inf
    for _ in range(repeats):
        wait(device)
        start = time.perf_counter()
        result = function()
        wait(device)
        best = min(best, time.perf_counter() - start)
    return result, best


def relative(found, expected):
    """Norm of a difference over that of what was expected."""
    found, expected = (np.asarray(part, np.float64) for part in (found, expected))
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def measure_copies(sizes, device):
    """How fast numbers get onto the GPU, plain and pinned: the limit of all reads."""
    plain = torch.ones(sizes.copied, dtype=torch.uint8)
    record = {}
    for name in ("plain", "pinned"):
        source = plain
        if name == "pinned" and torch.device(device).type == "cuda":
            source = plain.pin_memory()
        source.to(device)
        copy = partial(source.to, device, non_blocking=True)
        _, seconds = timed(copy, device, 5)
        record[name] = sizes.copied / seconds / 1e9
    return record


def patterns_of(signal):
    """A scan as rows."""
    n_positions = int(np.prod(signal.data.shape[:2]))
    return signal.data.reshape(n_positions, -1)


def compare(patterns, epochs, device):
    """Compression, NMF and training on the GPU and on the processor."""
    record, found = {}, {}
    for side, where in (("processor", "cpu"), ("GPU", device)):
        own = {"random_state": 0, "device": str(where)}
        blocks = PatternBlocks(patterns, 1, allow_negative=True)
        calls = {
            "read": partial(one_read, blocks, where),
            "compression": partial(
                compress_patterns, patterns, noise="measured", **own
            ),
        }
        results, seconds = {}, {}
        for name in ("read", "compression", "NMF", "training"):
            if name == "NMF":
                calls[name] = partial(fit_nmf, results["compression"], own)
                calls["training"] = partial(
                    fit_vae, results["compression"], epochs, own
                )
            # The first call compiles, and sets up what is used afterwards.
            results[name], seconds[name] = timed(calls[name], where, 2)
        found[side], record[side] = results, seconds
    one, other = found["GPU"], found["processor"]
    k = other["compression"].n_significant
    rows = slice(0, min(4096, len(patterns)))
    losses = (side["training"].loss_[-1:, 1] for side in (one, other))
    record["difference"] = {
        "read": relative(one["read"].Z, other["read"].Z),
        "singular values": relative(
            one["compression"].singular_values[:k],
            other["compression"].singular_values[:k],
        ),
        "patterns": relative(
            one["compression"].reconstruct(rows), other["compression"].reconstruct(rows)
        ),
        "NMF": relative(*nmf_on_both(other["compression"], device)),
        "encoding": relative(*encode_on_both(other, device)),
        "loss": relative(*losses),
    }
    record["GB"] = patterns.nbytes / 1e9
    return record


def one_read(blocks, device):
    """One power iteration over all patterns."""
    probe = make_probe(blocks.shape[1])
    probe.device = "cpu" if device == "cpu" else torch.device(device)
    return blocks.accumulate(probe)


def fit_nmf(compressed, options):
    """Five components."""
    return RandomizedNMF(5, max_iter=200, **options).fit(compressed)


def nmf_on_both(compressed, device):
    """Reconstructions by both, from the same compression."""
    for where in (str(device), "cpu"):
        model = RandomizedNMF(5, random_state=0, device=where)
        weights = model.fit_transform(compressed)
        yield weights[:4096] @ model.components_


def fit_vae(X, epochs, options, architecture="compressed"):
    """Train for a number of epochs."""
    return PatternVAE(2, architecture, epochs=epochs, **options).fit(X)


def encode_on_both(found, device):
    """Latent means of the same model by both."""
    arrays = found["training"].model_.to_arrays()
    for where in (device, "cpu"):
        yield Model.from_arrays(arrays, where).encode(found["compression"]).mean


def measure_images(signal, epochs, device):
    """Epochs of the convolutional network."""
    images = signal.data.reshape(-1, *signal.data.shape[2:])
    record = {}
    for side, where in (("processor", "cpu"), ("GPU", device)):
        own = {"random_state": 0, "device": str(where)}
        model, seconds = timed(
            lambda own=own: fit_vae(images, epochs, own, "convolutional"), where
        )
        record[side] = seconds / epochs
        record[f"loss, {side}"] = float(model.loss_[-1, 1])
    return record


def measure_largest(sizes, device):
    """One read of the largest scan that fits the memory of the machine, lazily."""
    (_, signal_shape) = sizes.scan
    n_pixels = int(np.prod(signal_shape))
    size = min(_free_memory() * _SHARE_OF_MEMORY, sizes.most_bytes)
    n_own = min(4096, max(int(size / (2 * n_pixels)) // 2, 1))
    rng = np.random.default_rng(0)
    own = rng.poisson(rng.gamma(0.5, 2, n_pixels), (n_own, n_pixels)).astype("u2")
    n_parts = max(int(size / own.nbytes), 1)
    held = np.concatenate([own] * n_parts)
    patterns = da.from_array(held, chunks=(min(1024, n_own), n_pixels))
    record = {"GB": held.nbytes / 1e9}
    for side, where in (("processor", "cpu"), ("GPU", device)):
        blocks = PatternBlocks(patterns, 1, allow_negative=True)
        if side == "processor":
            # It takes long: a tenth of it is enough.
            blocks = PatternBlocks(patterns[: max(len(held) // 10, 1)], 1)
        _, seconds = timed(lambda b=blocks, w=where: one_read(b, w), where)
        record[side] = 2 * blocks.size / seconds / 1e9
    return record


def _free_memory():
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


PARTS = {
    "copies": measure_copies,
    "scan": lambda sizes, device: compare(
        patterns_of(data.battery_interface(*sizes.scan, random_state=0)[0]),
        sizes.epochs,
        device,
    ),
    "phantom": lambda sizes, device: compare(
        patterns_of(data.domain_phantom(*sizes.phantom, random_state=0)[0]),
        sizes.epochs,
        device,
    ),
    "images": lambda sizes, device: measure_images(
        data.battery_interface(*sizes.scan, random_state=0)[0],
        sizes.epochs_of_images,
        device,
    ),
    "largest": measure_largest,
}


def tables(record):
    """The tables of all that was measured."""
    texts = [record["machine"]]
    if "copies" in record:
        speeds = (
            f"{name} {value:.1f} GB/s" for name, value in record["copies"].items()
        )
        texts.append(f"Onto the GPU, memory that is {', '.join(speeds)}.")
    header = ["what", "processor", "GPU", "ratio"]
    rows, differences = [], []
    for name in ("scan", "phantom"):
        if name not in record:
            continue
        own = record[name]
        for what, seconds in own["processor"].items():
            there = own["GPU"][what]
            label = f"{name} ({own['GB']:.2g} GB), {what}"
            rows.append(
                [label, f"{seconds:.3g} s", f"{there:.3g} s", f"{seconds / there:.1f}"]
            )
        for what, value in own["difference"].items():
            differences.append([f"{name}, {what}", f"{value:.1e}"])
    if "images" in record:
        own = record["images"]
        one, two = own["processor"], own["GPU"]
        label = "convolutional network, one epoch"
        rows.append([label, f"{one:.3g} s", f"{two:.3g} s", f"{one / two:.1f}"])
        losses = own["loss, GPU"], own["loss, processor"]
        value = abs(losses[0] - losses[1]) / abs(losses[1])
        differences.append(["convolutional network, loss", f"{value:.1e}"])
    if "largest" in record:
        own = record["largest"]
        one, two = own["processor"], own["GPU"]
        label = f"one read of {own['GB']:.3g} GB"
        rows.append([label, f"{one:.2g} GB/s", f"{two:.2g} GB/s", f"{two / one:.1f}"])
    texts.append(simple_table(header, rows))
    texts.append(simple_table(["relative difference", "value"], differences))
    return "\n\n".join(texts) + "\n"


def describe(device):
    """The machine in a line."""
    kind = "no GPU: the processor in its place"
    if torch.device(device).type == "cuda":
        kind = torch.cuda.get_device_name(device)
    return (
        f"{kind}; {available_threads()} processor threads; torch {torch.__version__}."
    )


def main(arguments=None):
    """Measure, write ``gpu.json`` and ``gpu.txt``, and print the tables."""
    options = read_options(__doc__, arguments, parts=PARTS)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not options.quick:
        print(NO_GPU)
        return
    if device == "cpu":
        print(f"{NO_GPU.partition('.')[0]}: all parts run on the processor.")
        # Not "cpu", which goes another way.
        device = torch.device("cpu")
    sizes = QUICK if options.quick else Sizes()
    record = read_record(options, "gpu")
    record["machine"] = describe(device)
    for name in options.only or PARTS:
        start = time.perf_counter()
        record[name] = PARTS[name](sizes, device)
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
        # What comes after may fail, or take too long.
        write_result(options, "gpu", record, tables(record))


if __name__ == "__main__":
    main()
