"""What is made of measurements: values in, values out."""

from dataclasses import asdict, dataclass
from math import ceil
from statistics import mean


@dataclass
class Sample:
    """One scrape: how long it took, and the processor time of who was asked and of libvirtd, all in milliseconds."""

    latency: float
    cpu: float
    libvirtd_cpu: float


@dataclass
class Figures:
    """What one contender cost a scrape; None where there is no such figure. Times in milliseconds."""

    scrapes: int | None
    p50: float | None
    p99: float | None
    cpu: float
    libvirtd_cpu: float
    calls: float
    resident_kib: int
    bytes: int


def percentile(values, share):
    """The smallest of the values that is no less than this share of them (nearest rank)."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def figures(samples, calls, resident_kib, size):
    """The figures of a contender that was asked again and again."""
    latencies = [sample.latency for sample in samples]
    return Figures(
        scrapes=len(samples),
        p50=percentile(latencies, 0.5),
        p99=percentile(latencies, 0.99),
        cpu=mean(sample.cpu for sample in samples),
        libvirtd_cpu=mean(sample.libvirtd_cpu for sample in samples),
        calls=calls,
        resident_kib=resident_kib,
        bytes=size,
    )


@dataclass
class Target:
    """What is aimed at, and what was reached."""

    what: str
    value: float
    bound: float
    is_least: bool = False

    @property
    def is_met(self):
        return self.value >= self.bound if self.is_least else self.value <= self.bound


def targets(few, many, few_guests, many_guests, wrk):
    """How the exporter stands, by the figures of few and of many guests and wrk's bytes a second, each by name."""
    ours, bare, debian = few["exporter"], few["bare call"], few["Debian's exporter"]
    # What more guests do to libvirtd and the processors' caches, whoever asks.
    growth, growth_of_bare = (
        (many[name].p50 / many_guests) / (few[name].p50 / few_guests) for name in ("exporter", "bare call")
    )
    return [
        Target("time of a scrape (p50), of the bare call's", ours.p50 / bare.p50, 0.75),
        Target("processor time of a scrape, of Debian's exporter's", ours.cpu / debian.cpu, 0.2),
        Target("resident memory, of Debian's exporter's", ours.resident_kib / debian.resident_kib, 1),
        Target(
            f"time of a domain among {many_guests}, of that among {few_guests}; the bare call's: {growth_of_bare:.2f}",
            growth,
            1.1,
        ),
        Target("bytes a second under wrk, of Debian's exporter's", wrk["exporter"] / wrk["Debian's exporter"], 2, True),
    ]


def table(rows):
    """The figures of each contender, by name, as lines of text; times also as ratios to the bare call."""
    bare = rows["bare call"].p50
    lines = [
        f"{'':20}{'p50 ms':>9}{'p99 ms':>9}{'of bare':>9}{'cpu ms':>9}{'libvirtd':>10}{'calls':>8}{'RSS MiB':>9}"
        f"{'bytes':>9}"
    ]
    for name, row in rows.items():
        times = [row.p50, row.p99, row.p50 and row.p50 / bare]
        cells = [f"{'-':>9}" if time is None else f"{time:9.2f}" for time in times]
        lines.append(
            f"{name:20}{''.join(cells)}{row.cpu:9.2f}{row.libvirtd_cpu:10.2f}{row.calls:8.0f}"
            f"{row.resident_kib / 1024:9.1f}{row.bytes:9}"
        )
    return lines


def verdict(target):
    """A target as a line of text."""
    sign = "≥" if target.is_least else "≤"
    return f"{'met' if target.is_met else 'MISSED':8}{target.value:6.2f} {sign} {target.bound:<5} {target.what}"


def report(figures_by_guests, wrk, reached):
    """All of it, for a program to read."""
    return {
        "guests": {
            str(guests): {name: asdict(row) for name, row in rows.items()} for guests, rows in figures_by_guests.items()
        },
        "wrk_bytes_per_second": wrk,
        "targets": [asdict(target) | {"is_met": target.is_met} for target in reached],
    }
