//! Makes docs/errors.md, the codes of the npm package and the exceptions of the Python package from the tables of codes and rules, and holds the files against them.
//!
//! It is a test so that it shares its build with all other tests; `cargo xtask errors` runs it with [`WRITE`] set.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use invreq::bolt12::limits;
use invreq::store::{Conflict, StoreError};
use invreq::{rules, Category, Error, ErrorCode};

const CATEGORIES: &[Category] = &[
    Category::Format,
    Category::Rule,
    Category::Parameter,
    Category::State,
    Category::Delivery,
    Category::Host,
    Category::Internal,
];

const WRITE: &str = "XTASK_WRITE";

#[test]
fn the_page_is_up_to_date() {
    hold_against("docs/errors.md", &page());
}

#[test]
fn the_codes_in_typescript_are_up_to_date() {
    hold_against("npm/src/codes.ts", &typescript());
}

#[test]
fn the_exceptions_in_python_are_up_to_date() {
    hold_against("bindings-uniffi/python/invreq/errors.py", &python());
}

fn hold_against(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if env::var_os(WRITE).is_some() {
        assert!(fs::write(&file, text).is_ok(), "{path} cannot be written");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == text,
        "{path} is not up to date: run `cargo xtask errors`"
    );
}

#[test]
fn every_code_stands_in_one_category_and_beside_its_number() {
    for code in ErrorCode::ALL {
        let row = format!("\n| `{code}` | {} |", code.info().rpc_code);
        assert_eq!(page().matches(&row).count(), 1, "{code}");
        assert_eq!(numbers().matches(&format!("`{code}`")).count(), 1, "{code}");
    }
}

#[test]
fn every_rule_is_listed() {
    for rule in rules::ALL {
        assert_eq!(
            sections().matches(&format!("`{}`", rule.id)).count(),
            1,
            "{}",
            rule.id
        );
    }
}

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    for category in CATEGORIES {
        page.push_str(&codes(*category));
    }
    page.push_str(&numbers());
    page.push_str(&sections());
    page.push_str(&limits());
    page.push_str(&stores());
    page
}

fn limits() -> String {
    let mut text = String::from(
        "\n## Limits\n\nBOLT 12 sets none. What is beyond these is refused with `string_too_long`, `limit_exceeded` or \
         `amount_out_of_range`.\n\n| of | at most |\n| --- | --- |\n",
    );
    for (what, limit) in [
        ("a text", format!("{} bytes", limits::MAX_STRING)),
        ("a message", format!("{} bytes", limits::MAX_BYTES)),
        ("the TLV records of a message", limits::MAX_RECORDS.to_string()),
        ("the blinded paths in one record", limits::MAX_PATHS.to_string()),
        (
            "an amount",
            format!("{} msat, 21 million bitcoin", limits::MAX_MSAT),
        ),
        (
            "a foreign text as it is shown, which is cut and not refused",
            format!("{} characters", limits::MAX_SHOWN_CHARS),
        ),
    ] {
        text.push_str(&format!("| {what} | {limit} |\n"));
    }
    text
}

/// The list is complete: see the test.
fn store_errors() -> Vec<(&'static str, StoreError, &'static str)> {
    let why = String::new;
    vec![
        (
            "conflict",
            StoreError::Conflict(Conflict::Revision),
            "a condition of the batch does not hold; nothing was written",
        ),
        (
            "full",
            StoreError::Full(why()),
            "there is no room left; nothing was written",
        ),
        (
            "read_only",
            StoreError::ReadOnly(why()),
            "it can be read but not written",
        ),
        (
            "failed",
            StoreError::Failed(why()),
            "it could not read or write; a write may have been done all the same",
        ),
        ("corrupt", StoreError::Corrupt(why()), "what is stored is damaged"),
        (
            "foreign",
            StoreError::Foreign(why()),
            "it belongs to another application, or to another version of this library",
        ),
        (
            "invalid",
            StoreError::Invalid(why()),
            "the caller broke the contract; nothing was written",
        ),
        ("closed", StoreError::Closed, "it was closed before the call"),
    ]
}

fn stores() -> String {
    let mut text = String::from(
        "\n## Stores\n\nA store that is opened, exported, imported or called by itself has an error of its own, with one of these \
         kinds, in the case of each language. Through a payee it becomes the code beside it.\n\n| kind | code | meaning |\n| --- \
         | --- | --- |\n",
    );
    for (kind, error, meaning) in store_errors() {
        text.push_str(&format!(
            "| `{kind}` | `{}` | {meaning} |\n",
            Error::from(error).code()
        ));
    }
    text
}

#[test]
fn every_kind_of_store_error_is_listed() {
    let place = |error: &StoreError| match error {
        StoreError::Conflict(_) => 0,
        StoreError::Full(_) => 1,
        StoreError::ReadOnly(_) => 2,
        StoreError::Failed(_) => 3,
        StoreError::Corrupt(_) => 4,
        StoreError::Foreign(_) => 5,
        StoreError::Invalid(_) => 6,
        StoreError::Closed => 7,
    };
    let places: Vec<usize> = store_errors().iter().map(|(_, error, _)| place(error)).collect();
    assert_eq!(places, [0, 1, 2, 3, 4, 5, 6, 7]);
}

