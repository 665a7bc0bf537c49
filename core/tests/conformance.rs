//! The conformance suite against stores that break the contract in one way each: the suite has to notice.

#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test

mod broken;

use std::collections::BTreeSet;

use broken::{Broken, Fault};
use futures_lite::future::block_on;
use invreq::store::conformance::{run, Report, CHECKS};

#[test]
fn the_model_without_a_fault_conforms() {
    block_on(run(&Broken::new(Fault::None))).unwrap();
}

#[test]
fn every_fault_is_caught_by_the_check_about_it() {
    let mut passed = Vec::new();
    for &(fault, check) in CAUGHT_BY {
        assert!(CHECKS.contains(&check), "there is no check {check}");
        let report = failing(fault);
        if !report.failed().any(|failed| failed == check) {
            passed.push((fault, check, report));
        }
    }
    assert!(passed.is_empty(), "not caught: {passed:?}");
}

#[test]
fn every_check_catches_something() {
    let caught: BTreeSet<_> = CAUGHT_BY.iter().map(|(_, check)| *check).collect();
    let idle: Vec<_> = CHECKS.iter().filter(|check| !caught.contains(*check)).collect();
    assert!(idle.is_empty(), "no fault shows that these are of use: {idle:?}");
}

#[test]
fn a_failure_is_named_with_what_happened() {
    let text = failing(Fault::EndIncluded).to_string();
    let line = text
        .lines()
        .find(|line| line.starts_with("FAILED  range-bounds"))
        .unwrap();
    assert_eq!(
        line,
        "FAILED  range-bounds: the range from b to f with limit 100 holds 2 entries [b = (10 bytes), d = (10 bytes)], \
         but the answer was 3 entries [b = (10 bytes), d = (10 bytes), f = (10 bytes)]"
    );
}

fn failing(fault: Fault) -> Report {
    match block_on(run(&Broken::new(fault))) {
        Ok(_) => panic!("{fault:?} was not noticed"),
        Err(report) => report,
    }
}

/// Each fault with the check that is about it; others may fail as well.
const CAUGHT_BY: &[(Fault, &str)] = &[
    (Fault::NothingIsAnError, "range-of-nothing"),
    (Fault::Descending, "range-order"),
    (Fault::SignedBytes, "range-order"),
    (Fault::ShortKeysFirst, "range-order"),
    (Fault::EndIncluded, "range-bounds"),
    (Fault::StartExcluded, "range-bounds"),
    (Fault::ReversedBoundsFail, "range-bounds"),
    (Fault::NoLimit, "range-limit"),
    (Fault::LimitIsOneMore, "range-limit"),
    (Fault::LimitHasThirtyTwoBits, "range-limit"),
    (Fault::PagesOfFifty, "range-pages"),
    (Fault::KeysAreText, "keys-are-bytes"),
    (Fault::KeysEndAtNul, "keys-are-bytes"),
    (Fault::KeysFoldCase, "keys-are-bytes"),
    (Fault::KeysAreTrimmed, "keys-are-bytes"),
    (Fault::KeysOf255, "keys-of-every-length"),
    (Fault::ValuesOf64KiB, "values-of-every-size"),
    (Fault::EmptyValueIsNothing, "values-of-every-size"),
    (Fault::PageOf2MiB, "values-of-every-size"),
    (Fault::PutKeepsTheOld, "put-replaces"),
    (Fault::NoDeletes, "delete-removes"),
    (Fault::DeleteOfNothingFails, "delete-removes"),
    (Fault::DeleteByPrefix, "delete-removes"),
    (Fault::ReadsLagBehind, "read-your-writes"),
    (Fault::BatchesOf1000, "large-batch"),
    (Fault::NoAbsent, "absent-refuses"),
    (Fault::AbsentByPrefix, "absent-refuses"),
    (Fault::AbsentOnlyOfPuts, "absent-refuses"),
    (Fault::AbsentNamesTheFirst, "absent-names-the-key"),
    (Fault::AbsentAfterPuts, "absent-looks-before-the-write"),
    (Fault::AbsentAfterDeletes, "absent-looks-before-the-write"),
    (Fault::PutsBeforeConditions, "conflict-writes-nothing"),
    (Fault::DeletesBeforeConditions, "conflict-writes-nothing"),
    (Fault::RevisionBeforeAbsent, "conflict-writes-nothing"),
    (Fault::NoCheck, "invalid-writes-nothing"),
    (Fault::BeginsAnywhere, "revision-begins-at-one"),
    (Fault::NoRevision, "revision-is-the-next"),
    (Fault::RepeatsAllowed, "revision-is-the-next"),
    (Fault::GapsAllowed, "revision-is-the-next"),
    (Fault::RevisionIsNotKept, "revision-is-the-next"),
    (Fault::RevisionLittleEndian, "revision-encoding"),
    (Fault::RevisionIsDecimal, "revision-encoding"),
    (Fault::RevisionIsSigned, "revision-encoding"),
    (Fault::RevisionIsFloat, "revision-encoding"),
    (Fault::OddRevisionIsNone, "revision-encoding"),
    (Fault::AbsentComesFirst, "revision-comes-first"),
    (Fault::ConflictIsFailure, "revision-stale-writer"),
    (Fault::NoRevision, "revision-stale-writer"),
    (Fault::OneRevisionForAll, "wallets-apart"),
    (Fault::CheckThenWrite, "race-on-a-revision"),
    (Fault::CheckThenWrite, "race-on-an-absent-key"),
    (Fault::HandlesDoNotShare, "race-of-handles"),
    (Fault::PutsOneByOne, "race-of-reads-and-writes"),
    (Fault::PutsOneByOne, "dropped-write"),
    (Fault::StuckAfterDrop, "dropped-write"),
    (Fault::Forgets, "survives-closing"),
    (Fault::ForgetsDeletes, "survives-closing"),
    (Fault::SavesOnClose, "survives-dropping"),
    (Fault::ServesAfterClose, "closed-refuses"),
    (Fault::ClosesOnce, "closed-refuses"),
    (Fault::CloseCutsOff, "close-waits"),
    (Fault::CloseDoesNotWait, "close-waits"),
    (Fault::CloseIsForAll, "close-is-for-one-handle"),
];
