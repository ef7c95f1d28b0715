"""Python as a program meets it on Windows, as far as that can be said of another system.

A folder for `PYTHONPATH`: before the first line of a program runs, what only POSIX systems have is gone from `os`,
`signal` and the modules that can be imported; standard output is written as a Windows console's code page with its line
ends; and files that are open can be neither replaced nor removed.  Paths stay those of the system that runs the test:
what they are elsewhere is asked of `ntpath` by tests of their own.
"""

import _signal
import importlib.abc
import os
import signal
import subprocess  # noqa: F401  # the standard library has its own way there: before anything is taken away
import sys
import time
import types

NO_MODULES = frozenset(
    ("fcntl", "grp", "posixshmem", "_posixshmem", "pwd", "readline", "resource", "syslog", "termios", "tty", "pty")
)
NO_ATTRIBUTES = """
    EX_OK O_ACCMODE O_ASYNC O_CLOEXEC O_DIRECT O_DIRECTORY O_DSYNC O_NDELAY O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK
    O_PATH O_SYNC O_TMPFILE PRIO_USER RTLD_LAZY WCOREDUMP WEXITSTATUS WIFEXITED WIFSIGNALED WIFSTOPPED WNOHANG WSTOPSIG
    WTERMSIG chown chroot confstr copy_file_range ctermid eventfd fchdir fchmod fchown fdatasync fork forkpty fpathconf
    fstatvfs getegid geteuid getgid getgrouplist getgroups getloadavg getpgid getpgrp getpriority getresgid getresuid
    getsid getuid getxattr initgroups killpg lchown listxattr lockf major makedev memfd_create minor mkfifo mknod nice
    openpty pathconf pidfd_open pipe2 posix_fadvise posix_fallocate posix_spawn posix_spawnp pread preadv pwrite pwritev
    readv register_at_fork removexattr sched_getaffinity sched_setaffinity sched_yield sendfile setegid seteuid setgid
    setgroups setpgid setpriority setregid setresgid setresuid setreuid setsid setuid setxattr splice statvfs sync sysconf
    tcgetpgrp tcsetpgrp ttyname uname unshare wait wait3 wait4 waitid writev
""".split()
SIGNALS = frozenset(
    ("SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN")
)  # all that Windows knows


class _Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in NO_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def _open_here(path):
    """Has this process the file open?"""
    wanted = os.path.realpath(path)
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}") == wanted:
                return True
        except OSError:
            continue
    return False


def _careful(call):
    """An operation on names that Windows refuses while a file is open."""

    def guarded(*paths, **named):
        for path in paths:
            if _open_here(path):
                raise PermissionError(13, "The process cannot access the file because it is being used", path)
        return call(*paths, **named)

    return guarded


def _chmod(path, mode, _call=os.chmod):
    if isinstance(path, int):
        raise TypeError("chmod: path should be string, bytes or os.PathLike, not int")  # before Python 3.13
    _call(path, mode & 0o200 and 0o666 or 0o444)


def _take_away():
    for name in NO_ATTRIBUTES:
        if hasattr(os, name):
            delattr(os, name)
    for module in (signal, _signal):
        for name in dir(module):
            if name.startswith(("SIG", "ITIMER")) and name not in SIGNALS and name.isupper():
                delattr(module, name)
        for name in ("alarm", "getitimer", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt"):
            if hasattr(module, name):
                delattr(module, name)
    if hasattr(time, "clock_gettime"):
        del time.clock_gettime
    for name in NO_MODULES:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, _Refuse())
    os.O_BINARY = 0
    os.replace, os.rename, os.unlink, os.remove = map(_careful, (os.replace, os.rename, os.unlink, os.remove))
    os.chmod = _chmod
    sys.platform = "win32"
    console = types.ModuleType("click._winconsole")  # click's own, of Windows' API
    console._get_windows_console_stream = lambda *_: None
    sys.modules["click._winconsole"] = console
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="cp1252", newline="\r\n")


_take_away()
