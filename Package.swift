// swift-tools-version: 6.3
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// For modules that must be provably free of unsafe code.
let pure = settings + [.strictMemorySafety()]

let systemLibraries: [Target] = [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
]

// From the ground up: a module imports only those above it in this list.
let modules: [Target] = [
    .target(name: "CEmbeddedFiles", cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "CProcess", cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "CSQLiteSetup", dependencies: ["CSQLite"], cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "Identities", swiftSettings: pure),
    .target(name: "Budgets", dependencies: ["Identities"], swiftSettings: pure),
    .target(name: "Threads", dependencies: ["CLinux"], swiftSettings: settings),
    .target(name: "Coding", dependencies: ["CZlib"], swiftSettings: settings),
    .target(name: "Files", swiftSettings: settings),
    .target(name: "Hashing", swiftSettings: settings),
    .target(name: "JSON", swiftSettings: settings),
    .target(name: "GraphQL", dependencies: ["JSON"], swiftSettings: pure),
    .target(name: "HTTPWire", dependencies: ["Coding", "Files"], swiftSettings: settings),
    .target(name: "COpenSSL", cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "TLS", dependencies: ["COpenSSL", "Files", "HTTPWire"], swiftSettings: settings),
    .target(
        name: "HTTPClient",
        dependencies: ["CLinux", "Coding", "Files", "HTTPWire", "TLS"],
        swiftSettings: settings
    ),
    .target(
        name: "OpenID",
        dependencies: ["Coding", "HTTPClient", "HTTPWire", "Hashing", "JSON", "TLS", "Threads"],
        swiftSettings: settings
    ),
    .target(
        name: "MLflowClient",
        dependencies: ["Coding", "Files", "HTTPClient", "HTTPWire", "Hashing", "JSON", "TLS", "Threads"],
        swiftSettings: settings
    ),
    .target(
        name: "S3",
        dependencies: ["Coding", "HTTPClient", "HTTPWire", "Hashing", "JSON", "TLS"],
        swiftSettings: settings
    ),
    .target(name: "Passwords", dependencies: ["COpenSSL", "Coding", "Hashing"], swiftSettings: settings),
    .target(
        name: "HTTPServer",
        dependencies: ["Budgets", "CLinux", "Coding", "Files", "HTTPWire", "Identities", "TLS", "Threads"],
        swiftSettings: settings
    ),
    .target(name: "SQLite", dependencies: ["Budgets", "CSQLite", "CSQLiteSetup", "Threads"], swiftSettings: settings),
    .target(name: "CPostgreSQL", cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "PostgreSQL", dependencies: ["CPostgreSQL", "Threads"], swiftSettings: settings),
    .target(name: "Filter", swiftSettings: pure),
    .target(
        name: "Tracking",
        dependencies: ["Budgets", "Coding", "Filter", "Identities", "Threads"],
        swiftSettings: pure
    ),
    .target(
        name: "TrackingStore",
        dependencies: ["Budgets", "Coding", "Files", "Filter", "Identities", "SQLite", "Tracking"],
        swiftSettings: settings
    ),
    .target(
        name: "PostgresStore",
        dependencies: ["Budgets", "Coding", "Filter", "Identities", "JSON", "PostgreSQL", "Threads", "Tracking"],
        swiftSettings: settings
    ),
    .target(
        name: "Transfer",
        dependencies: ["Coding", "Files", "Hashing", "JSON", "PostgreSQL", "SQLite", "Tracking"],
        swiftSettings: settings
    ),
    .target(
        name: "ArtifactStore",
        dependencies: ["Budgets", "CLinux", "Coding", "Files", "Hashing"],
        swiftSettings: settings
    ),
    .target(
        name: "BucketStore",
        dependencies: ["ArtifactStore", "Budgets", "HTTPWire", "S3"],
        swiftSettings: settings
    ),
    .target(
        name: "Forwarding",
        dependencies: [
            "ArtifactStore", "Budgets", "Coding", "Files", "HTTPWire", "Hashing", "JSON", "Tracking", "TrackingStore",
            "Transfer",
        ],
        swiftSettings: settings
    ),
    .target(
        name: "MLflowAPI",
        dependencies: [
            "ArtifactStore", "Budgets", "Coding", "Files", "Filter", "Forwarding", "GraphQL", "HTTPServer", "HTTPWire",
            "Hashing", "Identities", "JSON", "Passwords", "Threads", "Tracking", "TrackingStore", "Transfer",
        ],
        swiftSettings: settings
    ),
    .executableTarget(
        name: "apus",
        dependencies: [
            "ArtifactStore", "BucketStore", "Budgets", "CEmbeddedFiles", "CLinux", "CProcess", "Coding", "Files",
            "Forwarding", "HTTPClient", "HTTPServer", "HTTPWire", "Hashing", "Identities", "JSON", "MLflowAPI",
            "MLflowClient",
            "OpenID", "Passwords", "PostgreSQL", "PostgresStore", "S3", "SQLite", "TLS", "Tracking", "Threads",
            "TrackingStore", "Transfer",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: settings
    ),
]

let examples: [Target] = [
    .executableTarget(
        name: "tiny-training",
        dependencies: ["MLflowClient"],
        path: "Examples/TinyTraining",
        swiftSettings: settings
    )
]

let tests: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: ["Budgets", "SQLite", "Tracking", "TrackingStore"],
        path: "Tests/TestSupport",
        swiftSettings: settings
    ),
    .testTarget(name: "BudgetsTests", dependencies: ["Budgets", "Identities"], swiftSettings: settings),
    .testTarget(name: "IdentitiesTests", dependencies: ["Identities"], swiftSettings: settings),
    .testTarget(name: "ThreadsTests", dependencies: ["CLinux", "Threads"], swiftSettings: settings),
    .testTarget(name: "CodingTests", dependencies: ["Coding"], swiftSettings: settings),
    .testTarget(name: "FilesTests", dependencies: ["Files"], swiftSettings: settings),
    .testTarget(name: "HashingTests", dependencies: ["Coding", "Hashing"], swiftSettings: settings),
    .testTarget(name: "GraphQLTests", dependencies: ["GraphQL", "JSON"], swiftSettings: settings),
    .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
    .testTarget(
        name: "HTTPTests",
        dependencies: ["Budgets", "CZlib", "Files", "HTTPClient", "HTTPServer", "HTTPWire", "TLS"],
        swiftSettings: settings
    ),
    .testTarget(
        name: "OpenIDTests",
        dependencies: ["Coding", "HTTPClient", "Hashing", "OpenID"],
        swiftSettings: settings
    ),
    .testTarget(
        name: "S3Tests",
        dependencies: ["Coding", "HTTPClient", "HTTPServer", "HTTPWire", "Hashing", "S3", "TLS"],
        swiftSettings: settings
    ),
    .testTarget(name: "SQLiteTests", dependencies: ["Budgets", "SQLite"], swiftSettings: settings),
    .testTarget(name: "PostgreSQLTests", dependencies: ["PostgreSQL", "TestSupport"], swiftSettings: settings),
    .testTarget(name: "TrackingTests", dependencies: ["Tracking"], swiftSettings: settings),
    .testTarget(name: "FilterTests", dependencies: ["Filter"], swiftSettings: settings),
    .testTarget(
        name: "TrackingStoreTests",
        dependencies: ["Budgets", "Filter", "Identities", "SQLite", "TestSupport", "Tracking", "TrackingStore"],
        swiftSettings: settings
    ),
    .testTarget(
        name: "PostgresStoreTests",
        dependencies: [
            "Budgets", "Coding", "Filter", "Identities", "PostgreSQL", "PostgresStore", "TestSupport", "Tracking",
            "TrackingStore", "Transfer",
        ],
        swiftSettings: settings
    ),
    .testTarget(
        name: "TransferTests",
        dependencies: [
            "Coding", "Files", "JSON", "PostgreSQL", "SQLite", "TestSupport", "Tracking", "TrackingStore", "Transfer",
        ],
        swiftSettings: settings
    ),
    .testTarget(
        name: "ForwardingTests",
        dependencies: [
            "ArtifactStore", "Files", "Forwarding", "HTTPWire", "JSON", "TestSupport", "Tracking", "TrackingStore",
        ],
        swiftSettings: settings
    ),
    .testTarget(
        name: "ArtifactStoreTests",
        dependencies: ["ArtifactStore", "Budgets", "CZlib", "Files", "Hashing"],
        swiftSettings: settings
    ),
    .testTarget(
        name: "MLflowClientTests",
        dependencies: ["apus", "Files", "HTTPClient", "JSON", "MLflowClient", "TestSupport"],
        swiftSettings: settings
    ),
    .testTarget(
        name: "MLflowAPITests",
        dependencies: [
            "ArtifactStore", "Budgets", "Coding", "Files", "HTTPServer", "HTTPWire", "Hashing", "Identities", "JSON",
            "MLflowAPI", "Passwords", "SQLite", "TestSupport", "Tracking", "TrackingStore",
        ],
        swiftSettings: settings
    ),
    .testTarget(
        name: "ApusTests",
        dependencies: [
            "apus", "MLflowAPI", "SQLite", "TLS", "TestSupport", "Tracking",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: settings
    ),
]

