// swift-tools-version: 6.0

import PackageDescription

// A wallet that uses the package as everybody does: by path.
let package = Package(
    name: "Consumer",
    platforms: [.macOS(.v13)],
    dependencies: [.package(name: "Invreq", path: "..")],
    targets: [
        .target(name: "MyNodeSupport", dependencies: [.product(name: "Invreq", package: "Invreq")]),
        .executableTarget(name: "claim_refund", dependencies: ["MyNodeSupport"]),
        .testTarget(name: "MainJobTests", dependencies: ["MyNodeSupport", "claim_refund"]),
    ],
    swiftLanguageModes: [.v6]
)
