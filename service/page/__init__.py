"""Pages for people: the form, its result, the viewer of the API; all work without scripts."""
