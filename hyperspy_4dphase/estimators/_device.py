"""Which processor does the arithmetic."""

import shutil
import sys


def resolve_device(device=None):
    """Turn what the user gave into ``"cpu"`` or a ``torch.device`` of a GPU.

    Parameters
    ----------
    device : None, str or torch.device, optional
        None takes a CUDA GPU if there is one, else the CPU.

    Returns
    -------
    str or torch.device
        ``"cpu"`` without importing torch, where no GPU is asked for.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    if device is None:
        # torch takes seconds to import; without a driver it has nothing to add.
        if "torch" not in sys.modules and not shutil.which("nvidia-smi"):
            return "cpu"
        try:
            import torch
        except ImportError:
            return "cpu"
        return torch.device("cuda") if torch.cuda.is_available() else "cpu"
    if str(device) == "cpu":
        return "cpu"
    wanted = "'cpu', 'cuda', 'cuda:<number>', a torch.device of these kinds, or None"
    if str(device).partition(":")[0] != "cuda":
        raise ValueError(f"device={device!r} is not known; expected {wanted}.")
    import torch

    try:
        device = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise ValueError(
            f"device={device!r} is not known; expected {wanted}."
        ) from error
    n_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if (device.index or 0) >= n_devices:
        raise ValueError(
            f"device={str(device)!r} was asked for, but torch sees {n_devices} CUDA "
            "GPUs here; use device='cpu' or None."
        )
    return device
