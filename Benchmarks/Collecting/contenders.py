"""Those that are compared: each is asked for what it knows of the guests, once a round."""

import http.client
import os
import re
import socket
import subprocess
import time
from pathlib import Path

from hypervisor import ROOT, cpu_ms, resident_kib

CONTENDERS = ROOT / ".build/contenders/root"
LIBRARIES = CONTENDERS / "usr/lib/x86_64-linux-gnu"


def environment(log=None):
    """With the libraries that were unpacked; where a log is given, libvirt's library writes each of its calls to it."""
    extra = {"LD_LIBRARY_PATH": str(LIBRARIES)}
    if log:
        extra |= {"LIBVIRT_LOG_FILTERS": "1:rpc.netclient", "LIBVIRT_LOG_OUTPUTS": f"1:file:{log}"}
    return os.environ | extra


def remote_calls(log):
    """How many calls a client has made of libvirtd so far, by its library's own log; a keepalive is none."""
    sent = re.compile(r"RPC_CLIENT_MSG_TX_QUEUE: .* prog=(\d+) .* type=0 ")
    remote_program = str(0x20008086)
    text = Path(log).read_text() if Path(log).exists() else ""
    return sum(match[1] == remote_program for match in sent.finditer(text))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A contender that runs all the time."""

    def __init__(self, command, log=None, **pipes):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=environment(log), **(quiet | pipes))

    def cpu(self):
        return cpu_ms(self.process.pid)

    def resident(self):
        return resident_kib(self.process.pid)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class BareCall(Process):
    """bulk.c"""

    def __init__(self, program, uri, log=None):
        super().__init__([program, uri], log, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self):
        self.process.stdin.write("\n")
        if not self.process.stdout.readline():
            raise RuntimeError("the bare call failed")
        return 0


class Exporter(Process):
    """What answers on a port of this machine: a scrape, on a connection that stays as Prometheus' does. It is there when a
    scrape says what it is to say."""

    def __init__(self, command, log=None, port=None, says=b"libvirt_up 1\n"):
        self.port = port or free_port()
        super().__init__([word.format(address=f"127.0.0.1:{self.port}") for word in map(str, command)], log)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            self.wait_for(says)
        except BaseException:
            self.end()
            raise

    def ask(self):
        return len(self.body())

    def body(self):
        self.connection.request("GET", "/metrics")
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"a scrape is answered {answer.status}")
        return body

    def wait_for(self, text):
        deadline = time.monotonic() + 30
        while True:
            try:
                if text in self.body():
                    return
            except OSError:
                self.connection.close()
            if time.monotonic() > deadline:
                raise RuntimeError(f"{text} does not come from port {self.port}")
            time.sleep(0.1)


class Virsh:
    """virsh domstats, a process each time."""

    def __init__(self, hypervisor, log=None):
        self.command = hypervisor.virsh_command("domstats", "--state", "--balloon", "--nowait")
        self.log, self.used, self.largest = log, 0.0, 0

    def ask(self):
        process = subprocess.Popen(self.command, stdout=subprocess.PIPE, env=environment(self.log))
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError("virsh failed")
        self.used += (usage.ru_utime + usage.ru_stime) * 1000
        self.largest = max(self.largest, usage.ru_maxrss)
        return len(said)

    def cpu(self):
        return self.used

    def resident(self):
        return self.largest

    def end(self):
        pass


def collectd(hypervisor, log=None):
    """It collects once a second by itself, and its scrapes say what it found last."""
    port = free_port()
    directory = hypervisor.directory / f"collectd-{port}"
    directory.mkdir()
    configuration = directory / "collectd.conf"
    configuration.write_text(
        f"""
        BaseDir "{directory}"
        PIDFile "{directory}/pid"
        PluginDir "{CONTENDERS}/usr/lib/collectd"
        TypesDB "{CONTENDERS}/usr/share/collectd/types.db"
        Hostname "localhost"
        Interval 1
        LoadPlugin virt
        LoadPlugin write_prometheus
        <Plugin virt>
          Connection "{hypervisor.uri}"
          HostnameFormat name
        </Plugin>
        <Plugin write_prometheus>
          Host "127.0.0.1"
          Port "{port}"
        </Plugin>
        """
    )
    return Exporter([CONTENDERS / "usr/sbin/collectd", "-f", "-C", configuration], log, port, says=b"collectd_virt_memory")


def wrk_bytes_per_second(port, seconds):
    """What wrk gets from there on 8 connections."""
    said = subprocess.run(
        [CONTENDERS / "usr/bin/wrk", "-t1", "-c8", f"-d{seconds}s", f"http://127.0.0.1:{port}/metrics"],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 30,
    ).stdout
    number, unit = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", said).groups()
    return float(number) * 1024 ** " KMG".index(unit or " ")
