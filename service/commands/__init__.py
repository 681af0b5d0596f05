"""The commands ``serve``, ``score`` and ``evidence``."""
