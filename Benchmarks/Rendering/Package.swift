// swift-tools-version: 6.2

import PackageDescription

// A package of its own, because it is built for release and yet sees inside the exporter's rooms: `make bench-render`
// does.
let package = Package(
    name: "rendering",
    dependencies: [
        .package(name: "libvirt-memory-exporter", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "rendering",
            dependencies: [.product(name: "Rooms", package: "libvirt-memory-exporter")],
            path: "Sources"
        )
    ],
    swiftLanguageModes: [.v6]
)
