# SPDX-License-Identifier: LGPL-2.1-or-later
"""The parts of `tests/vm/guest`: a real Debian kernel for one command.

    cache     made once, kept by content       host      what the host must have installed
    apt       the newest kernel packages       kernel    from package to vmlinux and modules
    initrd    the first program                rootfs    the Debian system on a disk image
    accel     KVM if it truly works            qemu      the machine as a process
    snapshot  a booted machine in a file       job       what goes in and what comes back
    session   the talk with the guest          machine   all pieces together
"""
