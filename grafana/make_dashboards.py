#!/usr/bin/env python3
"""Writes the dashboards fleet.json and guest.json.

usage: make_dashboards.py [DIRECTORY]     the default is the directory of this file

Queries are written with two words of this file's own, so that none forgets a matcher:
  @host    the targets that the variables choose
  @guest   the same, and the guests

Graphs over all guests use recorded series (deploy/prometheus/libvirt-memory.rules.yml): one a guest, or one a host.
"""

import json
import sys
from pathlib import Path

FLEET_UID = "libvirt-guest-memory-fleet"
GUEST_UID = "libvirt-guest-memory-guest"
# Where the runbooks are: the files that the packages install. docs/grafana.md has the line that replaces it.
RUNBOOKS = "file:///usr/share/doc/libvirt-memory-exporter/docs/runbooks"

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
HOST = 'job=~"$job", instance=~"$instance"'
# What tells one guest from another: two hosts may have guests of one name, and two jobs the same hosts.
IDENTITY = "job, instance, domain, uuid"
WIDTH = 24

# Each status with its colour, and what to do about it in the words of a table's cell.
STATUSES = {
    "ok": ("green", "ok"),
    "paused": ("blue", "paused: resume the guest, if nobody meant it"),
    "stale": ("orange", "stale: the driver stopped answering; look whether the guest hangs"),
    "no_device": ("purple", "no_device: give the domain a virtio memory balloon"),
    "no_driver": ("dark-purple", "no_driver: load virtio_balloon in the guest, or install virtio-win"),
    "no_values": ("light-purple", "no_values: on Windows, start the balloon service (blnsvr.exe -i)"),
    "no_period": ("yellow", "no_period: on the host, systemctl enable --now libvirt-memory-stats-period"),
    "busy": ("light-blue", "busy: another job holds the domain; if it stays so, see virsh domjobinfo"),
    "unresponsive": ("red", "unresponsive: QEMU or libvirt does not answer; see virsh domcontrol"),
    "unsupported": ("text", "unsupported: this hypervisor has no statistics of guests"),
}

# The share of usable memory below which a guest is short, and very short.
SHARE_STEPS = [("red", None), ("orange", 0.05), ("green", 0.1)]
COUNT_OF_TROUBLE_STEPS = [("green", None), ("orange", 1)]


# --- Queries


def with_names(query):
    """Adds nova's names to each series; a guest that nova does not know stays, without them.

    topk takes one info series of a guest that has two for a while (a flavor resized, two replicas).
    """
    return f"""({query})
  * on ({IDENTITY}) group_left (instance_name, project_name)
  topk by ({IDENTITY}) (1, libvirt_domain_openstack_info{{@guest}})
or on ({IDENTITY})
({query})"""


# Only of guests whose figures are fresh: old figures look like good ones.
USABLE_SHARE = "domain:libvirt_memory_usable:ratio{@guest}"
SWAP_RATE = "domain:libvirt_memory_swap_bytes:rate15m{@guest}"
MAJOR_FAULT_RATE = "domain:libvirt_memory_major_faults:rate15m{@guest}"
SILENT_GUESTS = """topk(500, libvirt_domain_memory_stats_status{@guest, status!~"ok|paused"} == 1)"""
# Also of a guest whose figures are old. Old services of Windows report a usable above available: there it is unused.
LAST_USABLE = """(
  domain:libvirt_memory_usable_bytes:fresh{@guest}
  or libvirt_domain_memory_stats_usable_bytes{@guest} <= libvirt_domain_memory_stats_available_bytes{@guest}
)"""
# A graph of ten guests needs no more points, and each point goes over all guests.
FEW_POINTS = 200
AGE = "time() - libvirt_domain_memory_stats_last_update_timestamp_seconds{@guest}"


def of_shortest_guests(query):
    """Leaves those guests that the table of the least usable shows."""
    return f"({query})\n  and on ({IDENTITY}) bottomk(50, {USABLE_SHARE})"


GIVEN_SHARE = "instance:libvirt_memory_balloon:ratio{@host}"


def of_overcommitted_hosts(query):
    """Leaves those hosts that the table of hosts shows."""
    return f"({query})\n  and on (job, instance) topk(50, {GIVEN_SHARE})"


# --- Panels


def target(query, legend="", instant=False, table=False):
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": query,
        "legendFormat": legend,
        "instant": instant or table,
        "range": not (instant or table),
        "format": "table" if table else "time_series",
    }


