//! The engine beside a model of a page, while every call of store, source and transport goes wrong now and then.
//!
//! `INVREQ_MODEL_CASES` says how many stories are told; a shrunk failure is kept in `failures.txt` and told again first.

mod compare;
mod reference;
mod system;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use reference::{Model, Source};
use system::System;

/// What goes wrong with a write, or with what is asked before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The read fails.
    Unread,
    /// The source cannot make a payment, or the transport cannot say where a node is.
    Unanswered,
    /// Another writer is faster.
    Conflict,
    /// The store says it failed, and it did.
    Lost,
    /// The store says it failed, and it did not.
    Unsure,
    /// The process dies before the write.
    DiesBefore,
    /// The process dies after it.
    DiesAfter,
}

/// What becomes of a copy that is handed to the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Accepted,
    NoRoute,
    Offline,
    Failed,
    /// Nobody ever says.
    Dropped,
    /// The process dies with the copy in its hands.
    Dies,
}

/// What a wallet does, or what happens to it.
#[derive(Clone, Debug)]
pub enum Op {
    Send {
        label: u8,
        request: u8,
        expiry: u32,
        join: bool,
        again: bool,
        source: Source,
    },
    Resend(u8),
    Claim(u8, u64, bool),
    ClaimFailed(u8),
    /// With or without its preimage, where the host holds it.
    Receive(u8, u64, bool),
    Delete(u8, u8),
    WaitInvoice(u8),
    WaitAny(u64),
    /// The payer answers the copies it got with an error.
    Refuse(u8),
    Wait(u64),
    /// The clock is set back.
    Back(u64),
    Restart,
}

fn fault() -> impl Strategy<Value = Fault> {
    use Fault as F;
    prop_oneof![
        12 => Just(F::None),
        2 => Just(F::Unread),
        2 => Just(F::Unanswered),
        1 => Just(F::Conflict),
        1 => Just(F::Lost),
        1 => Just(F::Unsure),
        1 => Just(F::DiesBefore),
        1 => Just(F::DiesAfter),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    use Sent as S;
    prop_oneof![
        6 => Just(S::Accepted),
        2 => Just(S::NoRoute),
        1 => Just(S::Offline),
        1 => Just(S::Failed),
        1 => Just(S::Dropped),
        1 => Just(S::Dies),
    ]
}

fn amount() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![0, 49_999, 50_000, 50_001, 100_000, 100_001, u64::MAX])
}

fn op() -> impl Strategy<Value = Op> {
    let label = || 0..4u8;
    let source = prop_oneof![3 => Just(Source::Engine), 1 => Just(Source::Given), 1 => Just(Source::Kept)];
    let send = (
        label(),
        0..3u8,
        prop::sample::select(vec![5, 90, 300]),
        any::<bool>(),
        any::<bool>(),
        source,
    );
    let times = vec![1, 250, 1_000, 4_999, 5_000, 6_000, 30_000, 91_000, 301_000];
    prop_oneof![
        6 => send.prop_map(|(label, request, expiry, join, again, source)| Op::Send {
            label, request, expiry, join, again, source,
        }),
        2 => label().prop_map(Op::Resend),
        4 => (label(), amount(), any::<bool>()).prop_map(|(label, amount, late)| Op::Claim(label, amount, late)),
        1 => label().prop_map(Op::ClaimFailed),
        3 => (label(), amount(), any::<bool>()).prop_map(|(label, amount, told)| Op::Receive(label, amount, told)),
        2 => (label(), 0..3u8).prop_map(|(label, status)| Op::Delete(label, status)),
        1 => label().prop_map(Op::WaitInvoice),
        1 => (0..4u64).prop_map(Op::WaitAny),
        2 => label().prop_map(Op::Refuse),
        4 => prop::sample::select(times.clone()).prop_map(Op::Wait),
        1 => prop::sample::select(times).prop_map(Op::Back),
        1 => Just(Op::Restart),
    ]
}

fn cases() -> u32 {
    let asked = std::env::var("INVREQ_MODEL_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        max_shrink_iters: 4_096,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/engine/model/failures.txt"
        )))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_engine_does_what_the_model_says(
        ops in vec(op(), 1..40),
        faults in vec(fault(), 0..60),
        sent in vec(sent(), 0..40),
    ) {
        let mut model = Model::default();
        let mut system = System::new(faults, sent);
        for op in &ops {
            system.act(&mut model, op);
            system.compare(&mut model);
        }
        system.end(&mut model);
    }
}
