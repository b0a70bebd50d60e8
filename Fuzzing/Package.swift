// swift-tools-version: 6.2

import PackageDescription

// A package of its own, because all of it, the exporter's rooms included, is built with libFuzzer's instrumentation:
// `make fuzz` does.
let package = Package(
    name: "fuzzing",
    dependencies: [
        .package(name: "libvirt-memory-exporter", path: ".."),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibFuzzer", path: "CLibFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CLibFuzzer",
                .product(name: "Rooms", package: "libvirt-memory-exporter"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "Sources"
        ),
    ],
    swiftLanguageModes: [.v6]
)