def panel(kind, title, description, unit, size, targets, runbooks=(), **more):
    width, height = size
    field_config = {"defaults": {"unit": unit, **more.pop("defaults", {})}, "overrides": more.pop("overrides", [])}
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": field_config,
        "targets": [{"refId": chr(ord("A") + number), **each} for number, each in enumerate(targets)],
        "links": [runbook_link(alert) for alert in runbooks],
        **more,
    }


def thresholds(steps):
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def override(name, matcher="byName", **properties):
    """Properties of one field, or of several by `matcher`; `__` stands for the point in a property's name."""
    return {
        "matcher": {"id": matcher, "options": name},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def fixed_color(color):
    return {"mode": "fixed", "fixedColor": color}


def status_colors():
    return [override(status, color=fixed_color(color)) for status, (color, _) in STATUSES.items()]


def stat(title, description, unit, size, query, steps=(("text", None),), text_mode="auto", legend="", **more):
    return panel(
        "stat",
        title,
        description,
        unit,
        size,
        [target(query, legend, instant=True)],
        defaults={"thresholds": thresholds(steps), "color": {"mode": "thresholds"}, **more.pop("defaults", {})},
        options={
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "none",
            "textMode": text_mode,
        },
        **more,
    )


def time_series(title, description, unit, size, queries, stacked=False, steps=None, links=(), **more):
    """A graph; the queries are pairs of a legend and PromQL."""
    custom = {"lineWidth": 1, "fillOpacity": 60 if stacked else 0, "showPoints": "never", "spanNulls": False}
    if stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    defaults = {"min": 0, "custom": custom}
    if steps:
        custom["thresholdsStyle"] = {"mode": "line"}
        defaults["thresholds"] = thresholds(steps)
    if links:
        defaults["links"] = list(links)
    return panel(
        "timeseries",
        title,
        description,
        unit,
        size,
        [target(query, legend) for legend, query in queries],
        defaults={**defaults, **more.pop("defaults", {})},
        options={
            "legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        **more,
    )


def table(title, description, unit, size, queries, columns, sort_by=None, hidden=(), runbooks=()):
    """A table of what instant queries say, joined by the labels that they share.

    `columns` are the fields in their order, each with its properties; a field that is neither there nor hidden is
    taken out. Hidden fields stay for the links.
    """
    order = [*columns, *hidden]
    options = {"showHeader": True, "cellHeight": "sm"}
    if sort_by:
        name, descending = sort_by
        options["sortBy"] = [{"displayName": name, "desc": descending}]
    return panel(
        "table",
        title,
        description,
        unit,
        size,
        [target(query, table=True) for query in queries],
        runbooks,
        overrides=[
            *(override(field, **properties) for field, properties in columns.items()),
            *(override(field, custom__hidden=True) for field in hidden),
        ],
        options=options,
        transformations=[
            # Before the merge, which joins rows by all fields that they share: a metric's name is one, too.
            {"id": "filterFieldsByName", "options": {"include": {"names": order}}},
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {},
                    "indexByName": {field: place for place, field in enumerate(order)},
                    "renameByName": {},
                },
            },
        ],
    )


def runbook_link(alert):
    return {"title": f"Runbook {alert}", "targetBlank": True, "url": f"{RUNBOOKS}/{alert}.md"}


def guest_link(field):
    """A link to the dashboard of one guest; `field` says how Grafana names a label of what was clicked."""
    return {
        "title": "Show this guest",
        "targetBlank": False,
        "url": f"/d/{GUEST_UID}?${{datasource:queryparam}}"
        + "".join(f"&var-{label}=${{{field}.{label}:percentencode}}" for label in ("job", "instance", "uuid"))
        + "&${__url_time_range}",
    }


GRAPH_LINK = guest_link("__field.labels")
GUEST_COLUMNS = {
    "domain": {"displayName": "Guest", "links": [guest_link("__data.fields")]},
    "instance_name": {"displayName": "Instance"},
    "project_name": {"displayName": "Project"},
    "instance": {"displayName": "Host"},
}
GUEST_LEGEND = "{{domain}} {{instance_name}} {{instance}}"
SHARE_CELL = {
    "unit": "percentunit",
    "min": 0,
    "max": 1,
    "thresholds": thresholds(SHARE_STEPS),
    "color": {"mode": "thresholds"},
    "custom__cellOptions": {"type": "gauge", "mode": "basic"},
}


def section(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": WIDTH, "h": 1}}


# --- Dashboards


def datasource_variable():
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "regex": "",
        "refresh": 1,
    }


def query_variable(name, label, query, several, regex=""):
    variable = {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": f"variable-{name}"},
        "regex": regex,
        # On each change of the time range: guests and hosts come and go.
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
    }
    if several:
        variable["allValue"] = ".+"
        variable["current"] = {"selected": True, "text": "All", "value": "$__all"}
    return variable


