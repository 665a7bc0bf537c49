//! `cargo xtask mutants`.

use crate::{shell, Done};

/// What is changed, what matters most for money first, and the tests that have to notice.
#[rustfmt::skip] // one line for each file
const FILES: &[(&str, &[&str])] = &[
    ("engine/money.rs", ENGINE),
    ("engine/status.rs", ENGINE),
    ("engine/tick.rs", ENGINE),
    ("engine/restore.rs", ENGINE),
    ("engine/mod.rs", ENGINE),
    ("engine/send.rs", ENGINE),
    ("engine/stored.rs", ENGINE),
    ("engine/keys.rs", ENGINE),
    ("engine/wait.rs", ENGINE),
    ("engine/list.rs", ENGINE),
    ("engine/deliver.rs", ENGINE),
    ("engine/delivered.rs", ENGINE),
    ("engine/payer_reply.rs", ENGINE),
    ("engine/plan.rs", ENGINE),
    ("engine/state.rs", ENGINE),
    ("engine/draft.rs", ENGINE),
    ("engine/lines.rs", ENGINE),
    ("engine/flight.rs", ENGINE),
    ("engine/way.rs", ENGINE),
    ("engine/copies.rs", ENGINE),
    ("engine/remote.rs", ENGINE),
    ("engine/codec.rs", ENGINE),
    ("engine/layout.rs", ENGINE),
    ("engine/meta.rs", ENGINE),
    ("engine/config.rs", ENGINE),
    ("engine/preview.rs", ENGINE),
    ("engine/input.rs", ENGINE),
    ("engine/need.rs", ENGINE),
    ("engine/step.rs", ENGINE),
    ("engine/rpc.rs", ENGINE),
    ("answer/payer.rs", ANSWER),
    ("answer/rules.rs", ANSWER),
    ("answer/terms.rs", ANSWER),
    ("answer/build.rs", ANSWER),
    ("bolt12/merkle.rs", CODEC),
    ("bolt12/tlv.rs", CODEC),
    ("bolt12/bigsize.rs", CODEC),
    ("bolt12/string.rs", CODEC),
    ("bolt12/message.rs", CODEC),
    ("bolt12/path.rs", CODEC),
    ("bolt12/value.rs", CODEC_AND_PEER),
    ("bolt12/signature.rs", CODEC),
    ("bolt12/fields.rs", CODEC),
    ("bolt12/invoice.rs", CODEC),
    ("bolt12/invoice_request.rs", CODEC),
    ("bolt12/invoice_error.rs", CODEC),
    ("bolt12/offer.rs", CODEC),
    ("bolt12/any.rs", CODEC),
    ("bolt12/types.rs", CODEC),
    ("bolt12/text.rs", CODEC),
    ("bolt12/points.rs", CODEC),
    ("bolt12/chain.rs", CODEC),
];

const ENGINE: &[&str] = &["--lib", "--test", "engine"];
const ANSWER: &[&str] = &["--lib", "--test", "answer", "--test", "codec"];
const CODEC: &[&str] = &["--lib", "--test", "codec"];
/// With a line of the codec that is there for the peer stream alone, whose tests are slow.
const CODEC_AND_PEER: &[&str] = &["--features", "peer", "--lib", "--test", "codec"];

/// Changes every file, or those that are named, and runs the tests. Mutants that were caught before are not tried again.
pub fn run(args: &[String]) -> Done {
    if let Some(unknown) = args.iter().find(|arg| FILES.iter().all(|(file, _)| file != arg)) {
        let names: Vec<&str> = FILES.iter().map(|(file, _)| *file).collect();
        return Err(format!("`{unknown}` is none of {}", names.join(", ")));
    }
    let mut missed = Vec::new();
    for (file, tests) in FILES
        .iter()
        .filter(|(file, _)| args.is_empty() || args.iter().any(|arg| arg == file))
    {
        let output = shell::target_dir().join("mutants").join(file.replace('/', "-"));
        std::fs::create_dir_all(&output).map_err(|error| format!("{}: {error}", output.display()))?;
        let mut command = shell::cargo(&["mutants", "-p", "invreq", "--iterate", "--no-shuffle"]);
        command
            .arg("-f")
            .arg(format!("core/src/{file}"))
            .arg("-o")
            .arg(&output)
            .arg("--")
            .args(*tests);
        // A short story of the model is enough: there is one for every mutant.
        command.env("INVREQ_MODEL_CASES", "24");
        // That a test fails is enough: nobody reads how little it takes.
        command.env("PROPTEST_MAX_SHRINK_ITERS", "0");
        let name = shell::describe(&command);
        let status = command.status().map_err(|error| format!("{name}: {error}"))?;
        match status.code() {
            Some(0) => {}
            // Some were missed, or took too long.
            Some(2 | 3) => missed.push(*file),
            Some(4) => {
                return Err(format!(
                    "the tests fail before anything is changed: {}",
                    output.display()
                ))
            }
            _ => {
                return Err(format!(
                    "`{name}` failed; it needs `cargo install --locked cargo-mutants`"
                ))
            }
        }
    }
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!("mutants survive in {}", missed.join(", "))),
    }
}
