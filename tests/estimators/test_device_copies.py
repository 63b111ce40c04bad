"""What is copied to a device is what was given, whatever its type."""

import numpy as np
import pytest
import torch

from hyperspy_4dphase.estimators._device_copies import (
    _as_signed,
    _undo,
    copy_in_background,
)

DTYPES = ["?", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
DTYPES += [">u2", ">u4", ">i2", ">f4", "longdouble"]


def values_of(dtype):
    dtype = np.dtype(dtype)
    values = np.array([0, 1, 2, 100], dtype)
    if dtype.kind in "iu":
        values = np.append(values, np.iinfo(dtype).max).astype(dtype)
    return values.reshape(-1, 1) if dtype.kind == "?" else values[:, None]


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_stay(dtype):
    values = values_of(dtype)
    before = values.copy()
    ((there,),) = copy_in_background([(values,)], "cpu")
    np.testing.assert_allclose(there.double().numpy(), values.astype(float), rtol=1e-7)
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("dtype", ["u2", "u4", "u8"])
def test_unsigned_ones_travel_in_as_many_bytes(dtype):
    signed, n_bits = _as_signed(values_of(dtype))
    assert signed.element_size() == np.dtype(dtype).itemsize
    assert n_bits == 8 * signed.element_size()
    assert (signed < 0).any()
    assert (_undo(signed, n_bits) >= 0).all()


def test_order_views_and_read_only():
    data = np.arange(24, dtype=np.uint16).reshape(4, 6)
    data.flags.writeable = False
    items = [(data[i:, ::2], torch.tensor([i])) for i in range(3)]
    for (found, number), (given, i) in zip(
        copy_in_background(items, "cpu"), items, strict=True
    ):
        np.testing.assert_array_equal(found.numpy(), given)
        assert number == i


def test_nothing_to_copy():
    assert list(copy_in_background([], "cpu")) == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("dtype", DTYPES)
def test_on_a_gpu(dtype):
    rng = np.random.default_rng(0)
    items = [((50 * rng.random((300, 40))).astype(dtype),) for _ in range(7)]
    for (found,), (given,) in zip(
        copy_in_background(items, "cuda"), items, strict=True
    ):
        assert found.is_cuda
        np.testing.assert_allclose(found.double().cpu().numpy(), given.astype(float))
