"""Runs hostile programs through `tflint-mem verify FILE:ROW` and looks from outside at what they did:

    python fuzz/hostile_verify.py [NAME …] [--as root user no-namespaces] [--tensorflow] [--record docs/evidence/trust]

For each program a world is planted: a home with keys, a project in it, a folder beside, sockets with a path, an
abstract one and one on the loopback, a file in /dev/shm, secrets in the environment of the tool.  After the run: does
any process live on, has anything outside the scratch folder changed, did anybody connect, is a secret in what the
tool wrote (text, JSON, page, kept snippets), is the scratch folder gone, and is the verdict an honest one?

    root           as the user who runs this, which may be root
    user           as an unprivileged user (needs root, to become one)
    no-namespaces  as an unprivileged user where new namespaces are refused, as in most containers

A stand-in for TensorFlow makes the children start quickly; `--tensorflow` takes the real one.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import hashlib
import json
import os
import platform
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from fuzz.hostile_programs import PROGRAMS, Program  # noqa: E402

STAND_IN = ROOT / "tests" / "verify" / "data" / "stand_in_tensorflow"
MODES = ("root", "user", "no-namespaces")
_SECRETS = {
    "OPENAI_KEY": "",
    "JWT": "",
    "JDBC_URL": "jdbc:",
    "PASS": "",
    "STRIPE_SK": "",
    "HARMLESS": "",
    "TF_VAR_db": "",
    "NVIDIA_API_KEY": "",
    "CUDA_HOME_SECRET": "",
    "LC_TOKEN": "",
}
_NOBODY = 65534
_LANDLOCK_CREATE_RULESET, _ASK_VERSION, _ALL_OF_LANDLOCK = (
    444,
    1,
    6,
)  # version 6 has what abstract sockets and signals need
_NEW_NAMESPACES = 0x00020000 | 0x10000000 | 0x20000000 | 0x40000000  # mounts, users, processes, network
_REFUSES = """
import os, sys
sys.path.insert(0, {root!r})
from tflint_mem.verify.containment import sandbox, seccomp
sandbox.drop_capabilities()
sandbox.no_new_privileges()
reason = seccomp.install((1, 2, 10, 16))
if reason:
    sys.exit(reason)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class World:
    """What is planted around one program.  Use as a context; `changes()` and `connected` tell what it reached."""

    def __init__(self, program: Program, user: int | None) -> None:
        self.seed = str(random.randrange(10**9))
        self.token = f"tflint-mem-hostile-{self.seed}"
        self.folder = Path(tempfile.mkdtemp(prefix=self.token + "-"))
        self.canary = f"CANARY-{self.seed}"
        self.program, self.connected, self._sockets = program, [], []
        self.home, self.project = self.folder / "home", self.folder / "home" / "project"
        self._plant()
        if user is not None:
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, user, user, follow_symlinks=False)
            os.chown(self.shm, user, user)
        self._before = self._snapshot()

    def _plant(self) -> None:
        for folder in ("home/.ssh", "home/.aws", "home/.config/gcloud", "home/project/.git", "outside", "tmp", "out"):
            (self.folder / folder).mkdir(parents=True)
        os.chmod(self.folder, 0o755)
        for name in (
            "home/.ssh/id_rsa",
            "home/.ssh/authorized_keys",
            "home/.aws/credentials",
            "home/.netrc",
            "home/.bashrc",
            "home/.config/gcloud/key",
            "home/project/.env",
            "home/project/.git/config",
            "outside/file",
        ):
            (self.folder / name).write_text(f"{self.canary}\n")
        (self.project / "data.txt").write_text("some data\n")
        (self.project / "pyproject.toml").write_text("[tool.tflint-mem.verify]\nseconds = 0.4\n")
        self.shm = Path("/dev/shm") / self.token
        self.shm.write_text(self.canary)
        (self.folder / "outside").chmod(0o777)
        port = self._listen(socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1]
        for address in (self.folder / "outside" / "service.sock", self.project / "service.sock"):
            self._listen(socket.AF_UNIX, str(address))
        self._listen(socket.AF_UNIX, "\0" + self.token)
        text = self.program.text
        for name, value in (
            ("@W@", str(self.folder)),
            ("@PORT@", str(port)),
            ("@TOKEN@", self.token),
            ("@SEED@", self.seed),
        ):
            text = text.replace(name, value)
        self.script = self.project / "app.py"
        self.script.write_text(text)
        self.row = next(number for number, line in enumerate(text.split("\n"), 1) if "# here" in line)

    def _listen(self, family: int, address: object) -> socket.socket:
        server = socket.socket(family)
        server.bind(address)
        server.listen(16)
        self._sockets.append(server)
        threading.Thread(target=self._accept, args=(server, str(address)), daemon=True).start()
        return server

    def _accept(self, server: socket.socket, address: object) -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return
            self.connected.append(address)

    def _snapshot(self) -> dict:
        found = {}
        places = [self.home, self.folder / "outside", Path("/etc"), Path("/var/spool/cron"), self.shm]
        for place in places:
            for path in [place, *(sorted(place.rglob("*")) if place.is_dir() else ())]:
                try:
                    facts = path.lstat()
                    inside = path.is_relative_to(self.folder) or path == self.shm
                    content = (
                        hashlib.sha256(path.read_bytes()).hexdigest()
                        if inside and path.is_file() and not path.is_symlink()
                        else ""
                    )
                except OSError:
                    continue
                found[str(path)] = (facts.st_mode, facts.st_uid, facts.st_size, facts.st_mtime_ns, content)
        return found

    def changes(self) -> list:
        """Paths that are new, gone or another thing than before; also what carries this world's token elsewhere."""
        after = self._snapshot()
        changed = {path for path in {*self._before, *after} if self._before.get(path) != after.get(path)}
        # the tool's own cache is no work of the program's
        changed = {path for path in changed if ".tflint_mem_cache" not in path}
        changed = {
            path
            for path in changed
            if path != str(self.project) or any(Path(other).parent == self.project for other in changed)
        }
        for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/"):
            changed |= {
                entry.path
                for entry in os.scandir(folder)
                if self.token in entry.name and Path(entry.path) not in (self.folder, self.shm)
            }
        for folder in sys.path:
            changed |= (
                {str(path) for path in Path(folder or ".").glob(f"*{self.token}*")}
                if os.path.isdir(folder or ".")
                else set()
            )
        return sorted(changed)

    def survivors(self, mine: set) -> list:
        """Processes of this world, apart from those of `mine`."""
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) in mine:
                continue
            text = b""
            for part in ("cmdline", "environ"):
                try:
                    text += Path("/proc", name, part).read_bytes()
                except OSError:
                    pass
            if self.token.encode() in text or self.seed.encode() in text:
                found.append(int(name))
        return found

    def __enter__(self) -> World:
        return self

    def __exit__(self, *ignored: object) -> None:
        for pid in self.survivors({os.getpid()}):
            os.kill(pid, signal.SIGKILL)
        for server in self._sockets:
            server.close()
        self.shm.unlink(missing_ok=True)
        subprocess.run(["rm", "-rf", "--", str(self.folder)], check=False)


