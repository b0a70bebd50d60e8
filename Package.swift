// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "libvirt-memory-exporter",
    products: [
        .executable(name: "libvirt-memory-exporter", targets: ["libvirt-memory-exporter"]),
        // For Fuzzing and Benchmarks, which are packages of their own.
        .library(
            name: "Rooms",
            targets: [
                "Collection", "Exposition", "ExporterService", "HTTP", "Hypervisor", "Libvirt", "LibvirtHypervisor",
                "WebConfiguration", "XML",
            ]
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CLibvirt", pkgConfig: "libvirt", providers: [.apt(["libvirt-dev"])]),
        .systemLibrary(name: "CLibxml2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CLibyaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CMemory"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        .target(name: "Hypervisor"),
        .target(
            name: "Collection",
            dependencies: ["Hypervisor", .product(name: "Logging", package: "swift-log")]
        ),
        .target(
            name: "Libvirt",
            dependencies: ["CLibvirt", "Hypervisor"],
            // The module that wraps C: every use of an unsafe pointer is marked where it stands.
            swiftSettings: [.strictMemorySafety()]
        ),
        .target(name: "XML", dependencies: ["CLibxml2"], swiftSettings: [.strictMemorySafety()]),
        .target(name: "LibvirtHypervisor", dependencies: ["Hypervisor", "Libvirt", "XML"]),
        .target(name: "Exposition", dependencies: ["CZlib"]),
        .target(
            name: "HTTP",
            dependencies: [
                "COpenSSL",
                .product(name: "FlyingSocks", package: "FlyingFox"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "WebConfiguration",
            dependencies: [
                "CCrypt", "CLibyaml", "COpenSSL", "HTTP",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(name: "Systemd"),
        .target(
            name: "ExporterService",
            dependencies: [
                "CMemory", "Collection", "Exposition", "HTTP", "Hypervisor", "Libvirt", "LibvirtHypervisor", "Systemd",
                "WebConfiguration",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .executableTarget(
            name: "libvirt-memory-exporter",
            dependencies: [
                "Collection", "ExporterService", "HTTP", "Hypervisor", "LibvirtHypervisor", "Systemd",
                "WebConfiguration",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        .testTarget(name: "HypervisorTests", dependencies: ["Hypervisor"]),
        .testTarget(
            name: "CollectionTests",
            dependencies: [
                "Collection", "Hypervisor", "LibvirtHypervisor", .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "LibvirtTests", dependencies: ["CLibvirt", "Hypervisor", "Libvirt", "XML"]),
        .testTarget(name: "LibvirtHypervisorTests", dependencies: ["Collection", "LibvirtHypervisor", "XML"]),
        .testTarget(name: "ExpositionTests", dependencies: ["Exposition"]),
        .target(
            name: "HTTPTestSupport",
            dependencies: [
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/HTTPTestSupport"
        ),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "HTTPTestSupport"]),
        .testTarget(name: "WebConfigurationTests", dependencies: ["HTTPTestSupport", "WebConfiguration"]),
        .testTarget(name: "SystemdTests", dependencies: ["Systemd"]),
        .testTarget(
            name: "ExporterServiceTests",
            dependencies: [
                "Collection", "ExporterService", "Hypervisor", "LibvirtHypervisor", "XML",
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ]
        ),
        // What libFuzzer's run (the package in Fuzzing) makes sure of, compiled into ordinary tests once more.
        .testTarget(
            name: "FuzzingTests",
            dependencies: [
                "CLibvirt", "Collection", "Exposition", "ExporterService", "HTTP", "Hypervisor", "Libvirt",
                "LibvirtHypervisor", "WebConfiguration", "XML",
            ]
        ),
        .testTarget(name: "EndToEndTests", dependencies: ["libvirt-memory-exporter", "HTTP"]),
    ],
    swiftLanguageModes: [.v6]
)
