"""How well a bundle predicts patients that are at hand: discrimination, accuracy, calibration."""