// libFuzzer brings its own main: these are linked and run by `make fuzz` alone.
let fuzzers: [Target] =
    Context.environment["APUS_FUZZ"] == nil
    ? []
    : [
        .target(
            name: "HTTPParserFuzz",
            dependencies: ["Budgets", "HTTPServer", "HTTPWire"],
            path: "Tests/Fuzz/HTTPParser",
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .target(
            name: "EventFileFuzz",
            dependencies: ["Coding", "Files", "Tracking", "Transfer"],
            path: "Tests/Fuzz/EventFile",
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .target(
            name: "ArchiveReaderFuzz",
            dependencies: ["Tracking", "Transfer"],
            path: "Tests/Fuzz/ArchiveReader",
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .target(
            name: "GraphQLFuzz",
            dependencies: ["GraphQL", "JSON"],
            path: "Tests/Fuzz/GraphQL",
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .target(
            name: "JSONReaderFuzz",
            dependencies: ["JSON"],
            path: "Tests/Fuzz/JSONReader",
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .target(
            name: "FilterFuzz",
            dependencies: ["Coding", "Filter", "TestSupport", "Tracking", "TrackingStore"],
            path: "Tests/Fuzz/Filter",
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .target(
            name: "CredentialFuzz",
            dependencies: ["Coding", "HTTPServer", "HTTPWire", "MLflowAPI"],
            path: "Tests/Fuzz/Credential",
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .target(
            name: "ArtifactPathFuzz",
            dependencies: ["ArtifactStore", "Coding"],
            path: "Tests/Fuzz/ArtifactPath",
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
    ]

let package = Package(
    name: "apus",
    products: [
        .executable(name: "apus", targets: ["apus"]),
        .library(name: "MLflowClient", targets: ["MLflowClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: systemLibraries + modules + examples + tests + fuzzers,
    cLanguageStandard: .c2x
)
