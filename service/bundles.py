"""The bundles that a process serves, verified when it starts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from models.bundle import Bundle, load_bundle
from models.errors import BundleRefused, Problem, UnknownResource
from models.language import _

DEFAULT_BUNDLE = "jcog1017-synthetic"


def default_folder() -> Path:
    """Return the folder of the bundle that is shipped."""
    return Path(str(resources.files("models").joinpath("bundles", DEFAULT_BUNDLE)))


class Bundles:
    """Bundles by id and version; the first one given is the default.

    Parameters
    ----------
    bundles : sequence of Bundle
        At least one.

    Raises
    ------
    BundleRefused
        If two have the same id and version, because one could never be asked for.
    """

    def __init__(self, bundles: Sequence[Bundle]) -> None:
        self.all: tuple[Bundle, ...] = tuple(bundles)
        names = [(bundle.id, bundle.version) for bundle in bundles]
        if len(set(names)) < len(names):
            message = _("Two bundles have the same id and version.")
            raise BundleRefused([Problem("", "bundle_format", message)])

    @property
    def default(self) -> Bundle:
        """The bundle that is used when none is asked for."""
        return self.all[0]

    def find(self, name: str | None) -> Bundle:
        """Return the bundle of a name, ``id`` or ``id@version``; the default for ``None``.

        Raises
        ------
        UnknownResource
            If there is none of this name.
        """
        if name is None:
            return self.default
        for bundle in self.all:
            if name in (bundle.id, f"{bundle.id}@{bundle.version}"):
                return bundle
        known = ", ".join(f"{bundle.id}@{bundle.version}" for bundle in self.all)
        message = _("There is no bundle {name}.").format(name=repr(name[:60]))
        raise UnknownResource([Problem("bundle", "unknown_bundle", message, known)])


def load_bundles(folders: Sequence[str]) -> Bundles:
    """Return the shipped bundle and those of further folders, all verified.

    Raises
    ------
    BundleRefused
        If one is damaged or of an unknown format.
    """
    return Bundles([load_bundle(path) for path in (default_folder(), *map(Path, folders))])
