"""The peers: other ways to do the same work, a file each, each of which says why it is fair."""
