#!/usr/bin/env python3
"""Writes the manual pages from the exporter's description of its own command line, the source of --help.

usage: make_manual.py EXPORTER DIRECTORY

One page for the command and one for each subcommand, in man(7)'s macros. The date is SOURCE_DATE_EPOCH's.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import time

PROGRAM = "libvirt-memory-exporter"

# Sections that the command line does not describe. The texts are troff.
EXIT_STATUS = """\
.SH EXIT STATUS
.TP
.B 0
Success.
.TP
.B 1
The command failed; standard error has the reason.
.TP
.B 64
The command line is wrong; standard error names the error, and shows the usage.
"""
SERVED = """\
.SH PATHS
.TP
.I /metrics
The metrics, at the path of
.BR \\-\\-web.telemetry\\-path ,
as Prometheus' text format or OpenMetrics.
.TP
.I /
A page with this host's guests.
.TP
.I /help
A page with the meaning of each status, and what to do about it.
.TP
.IR /\\-/healthy ,\\~ /\\-/ready
Health checks: whether the exporter runs, and whether it answers scrapes.
.SH SIGNALS
.TP
.BR SIGTERM ,\\~ SIGINT ,\\~ SIGHUP
The exporter answers the requests it has, and ends with status 0. It reads the file of
.B \\-\\-web.config.file
and the files it names again without a signal.
"""
FILES = """\
.SH FILES
.TP
.I /run/libvirt/libvirt\\-sock\\-ro
libvirt's read-only socket. Collecting needs no other.
.TP
.I /etc/default/libvirt\\-memory\\-exporter
The options of the systemd unit.
.TP
.I /usr/share/libvirt\\-memory\\-exporter/
Prometheus' rules and alerts, and Grafana's dashboards.
.TP
.I /usr/share/doc/libvirt\\-memory\\-exporter/
The documentation.
"""


def escaped(text):
    """Text escaped for troff, with ordinary hyphens in words."""
    text = text.replace("\\", "\\e")
    # An option must be found by a search and copied as it is typed.
    text = re.sub(r"(?<![\w-])--?[a-zA-Z][\w.-]*", lambda match: match.group().replace("-", "\\-"), text)
    return re.sub(r"`([^`]*)`", lambda match: "\\fB" + match.group(1) + "\\fR", text)


def filled(text):
    """A paragraph as lines; a line that looks like a troff request is escaped."""
    lines = textwrap.wrap(escaped(text), width=78, break_long_words=False, break_on_hyphens=False)
    return "\n".join("\\&" + line if line[0] in (".", "'") else line for line in lines)


def paragraphs(text):
    return "\n.PP\n".join(filled(paragraph) for paragraph in text.split("\n\n"))


def spelling(name):
    """A name as it is typed."""
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def bold(text):
    return "\\fB" + text.replace("-", "\\-") + "\\fR"


def italic(text):
    return "\\fI" + text.replace("-", "\\-") + "\\fR"


def heading(spellings, argument):
    names = ", ".join(map(bold, spellings))
    return names + "=" + italic(argument["valueName"]) if argument["kind"] == "option" else names


def description(argument):
    text = " ".join(filter(None, [argument.get("abstract"), argument.get("discussion")]))
    notes = []
    values = argument.get("allValues")
    if values:
        notes.append("values: " + ", ".join(values))
    if "defaultValue" in argument:
        notes.append("default: " + argument["defaultValue"])
    return filled(text + (" (" + "; ".join(notes) + ")" if notes else ""))


def shown(command, *kinds):
    return [a for a in command.get("arguments", []) if a["shouldDisplay"] and a["kind"] in kinds]


def option_entries(options):
    """The entries of a list of options; the two names of a switch, as --x and --no-x, share one entry."""
    entries = []
    for option in options:
        spellings = [spelling(name) for name in option["names"]]
        is_switched_off = re.match(r"--no[-_]", spellings[0]) is not None
        if is_switched_off and entries and entries[-1][0][0][2:] == spellings[0][5:]:
            entries[-1][0].extend(spellings)
        else:
            entries.append((spellings, option))
    return "".join(f".TP\n{heading(spellings, option)}\n{description(option)}\n" for spellings, option in entries)


def option_sections(command):
    """Options under the titles of --help; options without a title first."""
    options = shown(command, "option", "flag")
    titles = sorted({option.get("sectionTitle", "") for option in options})
    return "".join(
        f".SH {title.upper() or 'OPTIONS'}\n"
        + option_entries([option for option in options if option.get("sectionTitle", "") == title])
        for title in titles
    )


def argument_section(command):
    arguments = shown(command, "positional")
    if not arguments:
        return ""
    entries = (f".TP\n{italic(argument['valueName'])}\n{description(argument)}\n" for argument in arguments)
    return ".SH ARGUMENTS\n" + "".join(entries)


def page_name(names):
    return "-".join(names)


def synopsis(names, command, subcommands):
    line = bold(" ".join(names))
    if shown(command, "option", "flag"):
        line += " [" + italic("option") + "]..."
    for argument in shown(command, "positional"):
        name = italic(argument["valueName"]) + ("..." if argument["isRepeating"] else "")
        line += f" [{name}]" if argument["isOptional"] else f" {name}"
    lines = [line]
    for subcommand in subcommands:
        lines.append(bold(" ".join(names + [subcommand["commandName"]])) + " ...")
    return "\n.br\n".join(lines) + "\n"


def page(command, version, date, above=()):
    """The page of a command, and those of its subcommands: (name, text) each."""
    names = [*above, command["commandName"]]
    # `help` is another name of --help.
    subcommands = [c for c in command.get("subcommands", []) if c["shouldDisplay"] and c["commandName"] != "help"]
    name = page_name(names)
    abstract = command["abstract"].rstrip(".")
    text = ".\\\" Made by deploy/packages/make_manual.py from the exporter's command line.\n"
    text += f'.TH {name.upper().replace("-", chr(92) + "-")} 1 "{date}" "{PROGRAM} {version}" "User Commands"\n'
    text += f".SH NAME\n{name.replace('-', chr(92) + '-')} \\- {escaped(abstract[0].lower() + abstract[1:])}\n"
    # Names of options are not hyphenated.
    text += f".nh\n.ad l\n.SH SYNOPSIS\n{synopsis(names, command, subcommands)}"
    text += f".SH DESCRIPTION\n{filled(command['abstract'])}\n"
    if command.get("discussion"):
        text += f".PP\n{paragraphs(command['discussion'])}\n"
    text += argument_section(command) + option_sections(command)
    related = [page_name([*names, c["commandName"]]) for c in subcommands]
    if subcommands:
        text += ".SH SUBCOMMANDS\n"
        for subcommand, its_page in zip(subcommands, related):
            text += f".TP\n{bold(subcommand['commandName'])}\n{filled(subcommand['abstract'])}\n"
            text += f"See {bold(its_page)}(1).\n"
    if not above:
        text += SERVED + FILES
    related = ([page_name(above)] if above else []) + related
    see_also = [bold(other) + "(1)" for other in related] + [bold("virsh") + "(1)", bold("libvirtd") + "(8)"]
    text += EXIT_STATUS + ".SH SEE ALSO\n" + ",\n".join(see_also) + "\n"
    pages = [(name, text)]
    for subcommand in subcommands:
        pages += page(subcommand, version, date, above=names)
    return pages


def main():
    exporter, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    described = json.loads(subprocess.check_output([exporter, "--experimental-dump-help"]))
    version = subprocess.check_output([exporter, "--version"], text=True).split()[-1]
    date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob(f"{PROGRAM}*.1"):
        old.unlink()
    for name, text in page(described["command"], version, date):
        (directory / f"{name}.1").write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    main()
