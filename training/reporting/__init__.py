"""What reporting guidelines ask of a model, answered from the bundle and the evidence."""
