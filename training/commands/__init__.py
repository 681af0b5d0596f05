"""The commands ``simulate`` and ``train``."""
