"""Programs that try to get out of `--verify`, or to spoil its verdict: one attempt each.

A program is a project's file with a loop to measure.  In its text @W@ is the planted world (see hostile_verify.py),
@PORT@ a port that somebody listens on.  What a program gets hold of it raises: it would then stand in the report.
"""

from __future__ import annotations

import textwrap


class Program:
    """name; what it tries, for people; its text; verdicts that are honest for it; `kill`: the tool itself is killed
    under way.
    """

    def __init__(
        self,
        name: str,
        tries: str,
        attempt: str,
        verdicts: tuple = ("not-confirmed", "not-runnable"),
        head: str = "",
        kill: bool = False,
        memory: int = None,
    ) -> None:
        self.name, self.tries, self.verdicts, self.kill, self.memory = name, tries, frozenset(verdicts), kill, memory
        body = textwrap.indent(textwrap.dedent(attempt).strip("\n"), "    ")
        self.text = (
            f"import os, sys, time, signal, socket, subprocess, ctypes, threading, glob, errno\n{textwrap.dedent(head)}\n\n"
            f"def attempt(number):\n{body}\n\n\nfor number in range(100000):\n    attempt(number)  # here\n"
        )


_WRITE = """
    for path in PATHS:
        try:
            with open(path, "a") as handle:
                handle.write("changed by a hostile program")
        except OSError:
            pass
"""
_READ = """
    got = []
    for path in PATHS:
        for name in glob.glob(path):
            try:
                with open(name, errors="replace") as handle:
                    got.append(handle.read(100000))
            except OSError:
                pass
    if "CANARY" in "".join(got):
        raise RuntimeError(" ".join(word for word in "".join(got).replace(chr(0), " ").split() if "CANARY" in word)[:1000])
"""
_NOT = ("not-runnable",)


def _paths(*paths: str) -> str:
    return f"PATHS = {list(paths)!r}"


