# What is asked of this project, each by one word: `make help` lists it. Made for Debian 12 with Swift 6; whatever else
# is missing is installed by apt-get.

build_packages := libcrypt-dev libssl-dev libvirt-dev libxml2-dev libyaml-dev zlib1g-dev pkg-config
# A browser, and a font for its pictures; the language of the script that makes the dashboards; two clients of TLS, of
# which openssl makes certificates too; a tracer of system calls, and the judge of the units.
test_packages := chromium curl fonts-dejavu-core openssl python3 strace systemd
testbed := .build/testbed
exporter := .build/release/libvirt-memory-exporter
# What the linker took for it, of what: written before SwiftPM makes .build/release.
link_map := .build/libvirt-memory-exporter.map
# Where the packages are made.
built := .build/packages
# The release's: docs/installation.md says what each is for.
release_flags := --configuration release --product libvirt-memory-exporter --static-swift-stdlib \
    -Xswiftc -use-ld=lld -Xlinker --strip-all -Xlinker --no-export-dynamic \
    -Xlinker -z -Xlinker pack-relative-relocs -Xlinker -z -Xlinker now \
    -Xlinker -Map=$(link_map) \
    -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=. -Xcc -ffile-prefix-map=$(CURDIR)=. \
    -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen
# The date of all that is made of this commit, so that it is the same whenever it is made (reproducible-builds.org).
export SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --format=%ct 2> /dev/null),$(shell date +%s))
swift_code := Package.swift Sources Tests Fuzzing/Package.swift Fuzzing/Sources \
    $(wildcard Benchmarks/*/Package.swift Benchmarks/*/Sources)