def text_variable(name, label, value):
    current = {"selected": True, "text": value, "value": value}
    return {"type": "textbox", "name": name, "label": label, "query": value, "current": current, "options": [current]}


def host_variables():
    return [
        datasource_variable(),
        query_variable("job", "Job", "label_values(libvirt_exporter_build_info, job)", several=True),
        query_variable(
            "instance", "Host", 'label_values(libvirt_exporter_build_info{job=~"$job"}, instance)', several=True
        ),
    ]


def place(panels):
    """Places the panels from left to right and from top to bottom, as they come."""
    left = top = height = 0
    for each in panels:
        position = each["gridPos"]
        if left + position["w"] > WIDTH:
            left, top, height = 0, top + height, 0
        position["x"], position["y"] = left, top
        left += position["w"]
        height = max(height, position["h"])


def select(panels, guests):
    """Puts the variables' matchers in the place of @host and @guest."""
    for each in panels:
        for query in each.get("targets", []):
            query["expr"] = query["expr"].replace("@guest", f"{HOST}, {guests}").replace("@host", HOST)


def dashboard(uid, title, description, variables, guests, link, panels):
    place(panels)
    select(panels, guests)
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["libvirt", "memory"],
        "schemaVersion": 39,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [
            {
                "type": "link",
                "icon": "dashboard",
                "asDropdown": False,
                "targetBlank": False,
                "includeVars": True,
                "keepTime": True,
                "tags": [],
                "tooltip": "",
                **link,
            }
        ],
        "templating": {"list": variables},
        "panels": panels,
    }


