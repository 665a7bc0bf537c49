//! The main job on real nodes, told as a story; or, with a string, what that string says.

mod cln;
mod explain;
mod qr;
mod say;
mod story;

use std::process::ExitCode;

/// What a part of the demo returns: nothing, or what went wrong.
type Told<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let told = match std::env::args().nth(1) {
        Some(text) => explain::explain(&text),
        None => story::tell().and_then(|()| cln::tell()),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe demo stopped: {error}");
            ExitCode::FAILURE
        }
    }
}
