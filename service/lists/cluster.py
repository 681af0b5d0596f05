"""A list on many machines: its parts are scored by the workers of Dask, and joined in order.

A worker does for its part what one process does for a whole list, with the same blocks, results
and writers. It writes beside the output, under a name of its own, and renames what is whole;
so a part that is scored twice does no harm. This process adds part to part and keeps no row.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from types import TracebackType
from typing import IO, Any

from models import __version__
from models.errors import BundleRefused, EquipoiseError, InvalidInput, Problem
from models.language import _, speaking
from service.bundles import default_folder
from service.lists.cuts import Source, Stretch, blocks_of
from service.lists.kinds import ARROW, COLUMN_KINDS
from service.lists.outputs import NOTE, PARTS, SIDECAR, Part, Target, other_run, sidecar_text
from service.lists.profiles import Profiles
from service.lists.progress import Progress
from service.lists.results import Task
from service.lists.run import Stopped, Unfinished, WrongRow, first_wrong
from service.lists.storage import Place
from service.lists.tally import Tally
from service.lists.writers import RejectsWriter, Writer, writer_of

#: What says in the folder of parts what they are parts of.
_RUN = "run.json"

#: Seconds until a scheduler has answered, and until a part that was written is seen from here.
_CONNECTION, _SEEN = 10, 60

#: Seconds without a worker until that is told.
_PATIENCE = 3.0

#: Addresses that a client can be asked for; another one would be told with a traceback.
_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^/]+:\d{1,5}")

#: How often a part is tried again where storage fails; a killed worker is not counted.
_RETRIES = 2


@dataclass(frozen=True)
class Order:
    """What is asked of every worker.

    Attributes
    ----------
    task : Task
        Its kind is that of the parts.
    shipped : bool
        Whether the bundle is the shipped one, wherever a worker has it.
    folder : Place
        Where parts go.
    compression : str
        Of a text.
    rejects, strict : bool
        Whether rejects are written; whether the first wrong row ends the run.
    key : str
        A digest of what the parts of a run have in common.
    software : str
        The version of Equipoise.
    """

    task: Task
    shipped: bool
    source: Source
    folder: Place
    compression: str
    rejects: bool
    strict: bool
    key: str
    software: str = __version__


@dataclass(frozen=True)
class Done:
    """What became of a part.

    Attributes
    ----------
    key : str
        The order's.
    progress : mapping
        What `Progress.as_dict` gave.
    sizes : mapping of str to int
        Bytes of each file.
    wrong : (int, list), optional
        Place and problems of the row that ended it.
    refused : list of problems
        Why the worker could not do it.
    """

    key: str
    progress: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    wrong: tuple[int, list[list[str]]] | None = None
    refused: list[list[str]] = field(default_factory=list)


# What a worker does


def score_part(stretch: Stretch, order: Order) -> Done:
    """Score a part, unless it is there; called on a worker.

    What cannot be is told in the answer, because errors with problems do not travel.
    """
    with speaking(order.task.language):
        try:
            _refuse_other_software(order)
            return _noted(stretch, order) or _scored(stretch, order)
        except EquipoiseError as error:
            problems = [list(problem.as_dict().values()) for problem in error.problems]
            return Done(order.key, refused=problems)


def part_name(stretch: Stretch, ending: str) -> str:
    """Return the name of a part's file; sorted names are in order."""
    return f"{stretch.number:08d}.{ending}"


_RESULTS, _REJECTS, _DONE = "results", "rejects", "json"


def _noted(stretch: Stretch, order: Order) -> Done | None:
    """Return what became of a part that is there and whole."""
    place = order.folder.within(part_name(stretch, _DONE))
    if place.size is None:
        return None
    found = Done(**json.loads(place.read()))
    whole = all(
        order.folder.within(part_name(stretch, ending)).size == size
        for ending, size in found.sizes.items()
    )
    return found if whole and found.key == order.key else None


def _scored(stretch: Stretch, order: Order) -> Done:
    """Score a part and put its files in their places, the note on them last."""
    endings = (_RESULTS, _REJECTS) if order.rejects else (_RESULTS,)
    places = [order.folder.within(part_name(stretch, ending)) for ending in endings]
    drafts = [place.draft() for place in places]
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(draft.open("wb")) for draft in drafts]
            progress, wrong = _write_part(stretch, order, files)
        if wrong is not None:
            return Done(order.key, wrong=(wrong.line, wrong.problems))
        sizes = [draft.size or 0 for draft in drafts]
        for draft, place in zip(drafts, places, strict=True):
            draft.move(place)
    finally:
        for draft in drafts:
            draft.remove()
    done = Done(order.key, progress.as_dict(), dict(zip(endings, sizes, strict=True)))
    order.folder.within(part_name(stretch, _DONE)).write(json.dumps(asdict(done)).encode())
    return done


