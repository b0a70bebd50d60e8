#!/usr/bin/env python3
"""Writes the components of the exporter's binary as SPDX 2.3 (spdx.github.io/spdx-spec/v2.3): the code that the linker took,
according to its map, and the Debian packages of the libraries that the binary loads.

usage: make_sbom.py BINARY MAP > FILE

Run it in the project's directory, after a build. The date is SOURCE_DATE_EPOCH's; the same build gives the same file.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

PROJECT = "libvirt-memory-exporter"
CHECKOUTS = pathlib.Path(".build/checkouts")
# The project at github.com/swiftlang from which each archive of the toolchain's static libraries is built.
TOOLCHAIN = {
    "libBlocksRuntime.a": "swift-corelibs-libdispatch",
    "libdispatch.a": "swift-corelibs-libdispatch",
    "libswiftDispatch.a": "swift-corelibs-libdispatch",
    "libCoreFoundation.a": "swift-corelibs-foundation",
    "libFoundation.a": "swift-corelibs-foundation",
    "libFoundationEssentials.a": "swift-foundation",
    "libFoundationInternationalization.a": "swift-foundation",
    "lib_FoundationCShims.a": "swift-foundation",
    "lib_FoundationCollections.a": "swift-foundation",
    "lib_FoundationICU.a": "swift-foundation-icu",
    "libswift_RegexParser.a": "swift-experimental-string-processing",
    "libswift_StringProcessing.a": "swift-experimental-string-processing",
}
LICENCE_OF_SWIFT = "Apache-2.0 WITH Swift-exception"


def output(*command):
    return subprocess.check_output(command, text=True)


def objects_of(link_map):
    """The object files, or their archives, from which lld took code, according to its map."""
    line = re.compile(r" *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ +(/[^(]*?\.[ao])(\(.*\))?:\(")
    found = set()
    with open(link_map) as lines:
        for match in map(line.match, lines):
            if match and int(match.group(1), 16) > 0:
                found.add(os.path.normpath(match.group(2)))
    return found


def licence(text):
    if "Apache License" in text:
        return LICENCE_OF_SWIFT if "Runtime Library Exception" in text else "Apache-2.0"
    if "MIT License" in text:
        return "MIT"
    raise SystemExit("make_sbom: this licence has no name here:\n" + text[:500])


def swift_package(identity):
    """A package of Package.resolved."""
    pin = next(pin for pin in json.load(open("Package.resolved"))["pins"] if pin["identity"] == identity.lower())
    location = pin["location"].removesuffix(".git")
    version = pin["state"]["version"]
    text = next((CHECKOUTS / identity).glob("LICENSE*")).read_text()
    return package(
        identity,
        version,
        licence(text),
        f"git+{location}.git@{version}",
        f"pkg:swift/{location.removeprefix('https://')}@{version}",
    )


def toolchain_package(name):
    version = re.search(r"Swift version (\S+)", output("swift", "--version")).group(1)
    tag = f"swift-{version}-RELEASE"
    return package(
        name,
        version,
        "Unicode-3.0" if name == "swift-foundation-icu" else LICENCE_OF_SWIFT,
        f"git+https://github.com/swiftlang/{name}.git@{tag}",
        f"pkg:swift/github.com/swiftlang/{name}@{version}",
    )


def debian_package(file):
    """The Debian package that contains a file of this machine."""
    found = subprocess.run(["dpkg-query", "--search", file], text=True, capture_output=True)
    if found.returncode != 0:
        # dpkg lists a file of the merged /usr under one of its two paths.
        other = file.removeprefix("/usr") if file.startswith("/usr/") else "/usr" + file
        found = subprocess.run(["dpkg-query", "--search", other], text=True, capture_output=True, check=True)
    name = found.stdout.split(": ")[0]
    shown = output("dpkg-query", "--show", "--showformat=${Package} ${Version} ${Architecture}", name)
    bare, version, architecture = shown.split()
    purl = f"pkg:deb/debian/{bare}@{version}?arch={architecture}".replace("+", "%2B")
    return package(bare, version, "NOASSERTION", "NOASSERTION", purl)


def package(name, version, licence, location, purl):
    return {
        "SPDXID": "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", name),
        "name": name,
        "versionInfo": version,
        "supplier": "NOASSERTION",
        "downloadLocation": location,
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
        ],
    }


def inside(link_map):
    """The packages from which the linker took code."""
    of_project = {directory.name.replace("-", "_") for directory in pathlib.Path("Sources").iterdir()}
    packages = {}
    for file in sorted(objects_of(link_map)):
        target = re.search(r"/([^/]+)\.build/", file)
        if "/swift_static/" in file:
            name = TOOLCHAIN.get(os.path.basename(file), "swift")
            found = None if name in packages else toolchain_package(name)
        elif target is None:
            found = debian_package(file)
        elif target.group(1) in of_project or target.group(1).replace("-", "_") in of_project:
            continue
        else:
            checkout = next((path for path in CHECKOUTS.glob(f"**/{target.group(1)}") if path.is_dir()), None)
            if checkout is None:
                raise SystemExit(f"make_sbom: {target.group(1)} is no target of the packages in {CHECKOUTS}")
            found = swift_package(checkout.relative_to(CHECKOUTS).parts[0])
        if found:
            packages[found["name"]] = found
    return [packages[name] for name in sorted(packages)]


def loaded(binary):
    """The packages of the libraries that the binary loads."""
    names = re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "--dynamic", "--wide", binary))
    paths = dict(re.findall(r"(\S+) => (/\S+)", output("ldd", binary)))
    # ldd prints the loader by its path.
    files = [paths.get(name) or os.path.realpath("/lib64/" + name) for name in names]
    packages = {found["name"]: found for found in map(debian_package, files)}
    return [packages[name] for name in sorted(packages)]


def document(binary, link_map):
    content = pathlib.Path(binary).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    version = output(binary, "--version").split()[-1]
    created = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    project = package(PROJECT, version, "Apache-2.0", "NOASSERTION", f"pkg:generic/{PROJECT}@{version}")
    project["primaryPackagePurpose"] = "APPLICATION"
    file = {
        "SPDXID": "SPDXRef-File-binary",
        "fileName": f"./usr/bin/{PROJECT}",
        "fileTypes": ["BINARY"],
        "checksums": [
            {"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
            {"algorithm": "SHA256", "checksumValue": sha256},
        ],
        "licenseConcluded": "NOASSERTION",
        "licenseInfoInFiles": ["NOASSERTION"],
        "copyrightText": "NOASSERTION",
    }
    static, dynamic = inside(link_map), loaded(binary)
    relationships = [("SPDXRef-DOCUMENT", "DESCRIBES", project["SPDXID"])]
    relationships += [("SPDXRef-DOCUMENT", "DESCRIBES", file["SPDXID"])]
    relationships += [(file["SPDXID"], "GENERATED_FROM", project["SPDXID"])]
    relationships += [(file["SPDXID"], "STATIC_LINK", each["SPDXID"]) for each in static]
    relationships += [(file["SPDXID"], "DYNAMIC_LINK", each["SPDXID"]) for each in dynamic]
    packages = {each["SPDXID"]: each for each in [project, *static, *dynamic]}
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{PROJECT}-{version}",
        # Unique to this binary; no document is at this address.
        "documentNamespace": f"https://spdx.org/spdxdocs/{PROJECT}-{version}-{sha256}",
        "creationInfo": {
            "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", created),
            "creators": ["Tool: make_sbom.py"],
        },
        "packages": list(packages.values()),
        "files": [file],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relationships
        ],
    }


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    json.dump(document(*sys.argv[1:]), sys.stdout, indent=2)
    print()
