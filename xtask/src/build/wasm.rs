//! The WebAssembly module and the glue around it: `npm/src/wasm`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::toolchain::{Toolchain, TARGET};
use super::{npm, Output};
use crate::{shell, Done};

/// What wasm-opt does to the module: everything for size, but nothing is inlined and locals are not shared out anew. Both make the raw
/// module smaller and the compressed one larger (docs/SIZE.md).
const SHRINK: &[&str] = &[
    "-Oz",
    "--one-caller-inline-max-function-size=0",
    "--always-inline-max-function-size=0",
    "--flexible-inline-max-function-size=0",
    "--skip-pass=local-cse",
    "--skip-pass=simplify-locals",
    "--skip-pass=merge-locals",
    "--skip-pass=memory-packing",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// What is built, and where the glue goes.
pub struct Variant {
    features: &'static str,
    glue: &'static str,
}

/// What is shipped.
pub const SHIPPED: Variant = Variant {
    features: "",
    glue: "npm/src/wasm",
};

/// The same with what `npm run bench` measures against.
pub const BENCH: Variant = Variant {
    features: "bench",
    glue: "npm/bench/wasm",
};

/// Builds the module and its glue, and returns with what.
pub fn build(variant: &Variant, output: &mut dyn Output) -> Result<String, String> {
    let toolchain = Toolchain::find(output)?;
    let root = shell::root();
    output.run(compile(&toolchain, &root, variant.features))?;
    let glue = variant.glue;
    let out = root.join(glue);
    fs::create_dir_all(&out).map_err(|error| format!("{glue}: {error}"))?;
    let mut bindgen = shell::cargo(&["run", "--locked", "--quiet", "-p", "invreq-wasm-bindgen", "--"]);
    bindgen.arg(module(&root)).arg(&out);
    output.run(bindgen)?;
    shrink(&out.join("invreq_bg.wasm"), output)?;
    let size = fs::metadata(out.join("invreq_bg.wasm")).map_err(|error| format!("{glue}: {error}"))?;
    let kib = size.len().div_euclid(1024);
    Ok(format!("{kib} KiB raw, by {}", toolchain.name))
}

/// Lets binaryen have a last look at the module.
fn shrink(module: &Path, output: &mut dyn Output) -> Done {
    npm::install(output)?;
    let mut wasm_opt = npm::tool("wasm-opt");
    wasm_opt.args(SHRINK).arg(module).arg("--output").arg(module);
    output.run(wasm_opt)
}

/// Builds the module of a copy of the workspace, and returns where it lies.
pub fn module_of(copy: &Path, output: &mut dyn Output) -> Result<PathBuf, String> {
    let toolchain = Toolchain::find(output)?;
    output.run(compile(&toolchain, copy, SHIPPED.features))?;
    Ok(module(copy))
}

/// Where the module of the workspace, or of a copy of it, lies.
pub fn module(root: &Path) -> PathBuf {
    folder(root).join(TARGET).join("web/invreq_wasm.wasm")
}

/// A folder of its own: another compiler, or other flags, would have cargo build everything else anew.
fn folder(root: &Path) -> PathBuf {
    let target = if root == shell::root() {
        shell::target_dir()
    } else {
        root.join("target")
    };
    target.join("web")
}

fn compile(toolchain: &Toolchain, root: &Path, features: &str) -> Command {
    let package = ["build", "--locked", "-p", "invreq-wasm", "--features", features];
    let mut args = [&package[..], &["--profile", "web", "--target", TARGET]].concat();
    let mut flags = Flags::default();
    // Node 20 compiles the way out of a function with several results when the module is made, and takes 7 ms for all of them.
    flags.add("-Ctarget-feature=-multivalue");
    flags.rename(root, "/invreq");
    flags.rename(&cargo_home(), "/cargo");
    if let Some(sources) = &toolchain.sources {
        // The standard library, built for size; a panic stops at once and carries no text.
        args.extend([
            "-Zbuild-std=std,panic_abort",
            "-Zbuild-std-features=optimize_for_size",
        ]);
        for flag in [
            "-Zunstable-options",
            "-Cpanic=immediate-abort",
            "-Zlocation-detail=none",
            "-Zfmt-debug=none",
        ] {
            flags.add(flag);
        }
        flags.rename(sources, "/rust");
    }
    let mut command = toolchain.cargo(&args);
    command
        .current_dir(root)
        .env("CARGO_TARGET_DIR", folder(root))
        .env("CARGO_ENCODED_RUSTFLAGS", flags.0)
        .env("CFLAGS_wasm32_unknown_unknown", c_flags(root));
    if toolchain.sources.is_some() {
        command.env("RUSTC_BOOTSTRAP", "1");
    }
    command
}

/// Flags for rustc, as cargo takes them from its environment.
#[derive(Default)]
struct Flags(OsString);

impl Flags {
    fn add(&mut self, flag: impl Into<OsString>) {
        if !self.0.is_empty() {
            self.0.push("\u{1f}");
        }
        self.0.push(flag.into());
    }

    /// Calls a folder of this machine by another name, so that the module does not depend on it.
    fn rename(&mut self, folder: &Path, name: &str) {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(folder);
        flag.push("=");
        flag.push(name);
        self.add(flag);
    }
}

/// The curve in the form that suits the web: what and why stands in the header. Nobody else looks whether it has changed, so its hash
/// is a flag, too.
fn c_flags(root: &Path) -> OsString {
    let header = root.join("bindings-wasm/secp256k1/web.h");
    let mut hasher = DefaultHasher::new();
    fs::read(&header).unwrap_or_default().hash(&mut hasher);
    let mut flags = OsString::from("-mno-multivalue -include ");
    flags.push(header);
    flags.push(format!(" -DINVREQ_WEB_H={}", hasher.finish()));
    flags
}

fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
    env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}