PROGRAMS = [
    Program(
        "write-project",
        "appends to the project's own files",
        _WRITE,
        head=_paths("@W@/home/project/app.py", "@W@/home/project/data.txt"),
    ),
    Program(
        "create-in-project",
        "creates files and folders beside the code",
        """
        for path in ("@W@/home/project/new", "@W@/home/project/sub/new"):
            try:
                os.makedirs(path)
            except OSError:
                pass
    """,
    ),
    Program(
        "write-home",
        "appends to .bashrc and .ssh/authorized_keys",
        _WRITE,
        head=_paths("@W@/home/.bashrc", "@W@/home/.ssh/authorized_keys"),
    ),
    Program(
        "write-etc",
        "writes into /etc and cron's folders",
        _WRITE,
        head=_paths(
            "/etc/passwd",
            "/etc/ld.so.preload",
            "/etc/cron.d/hostile",
            "/var/spool/cron/crontabs/root",
            "/etc/profile.d/hostile.sh",
        ),
    ),
    Program(
        "write-shm",
        "writes into /dev/shm and changes what lies there",
        """
        for path in glob.glob("/dev/shm/*") + ["/dev/shm/@TOKEN@-new", "/dev/shm/@TOKEN@"]:
            try:
                open(path, "a").write("changed")
            except OSError:
                pass
    """,
    ),
    Program(
        "write-tmp",
        "leaves files in /tmp and /var/tmp",
        _WRITE,
        head=_paths("/tmp/@TOKEN@-new", "/var/tmp/@TOKEN@-new", "@W@/outside/file"),
    ),
    Program(
        "write-interpreter",
        "plants a sitecustomize in the interpreter's folders",
        """
        import sysconfig
        for folder in {*sys.path, sys.prefix, sysconfig.get_paths()["purelib"]}:
            try:
                open(os.path.join(folder, "@TOKEN@_hostile.py"), "w").close()
            except OSError:
                pass
    """,
    ),
    Program(
        "umount",
        "unmounts the read-only view of the project, then writes",
        """
        libc = ctypes.CDLL(None, use_errno=True)
        for path in ("@W@/home/project", "/proc", "/tmp", "/"):
            libc.umount2(path.encode(), 2)
        try:
            open("@W@/home/project/app.py", "a").write("# changed")
        except OSError:
            pass
    """,
    ),
    Program(
        "remount",
        "remounts the project writable, then writes",
        """
        libc = ctypes.CDLL(None, use_errno=True)
        for path in ("@W@/home/project", "/"):
            libc.mount(b"none", path.encode(), None, ctypes.c_ulong(32 | 4096), None)
        try:
            open("@W@/home/project/app.py", "a").write("# changed")
        except OSError:
            pass
    """,
    ),
    Program(
        "new-user-namespace",
        "makes a user namespace of its own to get capabilities back",
        """
        libc = ctypes.CDLL(None, use_errno=True)
        if number == 2 and (libc.unshare(0x10000000 | 0x20000) == 0 or libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) > 0):
            raise RuntimeError("CANARY-namespace")
    """,
    ),
    Program(
        "setuid",
        "becomes another user, or root by a setuid program",
        """
        for call in (lambda: os.setuid(0 if os.getuid() else 12345), lambda: os.setgroups([0]), lambda: os.setresgid(4, 4, 4)):
            try:
                call()
            except OSError:
                continue
            if os.getgroups() not in ([], [os.getgid()], [65534]) or os.getuid() == 12345:
                raise RuntimeError("CANARY-user")
        if number == 1 and subprocess.run(["su", "-c", "id", "nobody"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0:
            raise RuntimeError("CANARY-su")
    """,
    ),
    Program(
        "mknod",
        "makes a device node for the disk",
        """
        import stat
        for place in ("disk", "/dev/shm/disk", "/tmp/disk"):
            try:
                os.mknod(place, 0o600 | stat.S_IFBLK, os.makedev(254, 0))
            except OSError:
                continue
            raise RuntimeError("CANARY-node")
    """,
    ),
    Program(
        "kernel-settings",
        "writes to /proc/sys, /sys and /proc/sysrq-trigger",
        """
        for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory",
                     "/sys/kernel/mm/transparent_hugepage/enabled"):
            if not os.path.exists(path):
                continue
            try:
                with open(path, "r+") as handle:
                    handle.write(handle.read())
            except OSError:
                continue
            raise RuntimeError("CANARY-kernel " + path)
    """,
    ),
    Program(
        "read-keys",
        "reads keys in the home",
        _READ,
        head=_paths(
            "@W@/home/.ssh/*",
            "@W@/home/.aws/*",
            "@W@/home/.netrc",
            "@W@/home/.config/*/*",
            "/*/.ssh/*",
            "/home/*/.ssh/*",
        ),
    ),
    Program(
        "read-project-secrets",
        "reads .env and .git/config of the project",
        _READ,
        head=_paths("@W@/home/project/.env", "@W@/home/project/.git/config"),
    ),
    Program(
        "read-others",
        "reads /dev/shm, /tmp, /run, /etc/shadow and what lies beside",
        _READ,
        head=_paths(
            "/dev/shm/@TOKEN@", "@W@/outside/*", "@W@/*/*", "/etc/shadow", "/run/secrets/*", "/var/run/secrets/*/*/*"
        ),
    ),
    Program(
        "environment",
        "reads secrets in the environment",
        """
        found = [value for value in os.environ.values() if "CANARY" in value]
        if found:
            raise RuntimeError(str(found))
    """,
    ),
    Program(
        "environment-of-others",
        "reads /proc/*/environ, cmdline and maps of its parents",
        _READ,
        head=_paths("/proc/[0-9]*/environ", "/proc/1/environ"),
    ),
    Program(
        "root-of-others",
        "goes through /proc/*/root and /proc/*/cwd of its parents",
        """
        got = []
        for link in glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/cwd"):
            if "/%d/" % os.getpid() in link or os.path.exists(link + "/snippet.py"):
                continue
            for path in ("@W@/home/.ssh/id_rsa", "/../@W@/outside/file"):
                try:
                    got.append(open(link + path).read())
                    open(link + "@W@/outside/file", "a").write("changed")
                except OSError:
                    pass
        if got:
            raise RuntimeError(str(got))
    """,
    ),
    Program(
        "path-socket",
        "connects to sockets with a path: docker, ssh-agent, a planted one",
        """
        for path in glob.glob("/run/**/*.sock", recursive=True) + ["@W@/outside/service.sock", "@W@/home/project/service.sock",
                                                                 "/var/run/docker.sock", "/tmp/.X11-unix/X0"]:
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.settimeout(0.2)
                    connection.connect(path)
                    connection.sendall(b"hostile")
            except OSError:
                pass
    """,
    ),
    Program(
        "abstract-socket",
        "connects to an abstract socket",
        """
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(chr(0) + "@TOKEN@")
                connection.sendall(b"hostile")
        except OSError:
            pass
    """,
    ),
    Program(
        "loopback",
        "connects to a server on the host's loopback",
        """
        for address in ("127.0.0.1", "localhost", "0.0.0.0", "::1"):
            try:
                with socket.create_connection((address, @PORT@), 0.2) as connection:
                    connection.sendall(b"hostile")
            except OSError:
                pass
    """,
    ),
    Program(
        "outside-network",
        "asks a name server, sends a datagram, opens raw and packet and vsock sockets",
        """
        for family, kind in ((2, 2), (2, 3), (17, 3), (40, 1), (38, 5)):
            try:
                with socket.socket(family, kind) as connection:
                    connection.settimeout(0.2)
                    if family == 2 and kind == 2:
                        connection.sendto(b"hostile", ("8.8.8.8", 53))
                        raise RuntimeError("CANARY-network")
                    elif family != 2:
                        raise RuntimeError("CANARY-family %d" % family)
            except OSError:
                pass
    """,
    ),
    Program(
        "daemon",
        "double fork with setsid: a daemon that outlives the run",
        """
        if number == 1 and os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    time.sleep(1)
            os._exit(0)
    """,
    ),
    Program(
        "daemon-tool-killed",
        "the same, and the tool itself is killed with SIGKILL",
        """
        if number == 1 and os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    time.sleep(1)
            os._exit(0)
        time.sleep(0.2)
    """,
        kill=True,
    ),
    Program(
        "daemon-by-exec",
        "a daemon that closes everything, changes its name and environment and ignores signals",
        """
        if number == 1:
            subprocess.Popen(["/bin/sh", "-c", "trap '' TERM HUP INT; cd /; exec sleep 3600.@SEED@"], start_new_session=True,
                             env={"A": "@W@"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    """,
    ),
    Program(
        "ignores-sigterm",
        "ignores all signals and never comes back",
        """
        for which in range(1, 32):
            try:
                signal.signal(which, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while number > 5:
            try:
                time.sleep(1)
            except BaseException:
                pass
    """,
    ),
    Program(
        "fork-bomb",
        "forks until nothing goes any more",
        """
        if number == 3:
            end = time.time() + 60
            while time.time() < end:
                try:
                    os.fork()
                except OSError:
                    time.sleep(0.1)
    """,
    ),
    Program(
        "kill-all",
        "kill -9 -1, and its parents one by one",
        """
        if number == 3:
            for pid in {os.getppid(), 1, *(int(name) for name in os.listdir("/proc") if name.isdigit())} - {os.getpid()}:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            try:
                os.kill(-1, signal.SIGKILL)
            except OSError:
                pass
    """,
    ),
    Program(
        "ptrace",
        "attaches to its parents and writes into their memory",
        """
        libc = ctypes.CDLL(None, use_errno=True)
        for pid in {os.getppid(), 1}:
            if libc.ptrace(16, pid, 0, 0) == 0 or libc.ptrace(0x4206, pid, 0, 0) == 0:
                raise RuntimeError("CANARY-ptrace")
            try:
                open("/proc/%d/mem" % pid, "r+b").close()
            except OSError:
                continue
            raise RuntimeError("CANARY-memory")
    """,
    ),
    Program(
        "preload",
        "runs a helper with LD_PRELOAD and PYTHONSTARTUP set to its own code",
        """
        if number == 1:
            open("evil.py", "w").write("import os\\nopen('@W@/outside/file', 'a').write('changed')")
            subprocess.run([sys.executable, "evil.py"], env={"LD_PRELOAD": os.path.abspath("evil.so"), "PYTHONSTARTUP": os.path.abspath("evil.py")},
                           capture_output=True)
    """,
    ),
    Program(
        "inherited-descriptors",
        "writes forged events into every descriptor it finds",
        """
        import json
        for descriptor in range(3, 64):
            for line in ({"event": "end", "reason": "done", "repeats": 999}, {"event": "raw", "n": 5, "rss": 1 << 40, "heap": 1 << 40, "counts": {}},
                         {"event": "isolated", "network": "CANARY-forged"}):
                try:
                    os.write(descriptor, json.dumps(line).encode() + b"\\n")
                except OSError:
                    pass
    """,
    ),
    Program(
        "forked-forger",
        "a forked child goes on measuring and reporting in the parent's name",
        """
        if number == 3 and os.fork() == 0:
            return
    """,
    ),
    Program(
        "closes-descriptors",
        "closes every descriptor, so that no event arrives",
        """
        if number == 5:
            os.closerange(0, 1000)
    """,
        verdicts=_NOT,
    ),
    Program(
        "terminal-input",
        "types into the terminal of whoever started it (TIOCSTI)",
        """
        import fcntl
        for path in ("/dev/tty", "/proc/self/fd/0", "/proc/1/fd/0", "/dev/console", *glob.glob("/dev/pts/*")):
            if not os.path.exists(path):
                continue
            try:
                with open(path) as terminal:
                    for letter in b"id\\n":
                        fcntl.ioctl(terminal, 0x5412, bytes([letter]))
            except OSError:
                continue
            raise RuntimeError("CANARY-terminal")
    """,
    ),
    Program(
        "fill-disk",
        "fills the disk: 2 GiB files, hundreds of them, in the scratch folder, /tmp and /dev/shm",
        """
        if number == 1:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            block = b"x" * (1 << 24)
            for count in range(1000):
                for folder in (".", "/tmp", "/dev/shm"):
                    try:
                        with open("%s/fill%d" % (folder, count), "wb") as handle:
                            for _ in range(64):
                                handle.write(block)
                    except OSError:
                        pass
    """,
        verdicts=_NOT,
    ),
    Program(
        "fill-disk-unlinked",
        "the same in files that it deletes while they are open",
        """
        if number == 1:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            held = []
            for count in range(1000):
                held.append(open("fill%d" % count, "wb"))
                os.unlink("fill%d" % count)
                try:
                    for _ in range(64):
                        held[-1].write(b"x" * (1 << 24))
                except OSError:
                    pass
    """,
        verdicts=_NOT,
    ),
    Program(
        "allocate",
        "allocates 100 GB in one process",
        """
        if number == 4:
            held = [bytearray(b"x" * (1 << 26)) for _ in range(1500)]
    """,
        verdicts=("not-runnable", "not-confirmed", "confirmed"),
        memory="1G",
    ),
    Program(
        "allocate-in-children",
        "allocates in processes that left its session and its family",
        """
        if number == 4:
            for _ in range(8):
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        held = bytearray(b"x" * (200 << 20))
                        time.sleep(600)
                    os._exit(0)
            time.sleep(600)
    """,
        verdicts=("not-runnable", "not-confirmed"),
        memory="1G",
    ),
    Program(
        "flood-output",
        "prints without end",
        """
        while True:
            os.write(1, b"flood " * 10000)
    """,
        verdicts=_NOT,
    ),
    Program(
        "delete-scratch",
        "deletes its scratch folder, the working folder first",
        """
        import shutil
        if number == 2:
            for folder in (os.getcwd(), os.path.dirname(os.getcwd()), os.path.dirname(os.path.dirname(os.getcwd())), "/tmp"):
                shutil.rmtree(folder, ignore_errors=True)
    """,
    ),
    Program(
        "lock-scratch",
        "makes its scratch folder unreadable, and 3,000 folders deep",
        """
        if number == 2:
            here = os.getcwd()
            for _ in range(3000):
                os.mkdir("deep")
                os.chdir("deep")
            os.chdir(here)
            os.mkdir("locked")
            open("locked/file", "w").close()
            os.chmod("locked", 0)
    """,
    ),
    Program(
        "links",
        "puts links to the project, the home and / into the scratch folder, for the clean-up to follow",
        """
        if number == 2:
            for count, target in enumerate(("@W@/home/project", "@W@/home", "@W@/outside", "/")):
                os.symlink(target, "link%d" % count)
                os.symlink(target, os.path.join(os.environ["TMPDIR"], "link%d" % count))
            for place in (os.environ["HOME"], os.environ["TMPDIR"] + "/x"):
                try:
                    os.rename(place, place + "-moved")
                    os.symlink("@W@/outside", place)
                except OSError:
                    pass
    """,
    ),
    Program(
        "hard-links",
        "links files of the project into the scratch folder and changes them there",
        """
        for path in ("@W@/home/project/data.txt", "@W@/outside/file"):
            try:
                os.link(path, "linked%d" % number)
                os.chmod("linked%d" % number, 0o777)
                open("linked%d" % number, "a").write("changed")
            except OSError:
                pass
    """,
    ),
    Program(
        "chmod",
        "changes modes, owners, times and attributes of the project's files",
        """
        for path in ("@W@/home/project/app.py", "@W@/home/project", "@W@/outside/file"):
            for change in (lambda: os.chmod(path, 0o777), lambda: os.utime(path, (1, 1)), lambda: os.setxattr(path, "user.hostile", b"1"),
                           lambda: os.chown(path, os.getuid(), os.getgid()), lambda: os.rename(path, path + "-moved"), lambda: os.unlink(path)):
                try:
                    change()
                except OSError:
                    pass
    """,
    ),
    Program(
        "leaves-early",
        "os._exit(0) after thirty repeats that leak",
        """
        kept.append(bytearray(200000))
        if number == 30:
            os._exit(0)
    """,
        verdicts=("not-runnable", "confirmed"),
        head="kept = []",
    ),
    Program(
        "leaves-quietly",
        "os._exit(0) after thirty repeats without growth",
        "if number == 30:\n    os._exit(0)",
        verdicts=_NOT,
    ),
    Program("leaves-at-once", "os._exit(0) before the first repeat is over", "os._exit(0)", verdicts=_NOT),
    Program("system-exit", "raises SystemExit in the loop", "if number == 2:\n    raise SystemExit(0)"),
    Program(
        "exits-by-handlers",
        "atexit handlers and threads that never end",
        """
        import atexit
        if number == 1:
            atexit.register(time.sleep, 3600)
            threading.Thread(target=time.sleep, args=(3600,)).start()
    """,
    ),
    Program(
        "alarms",
        "signals and timers that interrupt the meters",
        """
        signal.signal(signal.SIGALRM, lambda *ignored: None)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    """,
    ),
]
