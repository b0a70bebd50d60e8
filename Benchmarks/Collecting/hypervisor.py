"""A libvirtd of the benchmark's own, with guests that run and do nothing: QEMUs of 16 MiB that halt at once."""

import glob
import os
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTBED = ROOT / ".build/testbed"

GUEST = """
<domain type='qemu'>
  <name>guest-{number:03}</name><uuid>{uuid}</uuid>
  <memory unit='MiB'>16</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><loader type='rom'>{firmware}</loader></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    <memballoon model='virtio'><stats period='10'/></memballoon>
  </devices>
</domain>
"""


# Where a machine begins it finds the instruction hlt, and nothing else anywhere: it is said to run, as collectd wants its
# guests, and takes no time.
FIRMWARE = b"\xf4" * 65536


def cpu_ms(pid):
    """The processor time of all threads of a process that live; of those that have ended the kernel tells no more."""
    total = 0
    for file in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            total += int(Path(file).read_text().split()[0])
        except OSError:
            pass
    return total / 1e6


def resident_kib(pid):
    """What of a process is in memory now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


class Hypervisor:
    """Ends with its `with`: libvirtd-run takes libvirtd, the guests and all mounts with it."""

    def __enter__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="lme-bench-"))
        self.uri = f"qemu+unix:///system?socket={self.directory}/libvirt-sock"
        self.guests = 0
        self.keeper = subprocess.Popen(
            [ROOT / "Tests/Testbed/libvirtd-run", TESTBED, self.directory, "qemu"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        try:
            if self.keeper.stdout.readline() != "ready\n":
                raise RuntimeError("libvirtd-run could not make its namespaces")
            self.keeper.stdin.write("start\n")
            self.keeper.stdout.readline()
            deadline = time.monotonic() + 20
            while self.virsh("version").returncode != 0:
                if time.monotonic() > deadline:
                    raise RuntimeError("libvirtd does not answer")
                time.sleep(0.1)
            self.pid = self._find_pid()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.keeper.stdin.close()
        self.keeper.wait(60)

    def _find_pid(self):
        """libvirtd's, which has another number in its own namespace."""
        for file in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                words = Path(file).read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"libvirtd") and f"{self.directory}/libvirtd.pid".encode() in words:
                return int(file.split("/")[2])
        raise RuntimeError("libvirtd is not there")

    def virsh_command(self, *arguments):
        """libvirt's own client, with the libraries of the testbed."""
        root = TESTBED / "root"
        libraries = root / "lib/x86_64-linux-gnu"
        loader = [libraries / "ld-linux-x86-64.so.2", "--library-path", libraries]
        return [*map(str, loader), f"{root}/usr/bin/virsh", "--quiet", "--connect", self.uri, *arguments]

    def virsh(self, *arguments):
        return subprocess.run(self.virsh_command(*arguments), capture_output=True, text=True, timeout=60, check=False)

    def grow(self, guests):
        """Starts guests until there are so many."""
        file, firmware = self.directory / "guest.xml", self.directory / "firmware"
        firmware.write_bytes(FIRMWARE)
        for number in range(self.guests, guests):
            file.write_text(GUEST.format(number=number, uuid=uuid.uuid4(), firmware=firmware))
            created = self.virsh("create", str(file))
            if created.returncode != 0:
                raise RuntimeError(f"guest {number} does not start: {created.stderr}")
        self.guests = guests