def command_of(mode: str, tensorflow: bool) -> tuple:
    """(command to start the tool, extra environment, user to be or None)."""
    libraries = [path for path in sys.path if path.endswith("-packages")]
    paths = ([] if tensorflow else [str(STAND_IN)]) + [str(ROOT)]
    path = os.pathsep.join(paths + (libraries if os.getuid() == 0 else []))
    if mode == "root":
        return [sys.executable, "-m", "tflint_mem"], {"PYTHONPATH": os.pathsep.join(paths)}, None
    python, user = sys.executable, None
    if os.getuid() == 0:
        found = (sys.executable, f"/usr/bin/python3.{sys.version_info[1]}", "/usr/bin/python3")
        python, user = next(python for python in found if _usable(python)), _NOBODY
    start = [] if mode == "user" else ["-c", _REFUSES.format(root=str(ROOT))]
    return [python, *start, "-m", "tflint_mem"], {"PYTHONPATH": path}, user


def _usable(python: str) -> bool:
    done = (
        subprocess.run(
            [python, "-c", "pass"],
            user=_NOBODY,
            group=_NOBODY,
            extra_groups=[],
            env={},
            capture_output=True,
            check=False,
            cwd="/",
        )
        if os.path.exists(python) and os.access(python, os.X_OK) and _reachable(python)
        else None
    )
    return done is not None and done.returncode == 0


def _reachable(path: str) -> bool:
    return all(os.stat(parent).st_mode & 0o001 for parent in Path(os.path.realpath(path)).parents)


def out_of_reach(mode: str) -> str:
    """What the user of a mode cannot read although the tool needs it; "" when all is well."""
    if mode == "root" or os.getuid() != 0:
        return ""
    needed = [
        str(ROOT / "tflint_mem"),
        *(path for path in sys.path if path.endswith("-packages") and os.path.isdir(path)),
    ]
    return next((path for path in needed if not (_reachable(path) and os.stat(path).st_mode & 0o005 == 0o005)), "")