def fleet():
    panels = [
        stat(
            "Running guests",
            "Guests that run now, on the hosts that are chosen.",
            "none",
            (4, 4),
            'sum(libvirt_domain_state{@guest, state="running"}) or vector(0)',
        ),
        stat(
            "Guests with fresh figures",
            "Guests whose own memory figures are fresh: status ok. The other panels show figures of these.",
            "none",
            (4, 4),
            'sum(libvirt_domain_memory_stats_status{@guest, status="ok"}) or vector(0)',
        ),
        stat(
            "Paused guests",
            "Guests that are paused or suspended. Their figures are those of before.",
            "none",
            (4, 4),
            'sum(libvirt_domain_memory_stats_status{@guest, status="paused"}) or vector(0)',
        ),
        stat(
            "Guests without fresh figures",
            "Guests that report nothing, or nothing new, though they are not paused. The table below has the reasons.",
            "none",
            (4, 4),
            'sum(libvirt_domain_memory_stats_status{@guest, status!~"ok|paused"}) or vector(0)',
            COUNT_OF_TROUBLE_STEPS,
            runbooks=["LibvirtGuestStatisticsMissing", "LibvirtGuestStatisticsStale"],
        ),
        stat(
            "Unresponsive now",
            "Guests about which libvirt gets no answer, from QEMU or from itself.",
            "none",
            (4, 4),
            'sum(libvirt_domain_memory_stats_status{@guest, status="unresponsive"}) or vector(0)',
            [("green", None), ("red", 1)],
            runbooks=["LibvirtGuestUnresponsive"],
        ),
        stat(
            "Silent hosts",
            "Hosts of which nothing is known now: Prometheus does not reach the exporter, or the exporter does not "
            "reach libvirt.",
            "none",
            (4, 4),
            "count(\n"
            "  up{@host} == 0 and on (job, instance) instance:libvirt_exporter:seen{@host}\n"
            "  or libvirt_up{@host} == 0\n"
            ") or vector(0)",
            [("green", None), ("red", 1)],
            runbooks=["LibvirtExporterDown", "LibvirtDown"],
        ),
        section("Guests"),
        table(
            "Guests with the least memory left",
            "The 50 guests with the smallest share of usable memory, the shortest first. Usable is what new programs "
            "in the guest can get without swapping (MemAvailable), total what its kernel has (MemTotal). A guest "
            "that is short and swaps, or has many major faults, needs memory now. Only guests with fresh figures. "
            "Instance and project are nova's names, where nova made the guest.",
            "bytes",
            (24, 10),
            [
                with_names(f"bottomk(50, {USABLE_SHARE})"),
                of_shortest_guests("domain:libvirt_memory_usable_bytes:fresh{@guest}"),
                of_shortest_guests("libvirt_domain_memory_stats_available_bytes{@guest}"),
                of_shortest_guests("libvirt_domain_info_maximum_memory_bytes{@guest}"),
                of_shortest_guests(MAJOR_FAULT_RATE),
                of_shortest_guests(SWAP_RATE),
            ],
            {
                **GUEST_COLUMNS,
                "Value #A": {"displayName": "Usable share", **SHARE_CELL},
                "Value #B": {"displayName": "Usable"},
                "Value #C": {"displayName": "Total"},
                "Value #D": {"displayName": "Maximum"},
                "Value #E": {"displayName": "Major faults", "unit": "cps"},
                "Value #F": {"displayName": "Swap traffic", "unit": "binBps"},
            },
            sort_by=("Usable share", False),
            hidden=["job", "uuid"],
        ),
        time_series(
            "Usable share of the shortest guests",
            "The share of its total memory that a guest can still use, of the ten with the smallest share at each "
            "moment. Only guests with fresh figures.",
            "percentunit",
            (12, 9),
            [(GUEST_LEGEND, with_names(f"bottomk(10, {USABLE_SHARE})"))],
            maxDataPoints=FEW_POINTS,
            steps=SHARE_STEPS,
            links=[GRAPH_LINK],
        ),
        time_series(
            "Statuses over time",
            "How many guests had which status of their memory statistics. A change of many guests at once points to "
            "their host, an image or an update of drivers. All guests of the hosts count, whatever guests are chosen "
            "above.",
            "none",
            (12, 9),
            [("{{status}}", "sum by (status) (instance:libvirt_memory_status:count{@host})")],
            stacked=True,
            runbooks=["LibvirtGuestStatisticsMissing", "LibvirtGuestStatisticsStale"],
            overrides=status_colors(),
        ),
        panel(
            "bargauge",
            "Statuses now",
            "How many guests have which status of their memory statistics now.",
            "none",
            (6, 9),
            [target("sum by (status) (libvirt_domain_memory_stats_status{@guest})", "{{status}}", instant=True)],
            runbooks=["LibvirtGuestStatisticsMissing", "LibvirtGuestStatisticsStale"],
            defaults={"min": 0},
            overrides=status_colors(),
            options={
                "orientation": "horizontal",
                "displayMode": "basic",
                "showUnfilled": True,
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            },
        ),
        table(
            "Guests without fresh figures, and why",
            "Guests that are not paused and have no fresh figures, with the reason and the first thing to do; at most "
            "500. Last answer is when the guest's driver last answered; it is missing where it never did, and where "
            "QEMU does not answer.",
            "dateTimeAsIso",
            (18, 9),
            [
                with_names(SILENT_GUESTS),
                "libvirt_domain_memory_stats_last_update_timestamp_seconds{@guest} * 1000\n"
                f"  and on ({IDENTITY}) {SILENT_GUESTS}",
            ],
            {
                **GUEST_COLUMNS,
                "status": {
                    "displayName": "Reason",
                    "mappings": [
                        {
                            "type": "value",
                            "options": {
                                status: {"color": color, "text": text, "index": index}
                                for index, (status, (color, text)) in enumerate(STATUSES.items())
                            },
                        }
                    ],
                    "custom__cellOptions": {"type": "color-text"},
                },
                "Value #B": {"displayName": "Last answer"},
            },
            sort_by=("Reason", False),
            runbooks=["LibvirtGuestStatisticsMissing", "LibvirtGuestStatisticsStale", "LibvirtGuestUnresponsive"],
            hidden=["job", "uuid"],
        ),
        time_series(
            "Guests that swap the most",
            "Traffic of the guest's own swap, in and out together, of the ten guests with the most. A guest that "
            "swaps all the time is short of memory; one that swapped out once and reads nothing back is well.",
            "binBps",
            (8, 9),
            [(GUEST_LEGEND, with_names(f"topk(10, {SWAP_RATE})"))],
            maxDataPoints=FEW_POINTS,
            links=[GRAPH_LINK],
        ),
        time_series(
            "Guests with the most major faults",
            "Page faults a second that waited for the guest's disk, of the ten guests with the most. A high rate "
            "that lasts means that the guest reads again what it had to drop.",
            "cps",
            (8, 9),
            [(GUEST_LEGEND, with_names(f"topk(10, {MAJOR_FAULT_RATE})"))],
            maxDataPoints=FEW_POINTS,
            links=[GRAPH_LINK],
        ),
        table(
            "Unresponsive guests",
            "Guests about which libvirt gets no answer, and for how long. QEMU: its monitor does not answer; it may be "
            "stopped, hang, or wait for storage that is gone. libvirt: it is itself at work on the domain (start, "
            "destroy, a hook script).",
            "s",
            (8, 9),
            [
                with_names("libvirt_domain_monitor_unresponsive_seconds{@guest}"),
                with_names("libvirt_domain_libvirt_busy_seconds{@guest}"),
            ],
            {**GUEST_COLUMNS, "Value #A": {"displayName": "QEMU, for"}, "Value #B": {"displayName": "libvirt, for"}},
            sort_by=("QEMU, for", True),
            runbooks=["LibvirtGuestUnresponsive"],
            hidden=["job", "uuid"],
        ),
        section("Hosts"),
        table(
            "Hosts by overcommit",
            "The 50 most overcommitted hosts. Given is what the guests hold now (their balloons), promised what they "
            "may be given at most, each also as a share of the host's memory: above 100 % the guests together may "
            "claim more than there is. Resident is what their processes take now, without huge pages. All guests of "
            "a host count, whatever guests are chosen above.",
            "bytes",
            (24, 9),
            [
                f"topk(50, {GIVEN_SHARE})",
                of_overcommitted_hosts("instance:libvirt_memory_maximum:ratio{@host}"),
                of_overcommitted_hosts("libvirt_host_memory_total_bytes{@host}"),
                of_overcommitted_hosts("libvirt_host_memory_free_bytes{@host}"),
                of_overcommitted_hosts("libvirt_host_memory_cached_bytes{@host}"),
                of_overcommitted_hosts("instance:libvirt_memory_balloon_bytes:sum{@host}"),
                of_overcommitted_hosts("instance:libvirt_memory_rss_bytes:sum{@host}"),
                of_overcommitted_hosts('sum by (job, instance) (libvirt_domain_state{@host, state="running"})'),
            ],
            {
                "instance": {"displayName": "Host"},
                "Value #H": {"displayName": "Running guests", "unit": "none"},
                "Value #A": {"displayName": "Given share", "unit": "percentunit"},
                "Value #B": {"displayName": "Promised share", "unit": "percentunit"},
                "Value #C": {"displayName": "Host's memory"},
                "Value #D": {"displayName": "Free"},
                "Value #E": {"displayName": "Page cache"},
                "Value #F": {"displayName": "Given"},
                "Value #G": {"displayName": "Resident"},
            },
            sort_by=("Given share", True),
        ),
        time_series(
            "Most overcommitted hosts",
            "What the guests of a host hold now, as a share of its memory, of the ten hosts with the largest share. "
            "Above 100 % the host depends on its guests not using what they hold.",
            "percentunit",
            (8, 9),
            [("{{instance}}", f"topk(10, {GIVEN_SHARE})")],
            steps=[("green", None), ("orange", 1)],
            runbooks=["LibvirtHostMemoryOvercommittedAndShort"],
        ),
        time_series(
            "Memory of the hosts",
            "All chosen hosts together, beside what their guests hold, take and may be given. Free is memory that "
            "nothing uses; page cache can mostly be given back.",
            "bytes",
            (8, 9),
            [
                ("hosts' memory", "sum(libvirt_host_memory_total_bytes{@host})"),
                ("free", "sum(libvirt_host_memory_free_bytes{@host})"),
                ("page cache", "sum(libvirt_host_memory_cached_bytes{@host})"),
                ("promised to guests", "sum(instance:libvirt_memory_maximum_bytes:sum{@host})"),
                ("given to guests", "sum(instance:libvirt_memory_balloon_bytes:sum{@host})"),
                ("resident of guests", "sum(instance:libvirt_memory_rss_bytes:sum{@host})"),
            ],
        ),
        time_series(
            "Memory of the guests",
            "All guests of the hosts whose figures are fresh, as their kernels see it: total (MemTotal), used (total "
            "less usable) and usable (MemAvailable). Usable is what smaller guests or balloons could save. All guests "
            "count, whatever guests are chosen above.",
            "bytes",
            (8, 9),
            [
                (
                    "total",
                    "sum(instance:libvirt_memory_used_bytes:sum{@host}) "
                    "+ sum(instance:libvirt_memory_usable_bytes:sum{@host})",
                ),
                ("used", "sum(instance:libvirt_memory_used_bytes:sum{@host})"),
                ("usable", "sum(instance:libvirt_memory_usable_bytes:sum{@host})"),
            ],
        ),
        section("Exporters"),
        time_series(
            "Longest collections",
            "How long libvirt took for a scrape, of the ten slowest hosts. A host with a frozen guest takes longer "
            "until the guest is known to be frozen.",
            "s",
            (6, 8),
            [("{{instance}}", "topk(10, libvirt_exporter_collection_duration_seconds{@host})")],
        ),
        time_series(
            "Abandoned calls",
            "Calls into libvirt that took too long and have not returned yet, as a share of the limit, of the ten "
            "hosts with the most. Each holds a worker of libvirtd; at 100 % the exporter makes no further call that "
            "could block.",
            "percentunit",
            (6, 8),
            [
                (
                    "{{instance}}",
                    "topk(10, libvirt_exporter_abandoned_calls{@host} "
                    "/ libvirt_exporter_abandoned_calls_limit{@host})",
                )
            ],
            runbooks=["LibvirtExporterBlocked"],
        ),
        time_series(
            "Domains passed over",
            "Domains that another client's job kept from answering in a collection, of the ten hosts with the most. "
            "Two exporters on one host, or a backup, make such collisions; a domain that is passed over has no figures "
            "in that scrape.",
            "none",
            (6, 8),
            [("{{instance}}", "topk(10, libvirt_exporter_passed_over_domains{@host})")],
            defaults={"decimals": 0},
        ),
        time_series(
            "Errors of libvirt",
            "Errors of libvirt's calls a second, by libvirt's number of the error (virErrorNumber).",
            "cps",
            (6, 8),
            [
                (
                    "error {{code}}",
                    "sum by (code) (rate(libvirt_exporter_libvirt_errors_total{@host}[$__rate_interval]))",
                )
            ],
        ),
    ]
    return dashboard(
        FLEET_UID,
        "libvirt guest memory: fleet",
        "Which guests are short of memory, which report nothing and why, and how far the hosts are overcommitted.",
        [*host_variables(), text_variable("domains", "Guests (regular expression)", ".*")],
        'domain=~"$domains"',
        {
            "title": "One guest",
            "tooltip": "The memory of one guest",
            "url": f"/d/{GUEST_UID}",
        },
        panels,
    )


