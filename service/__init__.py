"""How people reach a prediction: API, form, lists, command line."""