const INTRODUCTION: &str = "\
<!-- Made by `cargo xtask errors` from core/src/error. Do not edit. -->

# Errors

Every error carries a `code`, and it is the same word in every language and every release. Decide by the code; show
the `message` to a person, its wording may improve. *Number* is what Core Lightning answers in the same case. *Retry*
means that the same call may succeed later without any change.
";

fn codes(category: Category) -> String {
    let (title, meaning) = heading(category);
    let mut text = format!(
        "\n## {title}\n\n{meaning}\n\n| code | number | retry | meaning |\n| --- | --- | --- | --- |\n"
    );
    for code in ErrorCode::ALL {
        let info = code.info();
        if info.category == category {
            let retry = if info.retryable { "yes" } else { "no" };
            text.push_str(&format!(
                "| `{}` | {} | {retry} | {} |\n",
                info.name,
                info.rpc_code,
                cell(info.meaning)
            ));
        }
    }
    text
}

fn heading(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::Format => ("Format", "The text or the bytes are not well-formed BOLT 12."),
        Category::Rule => (
            "Rule",
            "The message is well-formed, but a rule forbids what it says.",
        ),
        Category::Parameter => ("Parameter", "A parameter of the call cannot be used."),
        Category::State => ("State", "The record is in a state that does not allow the call."),
        Category::Delivery => (
            "Delivery",
            "The invoice could not be delivered, or the payer did not pay in time.",
        ),
        Category::Host => (
            "Host",
            "The host's source, transport, signer or store did not do its part.",
        ),
        Category::Internal => ("Internal", "A defect of this library: please report it."),
    }
}

fn numbers() -> String {
    let mut by_number: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for code in ErrorCode::ALL {
        let info = code.info();
        by_number
            .entry(info.rpc_code)
            .or_default()
            .push(format!("`{}`", info.name));
    }
    let mut text = String::from("\n## Core Lightning's numbers\n\n| number | codes |\n| --- | --- |\n");
    for (number, names) in by_number {
        text.push_str(&format!("| {number} | {} |\n", names.join(", ")));
    }
    text
}

fn sections() -> String {
    let mut text = String::from(
        "\n## Rules\n\nWhere a message or a call breaks a rule, the error names the `rule` by one of these ids, and the \
         place that states it.\n\n| section | rules |\n| --- | --- |\n",
    );
    let mut by_section: Vec<(&str, Vec<String>)> = Vec::new();
    for rule in rules::ALL {
        let id = format!("`{}`", rule.id);
        match by_section
            .iter_mut()
            .find(|(section, _)| *section == rule.section)
        {
            Some((_, ids)) => ids.push(id),
            None => by_section.push((rule.section, vec![id])),
        }
    }
    for (section, ids) in by_section {
        text.push_str(&format!("| {section} | {} |\n", ids.join(", ")));
    }
    text
}

/// The codes as a type of TypeScript, each with its meaning, and what follows from them as a table.
fn typescript() -> String {
    let (mut union, mut table) = (String::new(), String::new());
    let every = || ErrorCode::ALL.iter().map(|code| code.info());
    let sorted = CATEGORIES
        .iter()
        .flat_map(|category| every().filter(move |info| info.category == *category));
    for info in sorted {
        union.push_str(&format!(
            "\n  /** {}. */\n  | \"{}\"",
            sentence(info.meaning),
            info.name
        ));
        let retry = if info.retryable { ", true" } else { "" };
        table.push_str(&format!("  {}: row({}{retry}),\n", info.name, info.rpc_code));
    }
    TYPESCRIPT.replace("UNION", &union).replace("TABLE\n", &table)
}

const TYPESCRIPT: &str = r#"// Made by `cargo xtask errors` from core/src/error. Do not edit.

/** The stable code of an error: the same word in every language and every release. docs/errors.md has them all in tables. */
export type ErrorCode =UNION;

/** What Core Lightning answers in the same case, and whether the same call may succeed later without any change. */
export interface CodeInfo {
  /** The number Core Lightning uses, or -1 where it has none. */
  readonly rpcCode: number;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;
}

const row = (rpcCode: number, retryable = false): CodeInfo => ({ rpcCode, retryable });

/** Every code. */
export const ERROR_CODES: { readonly [Code in ErrorCode]: CodeInfo } = /* @__PURE__ */ (() => ({
TABLE
}))();
"#;

/// An exception for each code, with its meaning.
fn python() -> String {
    let mut classes = String::new();
    for category in CATEGORIES {
        for code in ErrorCode::ALL {
            let info = code.info();
            if info.category != *category {
                continue;
            }
            let retry = if info.retryable { ", retryable=True" } else { "" };
            classes.push_str(&format!(
                "\n\nclass {code:?}(InvreqError, code=\"{}\", rpc_code={}{retry}):\n    \"\"\"{}.\"\"\"\n",
                info.name,
                info.rpc_code,
                sentence(info.meaning),
            ));
        }
    }
    format!("{PYTHON}{classes}")
}

const PYTHON: &str = r#"# Made by `cargo xtask errors` from core/src/error. Do not edit.
"""Every exception of the library, one for each code. docs/errors.md has them all in tables."""

from ._error import InvreqError
"#;

/// The text with a capital letter at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