def guest():
    panels = [
        stat(
            "Usable share",
            "The share of its total memory that the guest can still use without swapping: usable / total. Not known "
            "where its figures are not fresh.",
            "percentunit",
            (4, 4),
            USABLE_SHARE,
            SHARE_STEPS,
            defaults={"decimals": 1, "noValue": "not known"},
        ),
        stat(
            "Usable",
            "What new programs in the guest can get without swapping: MemAvailable in its /proc/meminfo.",
            "bytes",
            (4, 4),
            LAST_USABLE,
        ),
        stat(
            "Total",
            "The guest's memory as its kernel counts it: MemTotal in its /proc/meminfo, libvirt's available. It is "
            "less than the balloon leaves it, by what the kernel and the firmware keep.",
            "bytes",
            (4, 4),
            "libvirt_domain_memory_stats_available_bytes{@guest}",
        ),
        stat(
            "Status of the statistics",
            "Why the figures are what they are. ok: fresh. stale: the driver stopped answering. no_device: no "
            "balloon. no_driver: the guest has no driver for it. no_values: the driver answers without figures. "
            "no_period: nobody asks it. busy: another job holds the domain. unresponsive: QEMU or libvirt does not "
            "answer. unsupported: this hypervisor has none.",
            "none",
            (4, 4),
            "libvirt_domain_memory_stats_status{@guest} == 1",
            text_mode="name",
            legend="{{status}}",
            overrides=status_colors(),
            runbooks=["LibvirtGuestStatisticsMissing", "LibvirtGuestStatisticsStale", "LibvirtGuestUnresponsive"],
        ),
        stat(
            "State",
            "The state of the domain in libvirt.",
            "none",
            (4, 4),
            "libvirt_domain_state{@guest} == 1",
            text_mode="name",
            legend="{{state}}",
        ),
        stat(
            "Age of the figures",
            "How long ago the guest's driver last answered.",
            "s",
            (4, 4),
            AGE,
        ),
        table(
            "Who it is",
            "The domain, and what nova says of it where nova made it.",
            "none",
            (24, 4),
            [
                "libvirt_domain_info{@guest}",
                "libvirt_domain_openstack_info{@guest}",
            ],
            {
                "domain": {"displayName": "Domain"},
                "uuid": {"displayName": "UUID"},
                "instance": {"displayName": "Host"},
                "title": {"displayName": "Title"},
                "instance_name": {"displayName": "Instance"},
                "project_name": {"displayName": "Project"},
                "user_name": {"displayName": "User"},
                "flavor_name": {"displayName": "Flavor"},
                "balloon_model": {"displayName": "Balloon"},
                "autodeflate": {"displayName": "Autodeflate"},
                "free_page_reporting": {"displayName": "Free page reporting"},
                "hugepages": {"displayName": "Huge pages"},
            },
        ),
        section("Memory"),
        time_series(
            "Memory as the guest sees it",
            "What the guest's own kernel says.\n\n"
            "- **total**: all memory that the kernel manages (MemTotal; libvirt calls it available)\n"
            "- **used**: total less usable\n"
            "- **usable**: what new programs can get without swapping (MemAvailable)\n"
            "- **unused**: memory that holds nothing, not even caches (MemFree); low in a healthy guest\n"
            "- **caches**: the page cache (Buffers, Cached, SwapCached); not all of it can be given back\n\n"
            "While the guest is paused or stale, these are the last figures that it gave.",
            "bytes",
            (12, 11),
            [
                ("total", "libvirt_domain_memory_stats_available_bytes{@guest}"),
                ("used", f"libvirt_domain_memory_stats_available_bytes{{@guest}} - {LAST_USABLE}"),
                ("usable", LAST_USABLE),
                ("unused", "libvirt_domain_memory_stats_unused_bytes{@guest}"),
                ("caches", "libvirt_domain_memory_stats_disk_caches_bytes{@guest}"),
            ],
        ),
        time_series(
            "Memory as the host sees it",
            "What the hypervisor says. None of it is what the guest uses.\n\n"
            "- **maximum**: what the domain may be given\n"
            "- **balloon**: what the guest holds now: the maximum less what its balloon has taken\n"
            "- **rss**: the host's memory that its process takes now; above balloon by what QEMU itself needs, below "
            "it where the guest has not touched its memory yet, or has huge pages",
            "bytes",
            (12, 11),
            [
                ("maximum", "libvirt_domain_info_maximum_memory_bytes{@guest}"),
                ("balloon", "libvirt_domain_memory_stats_actual_balloon_bytes{@guest}"),
                ("rss", "libvirt_domain_memory_stats_rss_bytes{@guest}"),
            ],
        ),
        time_series(
            "Usable share over time",
            "Usable / total. The lines are at 5 % and 10 %. Low alone is no harm: see whether the guest swaps or has "
            "major faults at the same time.",
            "percentunit",
            (12, 9),
            [("usable share", USABLE_SHARE)],
            steps=SHARE_STEPS,
            defaults={"max": 1},
        ),
        panel(
            "state-timeline",
            "State and status over time",
            "The state of the domain, and the status of its memory statistics, as they followed each other. Where "
            "both end, the guest was not on this host, or the host was silent.",
            "none",
            (12, 9),
            [
                target("libvirt_domain_state{@guest} == 1", "{{state}}"),
                target("libvirt_domain_memory_stats_status{@guest} == 1", "statistics {{status}}"),
            ],
            defaults={
                "color": {"mode": "fixed", "fixedColor": "blue"},
                "custom": {"fillOpacity": 80, "lineWidth": 0},
                "mappings": [{"type": "value", "options": {"1": {"text": "yes", "index": 0}}}],
            },
            overrides=[
                override(f"/^statistics {status} /", "byRegexp", color=fixed_color(color))
                for status, (color, _) in STATUSES.items()
            ],
            options={
                "showValue": "never",
                "mergeValues": True,
                "rowHeight": 0.8,
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
                "tooltip": {"mode": "single", "sort": "none"},
            },
        ),
        section("Pressure"),
        time_series(
            "Major faults",
            "Page faults a second that waited for the guest's disk. A high rate that lasts means that the guest "
            "reads again what it had to drop.",
            "cps",
            (6, 8),
            [("major faults", "rate(libvirt_domain_memory_stats_major_fault_total{@guest}[$__rate_interval])")],
        ),
        time_series(
            "All faults",
            "Page faults a second of all kinds. Most are cheap and normal: they say how busy the guest is, not how "
            "short of memory.",
            "cps",
            (6, 8),
            [("all faults", "rate(libvirt_domain_memory_stats_minor_fault_total{@guest}[$__rate_interval])")],
        ),
        time_series(
            "Swap",
            "Traffic to and from the guest's own swap, not the amount in it. Reading back all the time is what hurts.",
            "binBps",
            (6, 8),
            [
                ("in", "rate(libvirt_domain_memory_stats_swap_in_bytes_total{@guest}[$__rate_interval])"),
                ("out", "rate(libvirt_domain_memory_stats_swap_out_bytes_total{@guest}[$__rate_interval])"),
            ],
        ),
        time_series(
            "Huge pages in the guest",
            "Huge pages a second that the guest took from its free memory at run time, and failed to take. Failures "
            "mean that its memory is short or in pieces.",
            "cps",
            (6, 8),
            [
                ("allocated", "rate(libvirt_domain_memory_stats_hugetlb_pgalloc_total{@guest}[$__rate_interval])"),
                ("failed", "rate(libvirt_domain_memory_stats_hugetlb_pgfail_total{@guest}[$__rate_interval])"),
            ],
        ),
        section("Trust"),
        time_series(
            "Freshness",
            "How old the figures are, beside the period in which the guest is asked, and the age from which on they "
            "are stale: three periods, and at least 30 s. The age grows while the guest is paused or hangs.",
            "s",
            (8, 8),
            [
                ("age", AGE),
                ("period", "libvirt_domain_memory_stats_period_seconds{@guest}"),
                ("stale from", "clamp_min(3 * libvirt_domain_memory_stats_period_seconds{@guest}, 30)"),
            ],
        ),
        time_series(
            "Events",
            "What happened to the domain, within each step of the graph: changes of the balloon's size (about one a "
            "second while it moves), reboots (the guest's counters start again), changes of its metadata, and memory "
            "that the host's hardware lost.",
            "none",
            (8, 8),
            [
                ("balloon changes", "increase(libvirt_domain_balloon_changes_total{@guest}[$__rate_interval])"),
                ("reboots", "increase(libvirt_domain_reboots_total{@guest}[$__rate_interval])"),
                ("metadata changes", "increase(libvirt_domain_metadata_changes_total{@guest}[$__rate_interval])"),
                (
                    "memory lost: {{recipient}}, {{action}}",
                    "increase(libvirt_domain_memory_failures_total{@guest}[$__rate_interval])",
                ),
            ],
        ),
        time_series(
            "CPU",
            "How many of its virtual CPUs the guest keeps busy, beside how many it has. A guest that is stale and "
            "uses no CPU, or all of it, hangs.",
            "none",
            (8, 8),
            [
                ("busy", "rate(libvirt_domain_info_cpu_time_seconds_total{@guest}[$__rate_interval])"),
                ("virtual CPUs", "libvirt_domain_info_virtual_cpus{@guest}"),
            ],
        ),
        section("Limits and host"),
        time_series(
            "Limits",
            "The host's limits of the memory of the domain's process, where one is set, beside what it takes. hard: "
            "it is killed above it. soft: it is brought back to it when the host is short. swap_hard: memory and "
            "swap together.",
            "bytes",
            (8, 8),
            [
                ("{{limit}}", "libvirt_domain_memory_limit_bytes{@guest}"),
                ("rss", "libvirt_domain_memory_stats_rss_bytes{@guest}"),
            ],
        ),
        time_series(
            "Memory devices",
            "Memory devices that can grow (virtio-mem), where there are any: the most that each can hold, what the "
            "host asked the guest to take of it, and what the guest has taken.",
            "bytes",
            (8, 8),
            [
                ("{{device}} size", "libvirt_domain_memory_device_size_bytes{@guest}"),
                ("{{device}} requested", "libvirt_domain_memory_device_requested_bytes{@guest}"),
                ("{{device}} taken", "libvirt_domain_memory_device_current_bytes{@guest}"),
            ],
        ),
        time_series(
            "The host's memory",
            "The memory of the host that the guest is on. Free is memory that nothing uses; page cache can mostly be "
            "given back. When both are gone, the host swaps, and its guests are slow without knowing why.",
            "bytes",
            (8, 8),
            [
                (
                    legend,
                    f"libvirt_host_memory_{figure}_bytes{{@host}}\n"
                    '  and on (job, instance) libvirt_domain_state{@guest, state="running"}',
                )
                for legend, figure in [("total", "total"), ("free", "free"), ("page cache", "cached")]
            ],
        ),
    ]
    # The guest may have been on several hosts.
    for each in panels:
        if each["type"] in ("timeseries", "state-timeline"):
            for query in each["targets"]:
                query["legendFormat"] += " {{instance}}"
    return dashboard(
        GUEST_UID,
        "libvirt guest memory: one guest",
        "What one guest uses, has left and may get, how far its figures can be trusted, and what happened to it.",
        [
            *host_variables(),
            query_variable(
                "uuid",
                "Guest",
                # One series a domain, whatever its state: shown by its name, chosen by its UUID, which is unique and
                # needs no escaping.
                'libvirt_domain_info_virtual_cpus{job=~"$job", instance=~"$instance"}',
                several=False,
                regex='/domain="(?<text>.*?)",.*uuid="(?<value>[^"]*)"/',
            ),
        ],
        'uuid="$uuid"',
        {
            "title": "Fleet",
            "tooltip": "All guests of these hosts",
            "url": f"/d/{FLEET_UID}",
        },
        panels,
    )


def main():
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, contents in [("fleet", fleet()), ("guest", guest())]:
        text = json.dumps(contents, indent=2, ensure_ascii=False) + "\n"
        (directory / f"{name}.json").write_text(text, encoding="utf-8")


main()
