"""Held by the Linux kernel alone: this process keeps to a few paths (Landlock) and to a few system calls (seccomp).

For where bubblewrap does not work, as in a service or a container without namespaces. It takes no right, only a kernel
of 5.13 or newer with Landlock on; nobody takes it back, and whatever the process starts is held too. Other processes
may neither be looked into nor signalled, limited or slowed down; modes, owners, times and attributes of files, which
Landlock leaves alone, stay as they are; no socket is opened, or with the net allowed none but IPv4 and IPv6: the
socket of the node stays out of reach. Sources: landlock(7), seccomp(2), the headers of Linux 6.18 for the numbers.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

CREATE, ADD, RESTRICT = 444, 445, 446  # the same on every architecture
VERSION_ONLY, PATH_BENEATH = 1, 1
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2
EXECUTE, WRITE, READ, LIST, TRUNCATE, IOCTL = 1, 2, 4, 8, 1 << 14, 1 << 15
OF_A_FILE: Final = EXECUTE | WRITE | READ | TRUNCATE | IOCTL
NET_BIND_AND_CONNECT, SCOPE_SOCKETS_AND_SIGNALS = 3, 3
"""Bits of `handled_access_net` (from version 4 on) and `scoped` (from 6 on)."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # classic BPF
ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data; the low halves of two arguments
X32 = 0x40000000
NET_FAMILIES: Final = (2, 10, 16)  # IPv4, IPv6, and netlink, by which names are looked up

NONE: Final = X32 - 1  # the number of a call that an architecture lacks
REFUSED: Final[Mapping[str, tuple[int, int]]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "execve": (59, 221),
    "execveat": (322, 281),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "open_by_handle_at": (304, 265),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "chmod": (90, NONE),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, NONE),
    "lchown": (94, NONE),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, NONE),
    "utimes": (235, NONE),
    "futimesat": (261, NONE),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "truncate": (76, 45),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
}
"""System calls that no plugin has a use for, by their numbers on x86-64 and on 64-bit ARM."""
SOCKET: Final = (41, 198)
SIGNAL_A_THREAD: Final = (234, 131)
LIMIT_A_PROCESS: Final = (302, 261)
SLOW_A_PROCESS: Final = (141, 140)  # setpriority: of a process, a group, or all of a user; 0, 0 is the own process
CLONE: Final = (56, 220)
CLONE_BY_A_STRUCT: Final = (435, 435)
"""Its flags lie where no filter looks; a C library that hears it is unknown uses the plain one."""
NEW_NAMESPACES_OR_SIBLING: Final = 0x7E020000 | 0x8000
"""Flags of `clone`: a process in namespaces of its own, and one that would be a child of the node."""
CONTROL_A_FILE: Final = (72, 25)
CONTROL_A_DEVICE: Final = (16, 29)
OWNERS_OF_A_FILE: Final = (8, 15)  # F_SETOWN, F_SETOWN_EX: who gets its signals
OWNERS_OF_A_SOCKET: Final = (0x8901, 0x8902)  # FIOSETOWN, SIOCSPGRP
MACHINES: Final[Mapping[str, tuple[int, int]]] = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Which of the two numbers, and what the kernel calls the architecture."""


@cache
def works() -> bool:
    """Whether this machine's kernel offers it to this process."""
    return sys.platform == "linux" and platform.machine() in MACHINES and _version() >= 1


def confine(readable: Iterable[Path], writable: Iterable[Path], network: bool) -> None:
    """Keep this process to reading and running what is below the readable paths, and to writing the writable files.

    OSError where the kernel does not do it; then little or nothing is given up. Call it before any thread is started.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _done(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    version = _version()
    handled = (1 << (13, 14, 15, 15, 16)[min(version, 5) - 1]) - 1
    rules = struct.pack("=Q", handled)
    if version >= 4:
        rules += struct.pack("=Q", 0 if network else NET_BIND_AND_CONNECT)
    if version >= 6:
        rules += struct.pack("=Q", SCOPE_SOCKETS_AND_SIGNALS)
    ruleset = _done(libc.syscall(CREATE, rules, len(rules), 0))
    try:
        for path in readable:
            _allow(libc, ruleset, path, (EXECUTE | READ | LIST) & handled)
        for path in writable:
            _allow(libc, ruleset, path, (WRITE | READ) & handled)
        _done(libc.syscall(RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)
    program = _program(os.getpid(), network)
    text = ctypes.create_string_buffer(b"".join(program))
    head = struct.pack("@HP", len(program), ctypes.addressof(text))
    _done(libc.prctl(SET_SECCOMP, FILTER, head, 0, 0))


def _version() -> int:
    """What version of Landlock the kernel has; 0 or less where it has none, or it is off."""
    return int(ctypes.CDLL(None, use_errno=True).syscall(CREATE, None, 0, VERSION_ONLY))


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, access: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        access &= -1 if path.is_dir() else OF_A_FILE
        _done(libc.syscall(ADD, ruleset, PATH_BENEATH, struct.pack("=Qi", access, opened), 0))
    finally:
        os.close(opened)


def _program(own: int, network: bool) -> Sequence[bytes]:
    """The filter: everything is allowed but what is refused, and some by their arguments."""
    which, architecture = MACHINES[platform.machine()]
    lines = [_line(LOAD, ARCHITECTURE), _line(EQUAL, architecture, 1, 0), _line(RETURN, REFUSE), _line(LOAD, NUMBER)]
    lines += [_line(AT_LEAST, X32, 0, 1), _line(RETURN, REFUSE)]
    for numbers in REFUSED.values():
        lines += [_line(EQUAL, numbers[which], 0, 1), _line(RETURN, REFUSE)]
    families = NET_FAMILIES if network else ()
    for number, inner in (
        (SOCKET, _only(FIRST, families)),
        (SIGNAL_A_THREAD, _only(FIRST, (own,))),
        (LIMIT_A_PROCESS, _only(FIRST, (0,))),
        (SLOW_A_PROCESS, [_line(LOAD, SECOND), _line(EQUAL, 0, 1, 0), _line(RETURN, REFUSE), *_only(FIRST, (0,))]),
        (CLONE, _none(FIRST, ANY_BIT, (NEW_NAMESPACES_OR_SIBLING,))),
        (CLONE_BY_A_STRUCT, [_line(RETURN, UNKNOWN)]),
        (CONTROL_A_FILE, _none(SECOND, EQUAL, OWNERS_OF_A_FILE)),
        (CONTROL_A_DEVICE, _none(SECOND, EQUAL, OWNERS_OF_A_SOCKET)),
    ):
        lines += [_line(EQUAL, number[which], 0, len(inner)), *inner]
    return [*lines, _line(RETURN, ALLOW)]


def _only(argument: int, values: Iterable[int]) -> Sequence[bytes]:
    """Allow a call where the argument is one of these, and no other."""
    allowed = [line for value in values for line in (_line(EQUAL, value, 0, 1), _line(RETURN, ALLOW))]
    return [_line(LOAD, argument), *allowed, _line(RETURN, REFUSE)]


def _none(argument: int, compare: int, values: Iterable[int]) -> Sequence[bytes]:
    """Refuse a call where the argument is one of these, and allow any other."""
    refused = [line for value in values for line in (_line(compare, value, 0, 1), _line(RETURN, REFUSE))]
    return [_line(LOAD, argument), *refused, _line(RETURN, ALLOW)]


def _line(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    """One instruction of classic BPF: struct sock_filter."""
    return struct.pack("=HBBI", code, if_so, if_not, value)


def _done(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
