"""Variational autoencoders of patterns; PyTorch is imported when one is used."""

from hyperspy_4dphase.estimators.vae._distortion import METHODS as DISTORTIONS
from hyperspy_4dphase.estimators.vae._distortion import latent_distortions
from hyperspy_4dphase.estimators.vae._plan import check_sample_weight
from hyperspy_4dphase.estimators.vae._torch import require_torch, restore_model
from hyperspy_4dphase.estimators.vae._vae import PatternVAE

__all__ = ["PatternVAE", "latent_distortions"]
