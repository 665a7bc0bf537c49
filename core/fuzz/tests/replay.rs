//! Every file of the committed corpus, and every seed, through its target.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use invreq_fuzz::TARGETS;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn the_committed_corpus() {
    for target in TARGETS {
        let mut count = 0;
        for folder in ["seeds", "corpus"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(folder)
                .join(target.name);
            for file in files(&folder) {
                let data = fs::read(&file).unwrap();
                let run = std::panic::catch_unwind(|| (target.run)(&data));
                assert!(run.is_ok(), "{}", file.display());
                count += 1;
            }
        }
        assert!(count > 0, "no file for {}", target.name);
    }
}
