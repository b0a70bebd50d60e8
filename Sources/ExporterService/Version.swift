/// The version of this exporter (semver.org), the same as the newest entry's in CHANGELOG.md.
package let exporterVersion = "0.1.0"