def _write_part(
    stretch: Stretch, order: Order, files: list[IO[bytes]]
) -> tuple[Progress, WrongRow | None]:
    """Write results and rejects, up to a wrong row where that ends the run."""
    profiles = _profiles(order)
    progress = Progress(tally=Tally() if order.task.summarised else None)
    layout = profiles.task.layout
    writers: list[Writer] = [writer_of(files[0], layout, order.task.kind, order.compression)]
    writers += map(RejectsWriter, files[1:])
    wrong = None
    for block in blocks_of(stretch, order.source, order.task.reader):
        results = profiles.look_up(block.contents).wait()
        wrong = first_wrong(block, results) if order.strict else None
        if wrong is not None:
            break
        for writer in writers:
            writer.write(block, results)
        progress.add(block, results)
    for writer in writers:
        writer.finish()
    return progress, wrong


_kept = threading.local()


def _profiles(order: Order) -> Profiles:
    """Return the results that this thread has by content, of this order alone."""
    if getattr(_kept, "key", None) != order.key:
        _kept.profiles, _kept.key = Profiles(_own_task(order)), order.key
    found: Profiles = _kept.profiles
    return found


def _own_task(order: Order) -> Task:
    """Return the task with this machine's bundle.

    Raises
    ------
    InvalidInput
        If it has another one, or none.
    """
    folder = default_folder() if order.shipped else order.task.bundle_folder
    task = replace(order.task, bundle_folder=folder)
    try:
        task.bundle  # noqa: B018 (loaded and checked)
    except (BundleRefused, ValueError, OSError):
        message = _("The machine {name} has another bundle, or none.")
        raise _refusal(message, _("the same bundle on every machine")) from None
    return task


def _refuse_other_software(order: Order) -> None:
    if order.software != __version__:
        message = _("The machine {name} has another version of Equipoise.")
        raise _refusal(message, _("the same version on every machine"))


def _refusal(message: str, accepted: str) -> InvalidInput:
    told = message.format(name=socket.gethostname())
    return InvalidInput([Problem("scheduler", "not_accepted", told, accepted)])


# What the command does


class Joined:
    """Results and rejects that parts are added to, moved to their places when they are whole.

    Parameters
    ----------
    out : Target
    rejects : str or None
        Where rejected rows are explained.
    task : Task
        Of which this process writes what stands before the first part.

    Raises
    ------
    OSError
        If they cannot be written, or another run is writing them.
    """

    def __init__(self, out: Target, rejects: str | None, task: Task) -> None:
        self._kind = out.kind
        self._stack = ExitStack()
        with ExitStack() as stack:
            self._out = stack.enter_context(_Whole(Place.of(out.name)))
            self._rejects = (
                None if rejects is None else stack.enter_context(_Whole(Place.of(rejects)))
            )
            self._writer = writer_of(self._out.file, task.layout, out.kind, out.compression)
            self._writer.start()
            if self._rejects is not None:
                RejectsWriter(self._rejects.file).start()
            self._stack = stack.pop_all()

    def add(self, stretch: Stretch, order: Order, sizes: Mapping[str, int]) -> None:
        """Add a part."""
        with _seen(order.folder.within(part_name(stretch, _RESULTS)), sizes[_RESULTS]) as file:
            if self._kind in COLUMN_KINDS:
                self._append(file)
            else:
                shutil.copyfileobj(file, self._out.file, 2**22)
        if self._rejects is not None:
            place = order.folder.within(part_name(stretch, _REJECTS))
            with _seen(place, sizes[_REJECTS]) as file:
                shutil.copyfileobj(file, self._rejects.file, 2**22)

    def _append(self, file: IO[bytes]) -> None:
        from service.lists.column_writer import ColumnWriter

        if isinstance(self._writer, ColumnWriter):
            self._writer.append(file)

    def finish(self, about: Mapping[str, Any]) -> None:
        """Move everything to its place, with a note of what it is beside the results."""
        self._writer.finish()
        self._out.place.beside(SIDECAR).write(sidecar_text(about).encode())
        for each in (self._rejects, self._out):
            if each is not None:
                each.move()

    def __enter__(self) -> Joined:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            with suppress(OSError):
                # A writer of columns wants to end its file before that is closed and removed.
                self._writer.finish()
        self._stack.close()


