//! The Swift package: what is generated into it, and the Swift that builds it.
//!
//! Where there is no `swift`, Debian has one from release 13 on. On an older Debian it is kept in a root of its own, in a cache folder
//! outside of the checkout, and run in there by `chroot`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::system::{install, missing, says};
use super::{native, Output};
use crate::{shell, Done};

/// The release of Debian that has Swift.
const RELEASE: &str = "trixie";
/// What a program in Swift is built with.
const PACKAGES: &str = "swiftlang libc6-dev libstdc++-14-dev gcc binutils libncurses-dev ca-certificates";
/// Says that the root is complete.
const COMPLETE: &str = ".invreq-complete";

/// Mounts vanish with the command: they are in a namespace of its own.
const ENTER: &str = r#"set -e
root=$1; shift
here=$1
mount -t proc proc "$root/proc"
while [ "$1" != -- ]; do
    mkdir -p "$root/$1"
    mount --bind "$1" "$root/$1"
    shift
done
shift
cd "$root"
exec chroot "$root" /usr/bin/env --chdir="$here" HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@""#;

/// Writes the glue and the library into the package, and builds it.
pub fn build(output: &mut dyn Output) -> Result<Swift, String> {
    let library = native::library(output)?;
    let glue = shell::target_dir().join("xtask/swift-glue");
    native::glue(output, &library, "swift", &package().join("uniffi.toml"), &glue)?;
    fill(output, &library, &glue)?;
    let swift = Swift::find(output)?;
    output.run(swift.package("build", &package(), &[]))?;
    Ok(swift)
}

/// The package.
pub fn package() -> PathBuf {
    shell::root().join("bindings-uniffi/swift")
}

fn fill(output: &mut dyn Output, library: &native::Library, glue: &Path) -> Done {
    let sources = package().join("Sources");
    for (from, to) in [
        ("InvreqCore.swift", "InvreqCore/InvreqCore.swift"),
        ("InvreqFFI.h", "InvreqFFI/InvreqFFI.h"),
        ("InvreqFFI.modulemap", "InvreqFFI/module.modulemap"),
    ] {
        copy(&glue.join(from), &sources.join(to))?;
    }
    let archive = package().join("lib/libinvreq_uniffi.a");
    copy(&library.archive, &archive)?;
    if cfg!(target_os = "macos") {
        return Ok(()); // there, `xcframework.sh` makes the library
    }
    output.run(shell::program(
        "strip",
        &["--strip-debug", &archive.display().to_string()],
    ))
}

fn copy(from: &Path, to: &Path) -> Done {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder)
        .and_then(|()| fs::copy(from, to))
        .map(drop)
        .map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}

/// A Swift that can be run.
pub struct Swift {
    /// The root it lies in, where it is not this machine's own.
    root: Option<PathBuf>,
}

impl Swift {
    /// The one of the `PATH`, or Debian's, which is installed now where it is not there yet.
    pub fn find(output: &mut dyn Output) -> Result<Self, String> {
        // There are other programs of that name, such as OpenStack's.
        if says("swift", &["--version"]).is_some_and(|version| version.contains("Swift version")) {
            return Ok(Self { root: None });
        }
        let root = cache()?.join(format!("swift-{RELEASE}"));
        if !root.join(COMPLETE).is_file() {
            bootstrap(output, &root)?;
        }
        Ok(Self { root: Some(root) })
    }

    /// `swift WHAT` for the package in this folder.
    pub fn package(&self, what: &str, folder: &Path, args: &[&str]) -> Command {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let scratch = shell::target_dir().join("xtask/swift").join(name);
        let [folder, scratch] = [folder, &scratch].map(|path| path.display().to_string());
        let place = ["--package-path", &folder, "--scratch-path", &scratch];
        self.run("swift", &[&[what], &place[..], args].concat())
    }

    /// A program of Swift's, in the root of the workspace.
    pub fn run(&self, program: &str, args: &[&str]) -> Command {
        let Some(root) = &self.root else {
            return shell::program(program, args);
        };
        let mut visible = vec![shell::root(), env::temp_dir()];
        if !shell::target_dir().starts_with(shell::root()) {
            visible.push(shell::target_dir());
        }
        let visible = visible.iter().map(|folder| folder.display().to_string());
        let mut command = shell::program("unshare", &["--mount", "--propagation", "private", "sh", "-c"]);
        command.args([ENTER, "sh"]).arg(root).args(visible).arg("--");
        command.arg(program).args(args);
        command
    }
}

/// Where what is large and can be made again is kept.
fn cache() -> Result<PathBuf, String> {
    let folder = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    folder("INVREQ_CACHE")
        .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("invreq")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache/invreq")))
        .ok_or_else(|| "there is no cache folder: set INVREQ_CACHE".to_owned())
}

/// Installs a Debian with Swift into an emptied folder: 3 GB, some minutes.
fn bootstrap(output: &mut dyn Output, root: &Path) -> Done {
    let mount = shell::program("unshare", &["--mount", "true"]);
    shell::stdout(mount).map_err(|_| {
        "there is no swift, and Debian's cannot be kept in a root of its own: that takes root with CAP_SYS_ADMIN (unshare --mount)"
            .to_owned()
    })?;
    if missing("debootstrap") {
        install(
            output,
            &["debootstrap"],
            "there is no swift: Debian's is put into a folder of its own",
        )?;
    }
    if root.exists() {
        // A debootstrap that was ended left it mounted, and what is in there is not to be removed.
        let _ = shell::stdout(shell::program(
            "umount",
            &[&root.join("proc").display().to_string()],
        ));
        fs::remove_dir_all(root).map_err(|error| format!("{}: {error}", root.display()))?;
    }
    fs::create_dir_all(root).map_err(|error| format!("{}: {error}", root.display()))?;
    let folder = root.display().to_string();
    output.say(&format!(
        "no swift: Debian's goes to {folder}, which takes some minutes and 3 GB"
    ));
    output.run(shell::program(
        "debootstrap",
        &["--variant=minbase", RELEASE, &folder],
    ))?;
    settings(root)?;
    let inside = Swift {
        root: Some(root.to_owned()),
    };
    let apt = ["apt-get", "--quiet", "--yes"];
    output.run(inside.run(
        "env",
        &[&["DEBIAN_FRONTEND=noninteractive"], &apt[..], &["update"]].concat(),
    ))?;
    let packages: Vec<&str> = PACKAGES.split(' ').collect();
    let install = [
        &["DEBIAN_FRONTEND=noninteractive"],
        &apt[..],
        &["install", "--no-install-recommends"],
        &packages,
    ];
    output.run(inside.run("env", &install.concat()))?;
    output.run(inside.run("apt-get", &["clean"]))?;
    fs::write(root.join(COMPLETE), "").map_err(|error| format!("{folder}: {error}"))
}

/// Gives apt in there the settings of this machine, such as its proxies; not those that an image of a container makes for itself.
fn settings(root: &Path) -> Done {
    let folder = Path::new("etc/apt/apt.conf.d");
    let Ok(entries) = fs::read_dir(Path::new("/").join(folder)) else {
        return Ok(());
    };
    for from in entries.flatten().map(|entry| entry.path()) {
        let name = from.file_name().unwrap_or_default();
        let to = root.join(folder).join(name);
        if from.is_file() && !to.exists() && !name.to_string_lossy().starts_with("docker-") {
            copy(&from, &to)?;
        }
    }
    Ok(())
}
