//! Reads one BOLT 12 string per line from the standard input, and writes one JSON object per line:
//! `cargo run -q -p invreq --example decode -- [--network NAME|any] [--now SECONDS]`.
//!
//! Every line gets its object, whatever is in it. Lines are read up to a bound, so that none can fill the memory.

use std::io::{self, BufRead, BufWriter, Write};
use std::process::ExitCode;

use hex_conservative::DisplayHex;
use invreq::bolt12::limits::MAX_STRING;
use invreq::decode::inspect;
use invreq::{DecodeOptions, Error, ErrorCode};
use serde_json::{json, Value};

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\nusage: decode [--network bitcoin|testnet|testnet4|signet|regtest|any] [--now SECONDS]");
            return ExitCode::from(2);
        }
    };
    match run(io::stdin().lock(), BufWriter::new(io::stdout().lock()), &options) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<DecodeOptions, Error> {
    let bad = |message: String| Error::new(ErrorCode::InvalidParameter, message);
    let (mut network, mut now) = ("bitcoin".to_owned(), None);
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, arguments.next()),
        };
        match (name.as_str(), value) {
            ("--network", Some(value)) => network = value,
            ("--now", Some(value)) => {
                now = Some(
                    value
                        .parse()
                        .map_err(|_| bad(format!("'{value}' is no number of seconds")))?,
                );
            }
            (name, _) => return Err(bad(format!("cannot use '{name}'"))),
        }
    }
    Ok(DecodeOptions {
        now,
        ..DecodeOptions::network(&network)?
    })
}

fn run(mut input: impl BufRead, mut output: impl Write, options: &DecodeOptions) -> io::Result<()> {
    let mut line = Vec::new();
    while read_line(&mut input, &mut line)? {
        // Bytes that are not UTF-8 become U+FFFD, which is no bech32 character.
        let object = describe(&String::from_utf8_lossy(&line), options);
        writeln!(output, "{object}")?;
    }
    output.flush()
}

/// Reads the next line without white space before it; of a longer line than can be BOLT 12, only as much as shows that.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    const LONGEST: usize = MAX_STRING * 2;
    line.clear();
    let mut found = false;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(found);
        }
        found = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        for byte in part {
            let space = byte.is_ascii_whitespace();
            if (line.len() < LONGEST && !(space && line.is_empty())) || (line.len() == LONGEST && !space) {
                line.push(*byte);
            }
        }
        let used = part.len().saturating_add(usize::from(end.is_some()));
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

fn describe(text: &str, options: &DecodeOptions) -> Value {
    let found = inspect(text, options);
    let hex = |bytes: Option<[u8; 32]>| bytes.map(|bytes| bytes.to_lower_hex_string());
    let warnings = found.warnings.iter().map(|warning| {
        let field = warning.field.as_ref().map(|field| field.number);
        json!({ "code": warning.code, "field": field, "message": warning.message })
    });
    json!({
        "ok": found.well_formed,
        "type": found.kind,
        "signed": found.signed,
        "merkle_root": hex(found.merkle_root),
        "id": hex(found.id),
        "fields": found.records,
        "answerable": found.answerable,
        "warnings": warnings.collect::<Vec<_>>(),
        "error": found.error.as_ref().map(|error| json!({
            "code": error.code().as_str(),
            "field": error.field().map(|field| field.number),
            "rule": error.rule(),
            "message": error.message(),
        })),
    })
}
