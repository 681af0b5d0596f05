"""What takes longer than a test: studies with seeds fixed beforehand, and their tables."""