shell_scripts := .ci/run Fuzzing/run Tests/Sanitizers/run $(wildcard Tests/Testbed/*) \
    Benchmarks/Collecting/prepare $(addprefix deploy/packages/,check_reproducible copy_documents make_deb make_rpm)
# How long `make fuzz` stays at each of its eight targets: ten minutes together.
SECONDS_EACH := 75
# The benchmark of the rendering sees inside the rooms, which are built for release all the same.
build_rendering := swift build --package-path Benchmarks/Rendering --scratch-path .build-bench-rendering \
    --configuration release -Xswiftc -enable-testing
rendering := .build-bench-rendering/release/rendering
# Whoever is not root becomes so for the installation alone.
as_root := $(if $(filter-out 0,$(shell id -u)),sudo)

# Installs those packages of $(1) that are missing.
define install
@missing=; for package in $(1); do \
    [ "$$(dpkg-query --show --showformat='$${db:Status-Status}' $$package 2> /dev/null)" = installed ] \
        || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
    $(as_root) apt-get update --quiet \
        && $(as_root) env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $$missing; \
fi
endef

.DEFAULT_GOAL := help
.PHONY: help run test demo soak bench bench-render record-render fuzz simulate sanitize release man sbom \
    check-sbom deb rpm reproducible testbed docs dashboards check-dashboards lint format clean packages

help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

run: release ## build, and serve this host's guests on port 9177 (further flags by ARGS=…)
	@if [ -S /run/libvirt/libvirt-sock ] || [ -S /run/libvirt/libvirt-sock-ro ]; then \
	    uri=qemu:///system; \
	    echo "### Serving the guests of this host's hypervisor: $$uri" >&2; \
	else \
	    uri=test:///default; \
	    echo "### No libvirt socket in /run/libvirt: serving the make-believe guests of libvirt's test driver: $$uri" >&2; \
	fi; \
	exec $(exporter) --libvirt.uri=$$uri $(ARGS)

test: packages testbed deb rpm ## run every test, with a libvirtd, guests and a Prometheus of the tests' own
	$(call install,$(test_packages))
	swift test
	python3 -m unittest discover --start-directory Benchmarks/Collecting

demo: release testbed ## show guests, the exporter, Prometheus and its alerts in a browser, until Ctrl-C
	@Tests/Testbed/demo $(testbed) $(exporter)

fuzz: packages ## let libFuzzer look for inputs that break something, for ten minutes (SECONDS_EACH=… a target)
	Fuzzing/run $(SECONDS_EACH)

simulate: packages ## try random faults on a fake hypervisor and a virtual clock, for an hour (SIMULATION_SECONDS=…)
	SIMULATION_SECONDS=$${SIMULATION_SECONDS:-3600} swift test --filter SimulationTests

sanitize: packages ## run the unit tests and the exporter with the thread and the address sanitizer
	$(call install,curl)
	Tests/Sanitizers/run thread
	Tests/Sanitizers/run address

bench-render: packages ## measure how a scrape's answer is rendered, in time, memory and instructions
	$(call install,valgrind binutils python3)
	$(build_rendering)
	$(rendering) time 1000 10000
	Benchmarks/Rendering/compare $(rendering)

record-render: packages ## record how many instructions the rendering takes now
	$(call install,valgrind binutils python3)
	$(build_rendering)
	Benchmarks/Rendering/compare $(rendering) --record

release: packages ## build the stripped binary that needs no Swift, .build/release/libvirt-memory-exporter
	$(call install,chrpath)
	swift build $(release_flags)
	@# SwiftPM would have the binary look for libraries beside itself: there are none.
	chrpath --delete $(exporter)

man: release ## write the manual pages, .build/packages/man
	deploy/packages/make_manual.py $(exporter) $(built)/man

sbom: release ## write what is in the binary and what it loads, .build/packages/libvirt-memory-exporter.spdx.json
	@mkdir -p $(built)
	deploy/packages/make_sbom.py $(exporter) $(link_map) > $(built)/libvirt-memory-exporter.spdx.json

deb: man sbom ## make the Debian package below .build/packages, and have lintian check it
	$(call install,debhelper dpkg-dev lintian man-db groff-base)
	cp $(exporter) $(built)
	rm -f $(built)/*.deb
	deploy/packages/make_deb $(built)
	lintian --allow-root --pedantic --fail-on=error,warning,pedantic $(built)/*.deb

rpm: man sbom ## make the RPM package below .build/packages, and have rpmlint check it
	$(call install,rpm rpmlint)
	cp $(exporter) $(built)
	rm -f $(built)/*.rpm
	deploy/packages/make_rpm $(built)
	rpmlint --config deploy/rpm/rpmlint.toml $(built)/*.rpm

reproducible: deb rpm ## build and package it again in another directory, and compare
	deploy/packages/check_reproducible $(built)

check-sbom: sbom ## check the SPDX document by SPDX's own tools, which come from PyPI
	$(call install,python3-venv)
	python3 -m venv .build/spdx
	.build/spdx/bin/pip install --quiet --disable-pip-version-check spdx-tools
	.build/spdx/bin/pyspdxtools --infile $(built)/libvirt-memory-exporter.spdx.json

testbed: ## unpack what the end-to-end tests need below .build/testbed
	@Tests/Testbed/prepare $(testbed)
	$(call install,debootstrap)
	@Tests/Testbed/prepare-debian $(testbed)

soak: packages testbed ## scrapes, churn and faults together for SOAK_SECONDS (600)
	SOAK_SECONDS=$${SOAK_SECONDS:-600} swift test --filter SoakTests

bench: release testbed ## compare what a scrape costs with what others cost, for eight minutes
	$(call install,python3)
	Benchmarks/Collecting/prepare .build/contenders
	Benchmarks/Collecting/bench.py
	$(if $(wildcard Benchmarks/Rendering),$(MAKE) bench-render)

docs: packages ## write docs/metrics.md anew from the catalogue
	RENEW_DOCS=1 swift test --filter DocumentationTests

lint: ## check the format of Swift and the shell scripts
	$(call install,shellcheck)
	swift format lint --strict --recursive $(swift_code)
	shellcheck $(shell_scripts)

dashboards: ## make the dashboards in grafana/ anew from their script
	grafana/make_dashboards.py

check-dashboards: ## check the dashboards against Grafana's own SDK, which comes from PyPI
	$(call install,python3-venv)
	python3 -m venv .build/grafana
	.build/grafana/bin/pip install --quiet --disable-pip-version-check grafana-foundation-sdk
	.build/grafana/bin/python grafana/check_dashboards.py grafana/*.json

format: ## format the Swift code
	swift format format --in-place --recursive $(swift_code)

clean: ## delete what was built, and the testbed
	rm -rf .build .build-*

packages:
	$(call install,$(build_packages))
