#!/bin/sh
# Makes InvreqFFI.xcframework, which the package links on macOS and iOS. It needs a Mac with Xcode, rustup and its targets.
#
# NOT RUN YET: the project had no Mac. It does what Apple's and Rust's documents say, and nothing has shown that it is right.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/xcframework
export MACOSX_DEPLOYMENT_TARGET=13.0 IPHONEOS_DEPLOYMENT_TARGET=16.0

[ "$(uname)" = Darwin ] || { echo "this needs a Mac" >&2; exit 1; }

# A static library for one target.
library() {
    rustup target add "$1"
    (cd "$root" && cargo build --locked --profile native -p invreq-uniffi --target "$1")
}
# One library for several architectures of one platform.
together() {
    name=$1
    shift
    mkdir -p "$work/$name"
    for arch in "$@"; do
        library "$arch"
        set -- "$@" "$target/$arch/native/libinvreq_uniffi.a"
        shift
    done
    lipo -create -output "$work/$name/libinvreq_uniffi.a" "$@"
}

rm -rf "$work" "$here/InvreqFFI.xcframework"
together macos aarch64-apple-darwin x86_64-apple-darwin
together ios aarch64-apple-ios
together simulator aarch64-apple-ios-sim x86_64-apple-ios

# The glue is read off a shared library; any target's is as good as another's.
(cd "$root" && cargo run --locked -p invreq-uniffi-bindgen -- generate --no-format --language swift \
    --config "$here/uniffi.toml" --out-dir "$work/glue" \
    "$target/aarch64-apple-darwin/native/libinvreq_uniffi.dylib")
mkdir -p "$work/headers/InvreqFFI" "$here/Sources/InvreqCore"
cp "$work/glue/InvreqCore.swift" "$here/Sources/InvreqCore/"
# In a folder of its own: two frameworks with a module map in the same place do not build together.
cp "$work/glue/InvreqFFI.h" "$work/headers/InvreqFFI/"
cp "$work/glue/InvreqFFI.modulemap" "$work/headers/InvreqFFI/module.modulemap"

xcodebuild -create-xcframework -output "$here/InvreqFFI.xcframework" \
    -library "$work/macos/libinvreq_uniffi.a" -headers "$work/headers" \
    -library "$work/ios/libinvreq_uniffi.a" -headers "$work/headers" \
    -library "$work/simulator/libinvreq_uniffi.a" -headers "$work/headers"
echo "InvreqFFI.xcframework lies in $here"
