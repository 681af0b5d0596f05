"""Pages for people: form, result, lists, the viewer of the API; all work without scripts."""