def given_by_system(mode: str) -> bool:
    """Does the system give what the protection of a mode is made of?  Asked of the kernel itself, not of the code under test."""
    if mode == "no-namespaces":
        return (
            ctypes.CDLL(None).syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
            >= _ALL_OF_LANDLOCK
        )
    child = os.fork()
    if not child:
        try:
            if mode == "user" and os.getuid() == 0:
                os.setgroups([])
                os.setresgid(_NOBODY, _NOBODY, _NOBODY)
                os.setresuid(_NOBODY, _NOBODY, _NOBODY)
            os._exit(int(ctypes.CDLL(None).unshare(_NEW_NAMESPACES) != 0))
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def run(program: Program, mode: str, tensorflow: bool = False) -> dict:
    """One program in one mode: {"program", "mode", "verdict", "survived", "changed", "connected", "secret", "left",
    "seconds", "wrong": [sentences]}.
    """
    command, more, user = command_of(mode, tensorflow)
    with World(program, user) as world:
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(world.home),
            "TMPDIR": str(world.folder / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
            **more,
            **{name: value + world.canary for name, value in _SECRETS.items()},
        }
        out = world.folder / "out"
        timeout = "45" if tensorflow else "12"
        arguments = [
            "verify",
            f"{world.script}:{world.row}",
            "--verify-device",
            "cpu",
            "--verify-timeout",
            timeout,
            "--verify-memory",
            program.memory or "4G",
            "--keep",
            str(out / "kept"),
            "--report",
            str(out / "page.html"),
            "--output-format",
            "json",
        ]
        began = time.monotonic()
        with open(out / "stdout", "wb") as stdout, open(out / "stderr", "wb") as stderr:
            tool = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=world.project,
                env=environment,
                **({} if user is None else {"user": user, "group": user, "extra_groups": []}),
            )
            if program.kill:
                _kill_when_running(tool, world)
            try:
                tool.wait(240)
            except subprocess.TimeoutExpired:
                tool.kill()
                tool.wait()
        seconds = time.monotonic() - began
        if program.kill:
            _wait_for_the_end(world)
        time.sleep(0.05)
        verdict, message, off = _verdict(out / "stdout")
        written = "".join(
            path.read_text(errors="replace")
            for path in out.rglob("*")
            if path.is_file() and not path.parent.name == "kept"
        )
        # the program's own words stand in its text as well, which is kept; a planted value does not
        written += "".join(path.read_text(errors="replace") for path in out.glob("kept/*"))
        told = message + (out / "stderr").read_text(errors="replace")
        secret = [word for word in (world.canary,) if word in written] + [
            word for word in ("CANARY-forged",) if word in told
        ]
        secret += [
            word
            for word in (
                "CANARY-namespace",
                "CANARY-user",
                "CANARY-su",
                "CANARY-node",
                "CANARY-kernel",
                "CANARY-network",
                "CANARY-family",
                "CANARY-ptrace",
                "CANARY-memory",
                "CANARY-terminal",
            )
            if word in message
        ]
        left = [] if program.kill else [path.name for path in (world.folder / "tmp").iterdir()]
        found = {
            "program": program.name,
            "tries": program.tries,
            "mode": f"{mode}, TensorFlow" if tensorflow else mode,
            "verdict": verdict,
            "message": message.replace(str(world.folder), "…"),
            "unprotected": off,
            "survived": len(world.survivors({os.getpid()})),
            "changed": world.changes(),
            "connected": world.connected,
            "secret": secret,
            "left": left,
            "seconds": round(seconds, 1),
        }
        found["changed"] = [path.replace(str(world.folder), "…") for path in found["changed"]]
        found["connected"] = [path.replace(str(world.folder), "…").replace("\0", "@") for path in found["connected"]]
    found["wrong"] = _wrong(found, program)
    if found["verdict"] is None and not program.kill:
        found["message"] = (written or "")[-500:]
    return found


def _kill_when_running(tool: subprocess.Popen, world: World) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and tool.poll() is None:
        if any((world.folder / "tmp").glob("*/job/work/snippet.py")):
            time.sleep(0.8)
            break
        time.sleep(0.02)
    tool.kill()


def _wait_for_the_end(world: World, most: float = 5.0) -> None:
    """Nobody waits for what a killed tool has started: on a busy machine its end takes a moment."""
    deadline = time.monotonic() + most
    while time.monotonic() < deadline and world.survivors({os.getpid()}):
        time.sleep(0.05)


