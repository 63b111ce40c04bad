"""Simulated 4D-STEM scans with known truth."""

from hyperspy_4dphase.data._amorphous import amorphous_pattern, amorphous_profile
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data._crystalline import crystal_pattern, zone_rotation
from hyperspy_4dphase.data._scattering import vacuum_pattern
from hyperspy_4dphase.data._simulation import simulate_scan
from hyperspy_4dphase.data._structures import structure
from hyperspy_4dphase.data._truth import ScanTruth
from hyperspy_4dphase.data.battery_interface import battery_interface
from hyperspy_4dphase.data.domain_phantom import domain_phantom
from hyperspy_4dphase.data.oxide_bilayer import oxide_bilayer
from hyperspy_4dphase.data.strained_flake import strained_flake

__all__ = [
    "Camera",
    "ScanTruth",
    "amorphous_pattern",
    "amorphous_profile",
    "battery_interface",
    "crystal_pattern",
    "domain_phantom",
    "oxide_bilayer",
    "simulate_scan",
    "strained_flake",
    "structure",
    "vacuum_pattern",
    "zone_rotation",
]
