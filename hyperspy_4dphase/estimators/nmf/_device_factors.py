"""Matrices and factors on a GPU and back, for alternating least squares.

This module imports torch: it is imported only where a GPU computes.
"""

from dataclasses import replace

import numpy as np
import torch


def move_to_device(A, *arrays):
    """Copy a matrix and other arrays to the device of the matrix.

    Parameters
    ----------
    A : CompressedMatrix
    *arrays : numpy.ndarray

    Returns
    -------
    A : CompressedMatrix
        With tensors.
    *tensors : torch.Tensor
        Copies, also where the device is the CPU.
    """
    parts = A.Q, A.B, A.per_pixel, *arrays
    Q, B, per_pixel, *tensors = (
        torch.from_numpy(np.array(part, np.float32)).to(A.device) for part in parts
    )
    return replace(A, Q=Q, B=B, per_pixel=per_pixel), *tensors


def move_back(*tensors):
    """Copy tensors to arrays.

    Parameters
    ----------
    *tensors : torch.Tensor

    Returns
    -------
    list of numpy.ndarray
    """
    return [tensor.cpu().numpy() for tensor in tensors]
