"""rocot makes reflection-oriented chain-of-thought (RoCoT) datasets for video anomaly understanding."""

__version__ = "0.1.0"
