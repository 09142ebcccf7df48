"""Runs a command on a system that has no filters for sockets which share a port: which of them a datagram reaches is then chosen by addresses
and ports, as by kernels without SO_ATTACH_REUSEPORT_CBPF. `wrapper()` are the words to put before the command."""
import ctypes
import os
import platform
import struct
import sys

SETSOCKOPT = {"x86_64": 54, "aarch64": 208}
SO_ATTACH_REUSEPORT_CBPF = 51
SYSTEM_CALLS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*


def wrapper():
    """None where that cannot be done."""
    return [sys.executable, os.path.abspath(__file__)] if platform.machine() in SETSOCKOPT else None


def program():
    """For seccomp(2): that option is refused with ENOPROTOOPT, all else allowed. Offsets are those of struct seccomp_data."""
    load, equal, answer = 0x20, 0x15, 0x06
    lines = [
        (load, 0, 0, 4), (equal, 0, 5, SYSTEM_CALLS[platform.machine()]),
        (load, 0, 0, 0), (equal, 0, 3, SETSOCKOPT[platform.machine()]),
        (load, 0, 0, 16 + 2 * 8), (equal, 0, 1, SO_ATTACH_REUSEPORT_CBPF),
        (answer, 0, 0, 0x00050000 | 92),
        (answer, 0, 0, 0x7FFF0000),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines), len(lines)


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    code, count = program()
    text = ctypes.create_string_buffer(code, len(code))
    filters = ctypes.create_string_buffer(struct.pack("@HP", count, ctypes.addressof(text)))
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, filters, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS; PR_SET_SECCOMP, by filter
        raise OSError(ctypes.get_errno(), "no seccomp here")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