def _verdict(path: Path) -> tuple:
    try:
        verification = json.loads(path.read_text())[0]["verification"]
    except (ValueError, IndexError, KeyError):
        return None, "", {}
    return verification["verdict"], verification["message"], verification.get("unprotected", {})


def _wrong(found: dict, program: Program) -> list:
    wrong = [f"{found['survived']} processes live on"] if found["survived"] else []
    wrong += [f"changed: {', '.join(found['changed'][:5])}"] if found["changed"] else []
    wrong += [f"connected: {', '.join(found['connected'][:5])}"] if found["connected"] else []
    wrong += [f"seen: {', '.join(found['secret'])}"] if found["secret"] else []
    wrong += [f"scratch folder left: {', '.join(found['left'])}"] if found["left"] else []
    if not program.kill and found["verdict"] not in program.verdicts:
        wrong.append(f"verdict {found['verdict']}, honest are {', '.join(sorted(program.verdicts))}")
    return wrong


def record(found: list, stem: str) -> None:
    """Writes STEM.json and STEM.md; runs of other modes that stand there already stay."""
    try:
        before = json.loads(Path(f"{stem}.json").read_text())["runs"]
    except (OSError, ValueError, KeyError):
        before = []
    anew = {(one["program"], one["mode"]) for one in found}
    found = [one for one in before if (one["program"], one["mode"]) not in anew] + found
    facts = {
        "date": datetime.date.today().isoformat(),
        "kernel": platform.release().split("-")[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
    }
    Path(f"{stem}.json").write_text(json.dumps({"facts": facts, "runs": found}, indent=1, ensure_ascii=False) + "\n")
    Path(f"{stem}.md").write_text(table(found, facts))


def table(found: list, facts: dict) -> str:
    """The record as Markdown."""
    modes = list(dict.fromkeys(one["mode"] for one in found))
    by = {(one["program"], one["mode"]): one for one in found}
    names = list(dict.fromkeys(one["program"] for one in found))
    wrong = sum(bool(one["wrong"]) for one in found)
    lines = [
        "# What hostile programs can do under `--verify`",
        "",
        f"{len(names)} programs, {len(found)} runs of `tflint-mem verify FILE:ROW` on {facts['date']}, Linux {facts['kernel']}, Python {facts['python']}, "
        f"{facts['processors']} processors, under a stand-in for TensorFlow where it is not named.  {wrong} runs with an objection.",
        "",
        "A run is *contained* when no process lived on, nothing outside the scratch folder had changed, nobody was connected to, no planted "
        "secret stood in anything the tool wrote, the scratch folder was gone, and the verdict was an honest one for that program.",
        "`root`: the tool runs as root.  `user`: as an unprivileged user.  `no-namespaces`: as an unprivileged user where new namespaces are "
        "refused, as in most containers.",
        "",
        "Made by `python fuzz/hostile_verify.py --record docs/evidence/trust`; details are in [trust.json](trust.json), the protections in "
        "[verify-protection.md](../verify-protection.md).",
        "",
        "| program | what it tries | " + " | ".join(modes) + " |",
        "|---|---|" + "---|" * len(modes),
    ]
    for name in names:
        cells = []
        for mode in modes:
            one = by.get((name, mode))
            cells.append(
                ""
                if one is None
                else "; ".join(one["wrong"])
                if one["wrong"]
                else f"contained ({one['verdict'] or 'killed'})"
            )
        lines.append(
            f"| {name} | {next(by[name, mode]['tries'] for mode in modes if (name, mode) in by)} | "
            + " | ".join(cells)
            + " |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Runs what the command line asks for; exit status 1 when a run was not contained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="programs (default: all)")
    parser.add_argument("--as", dest="modes", nargs="+", choices=MODES, default=None)
    parser.add_argument("--tensorflow", action="store_true", help="the real TensorFlow of this interpreter")
    parser.add_argument("--record", metavar="STEM", help="write STEM.json and STEM.md")
    given = parser.parse_args()
    modes = given.modes or [mode for mode in MODES if mode != "user" or os.getuid() == 0]
    found = []
    for mode in modes:
        for program in PROGRAMS:
            if given.names and program.name not in given.names:
                continue
            found.append(run(program, mode, given.tensorflow))
            last = found[-1]
            print(
                f"{mode:14} {program.name:24} {last['seconds']:6.1f} s  {last['verdict'] or '-':14} {'; '.join(last['wrong']) or 'contained'}",
                flush=True,
            )
    if given.record:
        record(found, given.record)
    return 1 if any(one["wrong"] for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
