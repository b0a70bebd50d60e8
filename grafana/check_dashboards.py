#!/usr/bin/env python3
"""Reads each dashboard into the types of Grafana's own SDK (grafana-foundation-sdk), which are made from Grafana's
schema, writes it again, and says what was lost on the way: a misspelt or misplaced property.

usage: check_dashboards.py DASHBOARD…
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard


def lost(ours, theirs, path="$"):
    """The paths of what is in ours and not the same in theirs, which may say more: it writes the defaults out."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from lost(value, theirs[key], f"{path}.{key}")
            # What is null is what is not said.
            elif value is not None:
                yield f"{path}.{key} is lost"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs)):
            yield from lost(one, other, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path} becomes {json.dumps(theirs)}"


def main():
    plugins.register_default_plugins()
    complaints = []
    for file in sys.argv[1:]:
        ours = json.loads(Path(file).read_text(encoding="utf-8"))
        theirs = json.loads(JSONEncoder().encode(dashboard.Dashboard.from_json(ours)))
        complaints += [f"{file}: {complaint}" for complaint in lost(ours, theirs)]
    print("\n".join(complaints), end="\n" if complaints else "")
    sys.exit(1 if complaints else 0)


main()
