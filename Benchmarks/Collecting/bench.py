#!/usr/bin/env python3
"""Compares what a scrape costs with others who ask libvirt for the same, on guests of its own.

usage: bench.py [--guests FEW,MANY] [--seconds FOR-FEW,FOR-MANY] [--output FILE]

All are asked in turn, round after round, so that whatever else the machine does hits them alike: only the ratios within one
run mean something. docs/performance.md says what was found, and what each column is.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contenders import BareCall, Exporter, Virsh, collectd, remote_calls, wrk_bytes_per_second
from hypervisor import ROOT, Hypervisor, cpu_ms
from measures import Figures, Sample, figures, report, table, targets, verdict

OURS = ROOT / ".build/release/libvirt-memory-exporter"
DEBIANS = ROOT / ".build/contenders/root/usr/bin/prometheus-libvirt-exporter"
COUNTED_SCRAPES = 3
COLLECTD_SECONDS = 10
WRK_SECONDS = 5


def starts(hypervisor, bare_program):
    """How each contender is started, by its name, writing libvirt's log to a file where one is given."""
    address = ["--web.listen-address={address}", f"--libvirt.uri={hypervisor.uri}"]
    return {
        "bare call": lambda log=None: BareCall(bare_program, hypervisor.uri, log),
        "exporter": lambda log=None: Exporter([OURS, "--collect.max-age=0s", *address], log),
        "Debian's exporter": lambda log=None: Exporter([DEBIANS, *address], log),
        "virsh domstats": lambda log=None: Virsh(hypervisor, log),
    }


def warm_up(contender):
    """Until the exporter's further connections are open."""
    for _ in range(3):
        size = contender.ask()
        time.sleep(0.3)
    return size


def sample(contender, hypervisor):
    cpu, libvirtd_cpu, start = contender.cpu(), cpu_ms(hypervisor.pid), time.perf_counter()
    contender.ask()
    latency = (time.perf_counter() - start) * 1000
    return Sample(latency, contender.cpu() - cpu, cpu_ms(hypervisor.pid) - libvirtd_cpu)


def calls_of(start, hypervisor):
    """How many calls of libvirtd a scrape makes; apart from the rounds, for the log takes its time."""
    with tempfile.NamedTemporaryFile(dir=hypervisor.directory, suffix=".log") as log:
        contender = start(log.name)
        try:
            warm_up(contender)
            # What is read once, after the start, is none of a scrape's.
            before = None
            while (made := remote_calls(log.name)) != before:
                before = made
                time.sleep(0.5)
            for _ in range(COUNTED_SCRAPES):
                contender.ask()
            return (remote_calls(log.name) - before) / COUNTED_SCRAPES
        finally:
            contender.end()


def compare(hypervisor, bare_program, seconds):
    """The figures of all that are asked, in rounds for so many seconds."""
    started = starts(hypervisor, bare_program)
    calls = {name: calls_of(start, hypervisor) for name, start in started.items()}
    running = {}
    try:
        for name, start in started.items():
            running[name] = start()
        sizes = {name: warm_up(contender) for name, contender in running.items()}
        samples = {name: [] for name in running}
        names = list(running)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name in names:
                samples[name].append(sample(running[name], hypervisor))
            # Nobody always comes after the same one.
            names.append(names.pop(0))
        return {
            name: figures(samples[name], calls[name], running[name].resident(), sizes[name]) for name in running
        }
    finally:
        for contender in running.values():
            contender.end()


def collectd_figures(hypervisor):
    """What a collection costs collectd, which makes one each second whether it is scraped or not."""
    with tempfile.NamedTemporaryFile(dir=hypervisor.directory, suffix=".log") as log:
        counted = collectd(hypervisor, log.name)
        try:
            before = remote_calls(log.name)
            time.sleep(COLLECTD_SECONDS)
            calls = (remote_calls(log.name) - before) / COLLECTD_SECONDS
        finally:
            counted.end()
    measured = collectd(hypervisor)
    try:
        cpu, libvirtd_cpu, start = measured.cpu(), cpu_ms(hypervisor.pid), time.monotonic()
        time.sleep(COLLECTD_SECONDS)
        passed = time.monotonic() - start
        return Figures(
            scrapes=None,
            p50=None,
            p99=None,
            cpu=(measured.cpu() - cpu) / passed,
            libvirtd_cpu=(cpu_ms(hypervisor.pid) - libvirtd_cpu) / passed,
            calls=calls,
            resident_kib=measured.resident(),
            bytes=measured.ask(),
        )
    finally:
        measured.end()


def wrk_rates(hypervisor):
    """How many bytes a second both exporters serve; ours, as it is, from a snapshot that is a second old at most."""
    address = ["--web.listen-address={address}", f"--libvirt.uri={hypervisor.uri}"]
    rates = {}
    for name, program in [("exporter", OURS), ("Debian's exporter", DEBIANS)]:
        exporter = Exporter([program, *address])
        try:
            warm_up(exporter)
            rates[name] = wrk_bytes_per_second(exporter.port, WRK_SECONDS)
        finally:
            exporter.end()
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--guests", default="60,240")
    parser.add_argument("--seconds", default="75,75")
    parser.add_argument("--output", type=Path, default=ROOT / ".build/bench/collecting.json")
    arguments = parser.parse_args()
    few, many = map(int, arguments.guests.split(","))
    seconds = dict(zip((few, many), map(float, arguments.seconds.split(","))))

    # Whoever ends this ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    bare_program = arguments.output.parent / "bulk"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libvirt"], capture_output=True, text=True, check=True)
    source = Path(__file__).with_name("bulk.c")
    subprocess.run(["clang", "-O2", "-Wall", "-o", bare_program, source, *flags.stdout.split()], check=True)

    found = {}
    with Hypervisor() as hypervisor:
        for guests in (few, many):
            print(f"### Starting guests, until there are {guests}", flush=True)
            hypervisor.grow(guests)
            found[guests] = compare(hypervisor, bare_program, seconds[guests])
            found[guests]["collectd"] = collectd_figures(hypervisor)
            print(f"### A scrape of {guests} guests, by {found[guests]['exporter'].scrapes} rounds")
            print("\n".join(table(found[guests])), flush=True)
            if guests == few:
                rates = wrk_rates(hypervisor)
                print("### Bytes a second under wrk, 8 connections")
                print("\n".join(f"{name:20}{rate / 1e6:9.1f} MB/s" for name, rate in rates.items()), flush=True)
    reached = targets(found[few], found[many], few, many, rates)
    print("### Targets")
    print("\n".join(map(verdict, reached)))
    arguments.output.write_text(json.dumps(report(found, rates, reached), indent=2) + "\n")
    print(f"### Written to {arguments.output}")


if __name__ == "__main__":
    main()
