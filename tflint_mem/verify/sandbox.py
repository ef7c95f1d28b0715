"""What a measured child may not do: reach the network, write into the project, fill the disk, run for ever.

All of it without privileges: namespaces of an own user (Linux), resource limits, a scratch home and working directory,
and an environment without anybody's secrets.  What the system refuses is reported, not enforced by other means.
Python 3.8 syntax; standard library only.
"""

import ctypes
import os
import re
import struct
import sys

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18

_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE|AUTH|COOKIE|SESSION|SIGNING|(^|_)(KEY|PAT|PWD)($|_)"
    r"|^(AWS|AZURE|GCP|GOOGLE|GITHUB|GITLAB|GH|CI|HF|WANDB|KAGGLE|NPM|PIP|TWINE|DATABASE|DB|REDIS|MONGO|PG|MYSQL|SENTRY|SLACK|SSH|GPG|KUBE)_"
    r"|_(URL|URI|DSN)$|^(KUBECONFIG|NETRC|PYTHONSTARTUP)$", re.IGNORECASE)
# a value that carries a password inside an address, whatever the name says
_SECRET_VALUE = re.compile(r"://[^/\s:@]+:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY")


def clean_environment(environment, scratch):
    """A copy of the environment for the child: nothing that names or holds a secret, all private folders in `scratch`."""
    kept = {name: value for name, value in environment.items()
            if not _SECRET_NAME.search(name) and not _SECRET_VALUE.search(value) and not name.upper().endswith("_PROXY")}
    home = os.path.join(scratch, "home")
    kept.update(HOME=home, TMPDIR=os.path.join(scratch, "tmp"), XDG_CACHE_HOME=os.path.join(home, ".cache"),
                XDG_CONFIG_HOME=os.path.join(home, ".config"), KERAS_HOME=os.path.join(home, ".keras"),
                MPLCONFIGDIR=os.path.join(home, ".matplotlib"), MPLBACKEND="Agg", SDL_VIDEODRIVER="dummy",
                PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1", PYTHONIOENCODING="utf-8")
    # packages that the user installed for himself stay importable although the home is another one
    kept.setdefault("PYTHONUSERBASE", os.path.join(environment.get("HOME", home), ".local"))
    return kept


def limit_resources(cpu_seconds, file_bytes):
    """CPU time (children inherit it), size of any one file, no core files.  Address space is left alone: TensorFlow and CUDA
    reserve far more of it than they use; resident memory is watched from outside."""
    try:
        import resource
    except ImportError:
        return
    for name, value in (("RLIMIT_CPU", int(cpu_seconds) + 1), ("RLIMIT_FSIZE", int(file_bytes)), ("RLIMIT_CORE", 0)):
        number = getattr(resource, name, None)
        if number is None:
            continue
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(number, (value, hard))
        except (ValueError, OSError):
            pass  # a tighter limit is in force already


def isolate(network, readonly):
    """Enters own namespaces.  network: leave it reachable; readonly: folders to bind read-only.

    Returns {"network": "off" | "on: reason", "readonly": [folders that are protected], "reason": text or None}.
    Must run before any thread exists.
    """
    state = {"network": "on: as configured" if network else "on: this system has no namespaces", "readonly": [], "reason": None}
    if not sys.platform.startswith("linux"):
        return state
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    wanted = _CLONE_NEWUSER | _CLONE_NEWNS | (0 if network else _CLONE_NEWNET)
    if libc.unshare(wanted) != 0:
        state["reason"] = os.strerror(ctypes.get_errno())
        wanted &= ~_CLONE_NEWNS
        if network or libc.unshare(wanted) != 0:
            if not network:
                state["network"] = "on: " + state["reason"]
            return state
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", "%d %d 1" % (user, user)), ("gid_map", "%d %d 1" % (group, group))):
            with open("/proc/self/" + name, "w") as control:
                control.write(text)
    except OSError as error:
        state["reason"] = "user map: %s" % error
    if not network:
        state["network"] = "off"
        _loopback_up()
    if wanted & _CLONE_NEWNS:
        state["readonly"] = _protect(libc, readonly)
    return state


def _protect(libc, folders):
    """Binds each folder onto itself and makes the bind read-only, in this mount namespace alone."""
    if libc.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC | _MS_PRIVATE), None) != 0:
        return []
    done = []
    for folder in folders:
        name = os.fsencode(folder)
        if libc.mount(name, name, None, ctypes.c_ulong(_MS_BIND | _MS_REC), None) != 0:
            continue
        # an inherited mount's own restrictions have to be repeated, or the kernel refuses the remount
        flags = _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _locked_flags(folder)
        if libc.mount(name, name, None, ctypes.c_ulong(flags), None) == 0:
            done.append(folder)
        else:
            libc.umount2(name, 2)
    return done


def _locked_flags(folder):
    flags = os.statvfs(folder).f_flag
    return sum(value for bit, value in ((2, 2), (4, 4), (8, 8), (1024, 1024), (2048, 2048)) if flags & bit)


def _loopback_up():
    """Local servers and test clients may use 127.0.0.1 of the new, empty network."""
    import fcntl
    import socket
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            request = struct.pack("16sh", b"lo", 1)  # IFF_UP
            fcntl.ioctl(handle, 0x8914, request)     # SIOCSIFFLAGS
    except OSError:
        pass  # no loopback: a snippet that needs one will say so itself


def die_with_parent():
    """Asks the kernel to end this process when the one that started it is gone, however that one went (Linux)."""
    if sys.platform.startswith("linux"):
        import signal
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
