"""What the measured process says: one dictionary for each event, written as a line of JSON into a pipe.

For types alone: whoever names these imports them under `TYPE_CHECKING`, so that neither the child nor its guard loads
`typing` for them.  The child makes them (tflint_mem/verify/child), containment/channel.py reads them, verdict/ judges
them.

    kind         when
    isolated     first, from the guard: what holds (containment/guard.py)
    environment  the only one of the task "environment": what the interpreter has (child/environment.py)
    attempt      a try to run the snippet begins; what was said before belongs to tries that lacked something
    gpu          bytes in use on the GPUs before the snippet ran
    note         a meter or a device that cannot be read, in words
    stand-in     something was put in the place of what is missing; the next attempt runs with it
    watched      what was seen in the snippet's own lines, after the first repeat and at the end of the attempt
    ran          what has run at all, when an attempt is over
    begin        the first repeat begins
    sample       a reading after one repeat
    seen         what one of the first repeats printed, wrote, and left in its variables
    settled      a reading after a collection, with counts of objects
    raw          a reading before any collection, with counts of objects
    growth       protocol "once": does the memory of the GPUs grow on demand?
    arrays       protocol "held": the largest array of the snippet
    behind       protocol "behind": what happened behind the loop
    error        what ended the snippet, or the child itself
    end          everything is measured

Sizes are bytes, times are seconds; None, or a key that is not there, means unknown and never zero.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Phase = Literal["warm", "check", "loop", "again"]
# "start" and "base" before what is measured, "loop" after its first phase, "block" after each block of the second,
# "cleared" after `clear_session()`
Place = Literal["start", "base", "loop", "block", "cleared"]
# "done"; "exhausted": no elements are left; "leaves": the loop is left in its first pass; "ended": so did the region
Reason = Literal["done", "exhausted", "leaves", "ended"]
# what can be read from a `Sample`, a `Settled` and a `Raw` under its own name
Meter = Literal["rss", "heap", "nvml", "device", "allocator"]
Counts = dict[str, int]  # number of live objects by kind (child/objects.py); a kind that could not be counted is absent


class GpuReadings(TypedDict, total=False):
    """What the meters of a GPU say; a reading that could not be taken is absent."""

    nvml: int  # bytes of this program, as the driver counts
    device: int  # bytes in use by everybody on the same devices
    allocator: int  # bytes of this program, as TensorFlow's allocator counts
    allocator_peak: int  # its highest
    na: dict[str, str]  # meter -> why it says nothing


class HostReadings(GpuReadings):
    """What every reading has: bytes resident, and bytes that malloc has handed out."""

    rss: int | None
    heap: int | None


class Attempt(TypedDict):
    """number: from 0."""

    event: Literal["attempt"]
    number: int


class Gpu(TypedDict):
    """device: bytes in use by everybody before the snippet runs."""

    event: Literal["gpu"]
    device: int | None


class Note(TypedDict):
    """A sentence about what cannot be read."""

    event: Literal["note"]
    text: str


class StandIn(TypedDict):
    """code: source to run before the snippet; text: a sentence for the report, "" for none.

    rewrite: [old, new] of string constants or of code, None where the snippet's text stays as it is.
    """

    event: Literal["stand-in"]
    code: str
    text: str
    rewrite: list[str] | None


class Watched(TypedDict):
    """reached: did the flagged line run?  raised: types of the last exceptions that passed through the snippet's own
    lines."""

    event: Literal["watched"]
    reached: bool
    raised: list[str]


class Ran(TypedDict):
    """setup: sums of the codes of the stand-ins that were there; stand_ins: places of their statements that ran (both:
    standins/noted.py); rows: [name, row] of the snippet's lines that ran while it was looked at, above all in the first
    repeat."""

    event: Literal["ran"]
    setup: list[int]
    stand_ins: list[tuple[int, int, int]]
    rows: list[tuple[str, int]]


class Begin(TypedDict):
    """wall: seconds since the epoch; tensorflow: was it imported when the first repeat began?"""

    event: Literal["begin"]
    wall: float
    tensorflow: bool


class Sample(HostReadings):
    """After one repeat.  t: seconds since the first repeat began; busy: seconds that this repeat took."""

    event: Literal["sample"]
    phase: Phase
    t: float
    busy: float


class _SeenWaits(TypedDict, total=False):
    """Only of a repeat that waits.  looked: files that were read in it, or asked about."""

    looked: list[str]


class Seen(_SeenWaits):
    """After one of the first repeats.  n: from 1; values: name -> child/values.py; files: name -> text, "" for none, of
    those that came or changed; read: names of files that were opened to be read."""

    event: Literal["seen"]
    n: int
    printed: str
    values: dict[str, list[Any]]
    files: dict[str, str]
    read: list[str]


class Settled(HostReadings):
    """After garbage is collected.  n: repeats of the phase so far; t: seconds since the first repeat began."""

    event: Literal["settled"]
    at: Place
    n: int
    t: float
    counts: Counts


class Raw(HostReadings):
    """After `n` repeats of the loop phase, before any collection."""

    event: Literal["raw"]
    n: int
    counts: Counts


class Growth(TypedDict):
    """devices: for each GPU that TensorFlow lists, does its memory grow on demand?  None: it does not say."""

    event: Literal["growth"]
    devices: list[bool] | None


class Arrays(TypedDict):
    """largest: bytes of the largest NumPy array among the snippet's globals, None when there is none."""

    event: Literal["arrays"]
    largest: int | None


