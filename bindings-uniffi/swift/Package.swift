// swift-tools-version: 6.0

import PackageDescription

// `cargo xtask build swift` writes Sources/InvreqFFI, Sources/InvreqCore and lib; `xcframework.sh` makes the framework on a Mac.
#if os(Linux)
    let library: Target = .systemLibrary(name: "InvreqFFI", path: "Sources/InvreqFFI")
    let linking: [LinkerSetting] = [
        .unsafeFlags(["-L\(Context.packageDirectory)/lib"]),
        .linkedLibrary("invreq_uniffi"),
        .linkedLibrary("m"),
    ]
#else
    let library: Target = .binaryTarget(name: "InvreqFFI", path: "InvreqFFI.xcframework")
    let linking: [LinkerSetting] = []
#endif

let package = Package(
    name: "Invreq",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [.library(name: "Invreq", targets: ["Invreq"])],
    targets: [
        library,
        // What uniffi generates: the facade's own business.
        .target(name: "InvreqCore", dependencies: ["InvreqFFI"], linkerSettings: linking),
        .target(name: "Invreq", dependencies: ["InvreqCore"]),
        .testTarget(name: "InvreqTests", dependencies: ["Invreq"], path: "Tests/InvreqTests"),
    ],
    swiftLanguageModes: [.v6]
)
