// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every Swift target: see STYLE in the README's "For developers".
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
]

func layer(_ name: String, _ dependencies: String...) -> Target {
    .target(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: String...) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies.map { .byName(name: $0) }, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: String...) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: ([name] + dependencies).map { .byName(name: $0) },
        swiftSettings: settings)
}

let package = Package(
    name: "starling",
    products: [
        .executable(name: "starling", targets: ["starling"]),
        .executable(name: "starling-bench", targets: ["starling-bench"]),
        .executable(name: "starling-sim", targets: ["starling-sim"]),
    ],
    targets: [
        // C: libraries of the system, and the Linux calls that the Glibc module leaves out.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(
            name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CMicroHTTPD", pkgConfig: "libmicrohttpd",
            providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(
            name: "CMagic", pkgConfig: "libmagic", providers: [.apt(["libmagic-dev"])]),
        .systemLibrary(
            name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(
            name: "CQRCode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // The web page's files, carried by the program.
        .target(name: "WebPage", exclude: ["pictures", "site"]),

        // L0
        layer("Primitives"),
        // L1
        layer("Wire", "Primitives"),
        layer("Crypto", "Primitives", "Wire", "CSodium", "COpenSSL"),
        // L2
        layer("MerkleLog", "Primitives", "Wire", "Crypto"),
        layer("Content", "Primitives", "Wire", "Crypto", "MerkleLog"),
        layer("HyParView", "Primitives"),
        layer("Plumtree", "Primitives"),
        layer("Reconciliation", "Primitives", "Crypto"),
        layer("Archive", "Primitives", "CArchive"),
        // L3: the last pure layer
        layer(
            "Mesh", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "HyParView",
            "Plumtree", "Reconciliation"),
        // L4
        layer("Transport", "Primitives", "CLinux"),
        layer("Store", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Mesh", "CSQLite"),
        layer(
            "Simulator", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "HyParView",
            "Plumtree", "Mesh"),
        // L5
        layer("Feed", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Store"),
        // L6
        layer(
            "Node", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Mesh", "Transport",
            "Store", "Feed", "CLinux", "CMagic"),
        // L7
        layer(
            "ClientAPI", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Mesh",
            "Transport", "Store", "Feed", "Archive", "Node", "CLinux", "CMicroHTTPD", "CQRCode",
            "CZlib", "WebPage"),
        // L8
        program(
            "starling", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Reconciliation",
            "Mesh", "Store", "Feed", "Node", "ClientAPI", "Archive"),
        program(
            "starling-bench", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Mesh",
            "Store", "Feed", "Node", "ClientAPI", "CSodium", "CSQLite"),
        program(
            "starling-sim", "Primitives", "Wire", "Crypto", "MerkleLog", "Plumtree", "Mesh",
            "Simulator"),

        tests("Primitives"),
        tests("Wire", "Primitives"),
        tests("Crypto", "Primitives", "Wire"),
        tests("MerkleLog", "Primitives", "Wire", "Crypto"),
        tests("Content", "Primitives", "Wire", "Crypto", "MerkleLog"),
        tests("HyParView", "Primitives"),
        tests("Plumtree", "Primitives"),
        tests("Archive", "Primitives"),
        tests("Reconciliation", "Primitives", "Crypto"),
        tests("Mesh", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Reconciliation"),
        tests("Simulator", "Primitives", "Wire", "Crypto", "MerkleLog", "Mesh"),
        tests("Transport", "Primitives"),
        tests("Store", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Mesh"),
        tests("Feed", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Mesh", "Store"),
        tests("Node", "Primitives", "Wire", "Crypto", "MerkleLog", "Content", "Mesh", "Store"),
        tests(
            "ClientAPI", "Primitives", "Crypto", "MerkleLog", "Content", "Transport", "Store",
            "Feed", "Node"),
    ]
)