class _Whole:
    """A file that stands in its place when it is whole; a local one is nobody else's meanwhile."""

    def __init__(self, place: Place) -> None:
        self.place, self._moved = place, False
        local = place.local
        self._part = None if local is None else Part(str(local))
        if self._part is None:
            self._draft = place.draft()
            self.file = self._draft.open("wb")
        else:
            self._part.cut(0)
            self.file = self._part.file
            self._part.place.with_name(self._part.place.name + NOTE).unlink(missing_ok=True)

    def move(self) -> None:
        """Put the file in its place."""
        self.file.close()
        self._moved = True
        if self._part is not None:
            self._part.move()
        else:
            self._draft.move(self.place)

    def __enter__(self) -> _Whole:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove what was not moved."""
        self.file.close()
        if self._moved:
            return
        if self._part is not None:
            self._part.drop()
        else:
            self._draft.remove()


@contextmanager
def _seen(place: Place, size: int) -> Iterator[IO[bytes]]:
    """Yield a part's file; shared disks may show it some seconds after it was written.

    Raises
    ------
    Unfinished
        If it does not appear.
    """
    end = time.monotonic() + _SEEN
    while place.size != size:
        if time.monotonic() > end:
            message = _("{name} is not seen from here: the machines share no storage.")
            raise Unfinished(message.format(name=place.name))
        time.sleep(0.2)
    with place.open("rb") as file:
        yield file


def parts_folder(out: Target) -> Place:
    """Return where the parts of an output go."""
    return Place.of(out.name).beside(PARTS)


def order_of(
    task: Task, source: Source, out: Target, key: Mapping[str, Any], **asked: Any
) -> Order:
    """Return what is asked of every worker.

    Parameters
    ----------
    key : mapping
        What the parts of a run have in common.
    **asked : bool
        The order's ``shipped``, ``rejects`` and ``strict``.
    """
    kind = ARROW if task.kind in COLUMN_KINDS else task.kind
    digest = sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return Order(
        task=replace(task, kind=kind),
        source=source,
        # In a folder of the key: what is left over of another run never gets between them.
        folder=parts_folder(out).within(digest),
        compression=out.compression,
        key=digest,
        **asked,
    )


def begin(out: Target, order: Order, key: Mapping[str, Any], *, resume: bool) -> bool:
    """Make the folder of parts, or find it again, and return whether it was there.

    Parameters
    ----------
    key : mapping
        What the order's key is a digest of.

    Raises
    ------
    InvalidInput
        If the run to go on from had another input, other options or another bundle.
    """
    folder = parts_folder(out)
    note = folder.within(_RUN)
    if resume and note.size is not None:
        noted = json.loads(note.read())
        if noted != key:
            raise other_run(noted, key)
        return True
    folder.remove()
    order.folder.make_folder()
    note.write(json.dumps(key, indent=1).encode())
    return False


def run_on_cluster(
    client: Any,
    stretches: list[Stretch],
    order: Order,
    joined: Joined,
    tell: Callable[[int], None],
) -> Progress:
    """Have the parts of a list scored, join them in order and return what they counted.

    Parameters
    ----------
    client : distributed.Client
        Of the scheduler, as `connected` gives it.
    tell : callable
        Takes the rows done.

    Raises
    ------
    InvalidInput
        If a worker has another bundle.
    Stopped
        If Ctrl-C was pressed.
    WrongRow
        If a row is wrong and that was to stop the run.
    Unfinished
        If the scheduler goes, a part kills its workers, or parts are not seen from here.
    OSError
        If something cannot be read or written.
    """
    progress = Progress(tally=Tally() if order.task.summarised else None)
    futures = client.map(score_part, stretches, order=order, pure=False, retries=_RETRIES)
    try:
        for stretch, future in zip(stretches, futures, strict=True):
            done = _result(future)
            _refuse(done)
            joined.add(stretch, order, done.sizes)
            progress.join(Progress.from_dict(done.progress))
            tell(progress.rows)
    except KeyboardInterrupt:
        raise Stopped(progress) from None
    finally:
        client.cancel(futures)
    return progress


def _refuse(done: Done) -> None:
    if done.refused:
        raise InvalidInput([Problem(*problem) for problem in done.refused])
    if done.wrong is not None:
        raise WrongRow(*done.wrong)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield the client of a scheduler.

    Raises
    ------
    Unfinished
        If none answers.
    """
    from distributed import Client

    message = _("No scheduler answers at {address}. An address has the form tcp://HOST:PORT.")
    told = message.format(address=address)
    if not _ADDRESS.fullmatch(address):
        raise Unfinished(told)
    try:
        client = Client(address, timeout=_CONNECTION, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError):
        raise Unfinished(told) from None
    with client:
        yield client


def has_workers(client: Any) -> bool:
    """Return whether a scheduler has workers, or gets some in a few seconds."""
    end = time.monotonic() + _PATIENCE
    while not client.scheduler_info()["workers"]:
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def _result(future: Any) -> Done:
    """Return a part's answer.

    Raises
    ------
    Unfinished
        If there is none.
    """
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        found: Done = future.result()
    except KilledWorker:
        raise Unfinished(
            _("A part ended every worker that began it: give workers more memory.")
        ) from None
    except (CancelledError, CommClosedError):
        raise Unfinished(_("The scheduler went away.")) from None
    except OSError as error:
        message = _("A worker cannot read or write {name}: {reason}.")
        told = message.format(name=error.filename or "", reason=error.strerror or error)
        raise Unfinished(told) from None
    return found
