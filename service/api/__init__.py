"""The routes of the JSON API, one endpoint a file."""