class Behind(TypedDict):
    """models: number of models in what the loop filled; used: of these, by what stands behind the loop.

    repeats: number of repeats of the loop; before, after: objects before and after what stands behind it.
    """

    event: Literal["behind"]
    models: int
    used: int
    repeats: int
    before: Counts
    after: Counts


class _ErrorDetails(TypedDict, total=False):
    """From the snippet alone.

    repeats: completed before; own: was it raised in the snippet's own code?  row, line: of the snippet, None when the
    exception did not pass through it; hidden: an exception that the snippet's own `except` took before.
    """

    repeats: int
    own: bool
    row: int | None
    line: str | None
    hidden: str


class Error(_ErrorDetails):
    """What ended the snippet, or the child ("tflint-mem": a mistake of ours, or a broken installation)."""

    event: Literal["error"]
    type: str
    message: str
    trace: str
    where: Literal["snippet", "tflint-mem"]


class End(TypedDict):
    """repeats: over all phases; extended: elements beyond the user's own were served; limit, slow: a phase ended early
    because memory, or time, ran out; counted: each element was served once, so that they say how many repeats there
    were; elements: length of one pass; peak: highest resident bytes."""

    event: Literal["end"]
    reason: Reason
    repeats: int
    extended: bool
    limit: bool
    slow: bool
    counted: bool
    elements: int | None
    peak: int | None


class DriverGpu(TypedDict):
    """A GPU, or a slice of one, as the driver names it.  total: its bytes; visible: may the program use it?"""

    index: str
    mig: bool
    name: str | None
    total: int | None
    visible: bool


class Isolated(TypedDict):
    """What holds.  network: "off", or "on" and why; readonly: folders that the child can read and not write to;

    reason: why something does not hold; protections: layer -> "on" or "off", and why (sandbox.LAYERS).
    """

    event: Literal["isolated"]
    network: str
    readonly: list[str]
    reason: str | None
    protections: dict[str, str]


class _EnvironmentDetails(TypedDict, total=False):
    """Where the driver answers: other processes on the devices, the fewest bytes free on one, bytes in use on all.

    isolated, unprotected: added by containment/runner.py: what holds, and {layer: why it does not}.
    """

    event: Literal["environment"]
    executable: str
    shared_with: int
    free: int | None
    in_use: int | None
    allocator: str
    isolated: Isolated | None
    unprotected: dict[str, str]


class Environment(_EnvironmentDetails):
    """What an interpreter has.  gpus: as TensorFlow names them; driver_gpus: as the driver does; nvml: why it does not.

    error: why TensorFlow, or its list of devices, is not there.
    """

    python: str
    system: str
    processors: int | None
    tensorflow: str | None
    keras: str | None
    numpy: str | None
    gpus: list[str]
    driver: str | None
    driver_gpus: list[DriverGpu]
    nvml: str | None
    error: str | None


Event = (
    Isolated
    | Environment
    | Attempt
    | Gpu
    | Note
    | StandIn
    | Watched
    | Ran
    | Begin
    | Sample
    | Seen
    | Settled
    | Raw
    | Growth
    | Arrays
    | Behind
    | Error
    | End
)


class Told(TypedDict, total=False):
    """What the guard reports on a channel of its own: what holds and who is who, then how the child ended.

    The first four are what becomes the event "isolated".  pids: all ids of the child, as the namespaces around its own
    name it; worker: the one that we know it by; init: the first process of its namespaces.  None, or absent: unknown.
    exit: status of the child, negative for a signal; error: why it could not be started.
    """

    event: Literal["isolated"]
    network: str
    readonly: list[str]
    reason: str | None
    protections: dict[str, str]
    pids: list[int]
    worker: int | None
    init: int | None
    exit: int
    error: str
