//! The process dies after any write and after any send, and in the end everything is as if it had not.

use std::collections::{BTreeMap, BTreeSet};

use invreq::engine::{
    DeliveryState, Existing, Input, ListInvoices, Outcome, PathOutcome, Record, SendInvoice, SendOutcome,
    Status,
};
use invreq::{Error, PaymentHash, Result};
use proptest::prelude::*;

use crate::common::host::DEAD;
use crate::common::{error_bytes, params, Host, Request};

#[derive(Clone, Debug)]
enum Op {
    Send(u8, SendOutcome),
    Resend(u8),
    Claim(u8),
    ClaimFailed(u8),
    Receive(u8),
    Delete(u8, Status),
    /// The payer answers so many of its copies, the oldest first.
    Refuse(u8, usize),
    Wait(u32),
}

fn op() -> impl Strategy<Value = Op> {
    let which = 0..4u8;
    let outcome = prop_oneof![
        4 => Just(SendOutcome::Accepted),
        1 => Just(SendOutcome::NoRoute),
        1 => Just(SendOutcome::Failed),
        1 => Just(SendOutcome::Offline),
    ];
    let status = prop_oneof![Just(Status::Unpaid), Just(Status::Paid), Just(Status::Expired)];
    prop_oneof![
        5 => (which.clone(), outcome).prop_map(|(n, outcome)| Op::Send(n, outcome)),
        1 => which.clone().prop_map(Op::Resend),
        2 => which.clone().prop_map(Op::Claim),
        1 => which.clone().prop_map(Op::ClaimFailed),
        2 => which.clone().prop_map(Op::Receive),
        1 => (which.clone(), status).prop_map(|(n, status)| Op::Delete(n, status)),
        2 => (which, 1..6usize).prop_map(|(n, copies)| Op::Refuse(n, copies)),
        2 => prop_oneof![Just(1u32), Just(100), Just(301), Just(700)].prop_map(Op::Wait),
    ]
}

/// How long a plan over three paths takes, a pause at every step included, in seconds.
const PLAN_S: u32 = 38;

fn died(error: &Error) -> bool {
    error.message() == DEAD
}

/// A host that does one thing after the other, and does again what the end of the process broke off.
struct Life {
    host: Host,
    /// What becomes of the copies of each invoice.
    outcomes: BTreeMap<String, SendOutcome>,
    /// The copies of each invoice that reached its payer, and so can be answered.
    tokens: BTreeMap<PaymentHash, BTreeMap<String, [u8; 32]>>,
    /// The copies for which the host was offline once.
    offline: BTreeSet<(PaymentHash, String)>,
    paid_events: u32,
    resent: bool,
    until: u64,
}

impl Life {
    fn new() -> Self {
        Self {
            host: Host::new(),
            outcomes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            offline: BTreeSet::new(),
            paid_events: 0,
            resent: false,
            until: 0,
        }
    }

    fn live(&mut self, ops: &[Op]) {
        for (number, op) in ops.iter().enumerate() {
            // After a restart nobody remembers a pause, so each thing begins when every plan has come to its end.
            for op in [op, &Op::Wait(PLAN_S)] {
                self.finish(number as u64, op);
            }
            self.check();
        }
    }

    fn finish(&mut self, number: u64, op: &Op) {
        self.until = match op {
            Op::Wait(seconds) => (self.host.now_ms / 1000 + u64::from(*seconds)) * 1000,
            _ => 0,
        };
        loop {
            // Each try has its own entropy, which does not depend on how many there were before.
            self.host.dice = number * 1000;
            match self.act(op).and_then(|()| self.pump()) {
                Err(error) if died(&error) => {
                    self.host.crash();
                    self.host.restore().unwrap();
                }
                _ => break,
            }
        }
    }

    fn act(&mut self, op: &Op) -> Result<()> {
        let host = &mut self.host;
        match op {
            Op::Send(n, outcome) => {
                self.outcomes.entry(n.to_string()).or_insert(*outcome);
                let text = Request::number(u32::from(*n)).paths_over(&[10, 11, 12]).text();
                let params = SendInvoice {
                    existing: Existing::Join,
                    ..params(&text, &n.to_string())
                };
                let call = host.call();
                host.give(&Input::SendInvoice {
                    call,
                    params: SendInvoice {
                        expiry: Some(300),
                        ..params
                    },
                })
            }
            Op::Resend(n) => {
                self.resent = true;
                let (call, label) = (host.call(), n.to_string());
                host.give(&Input::Resend { call, label })
            }
            Op::Claim(n) => {
                let Some(record) = find(host, *n) else {
                    return Ok(());
                };
                let approval = host.claim(record.payment_hash, 50_000)?;
                // Whoever reads the store now knows of the claim.
                assert!(approval.preimage.is_some());
                let mut other = Host::unopened(host.config.clone(), host.seed, host.store.clone());
                other.now_ms = host.now_ms;
                other.restore().unwrap();
                assert!(other.get(&n.to_string()).claiming);
                Ok(())
            }
            Op::Receive(n) => match find(host, *n) {
                Some(record) => host.receive(record.payment_hash, 50_000).map(|_| ()),
                None => Ok(()),
            },
            Op::Delete(n, status) => host.delete(&n.to_string(), *status).map(|_| ()),
            Op::ClaimFailed(n) => match find(host, *n) {
                Some(record) => {
                    let (call, payment_hash) = (host.call(), record.payment_hash);
                    host.give(&Input::ClaimFailed { call, payment_hash })
                }
                None => Ok(()),
            },
            Op::Refuse(n, copies) => {
                let hash = find(host, *n).map(|record| record.payment_hash);
                let tokens = hash.and_then(|hash| self.tokens.get(&hash));
                for token in tokens.into_iter().flat_map(BTreeMap::values).take(*copies) {
                    host.give(&Input::InvoiceError {
                        reply_path_id: *token,
                        bytes: error_bytes("no", None),
                    })?;
                }
                Ok(())
            }
            Op::Wait(_) => {
                let end = self.until;
                loop {
                    let due = self.host.engine.wake_at().filter(|at| *at <= end);
                    let Some(at) = due else { break };
                    self.host.now_ms = self.host.now_ms.max(at);
                    self.pump()?;
                }
                self.host.now_ms = end;
                Ok(())
            }
        }
    }

    /// Everything that is due, and every copy.
    fn pump(&mut self) -> Result<()> {
        loop {
            while let Some(copy) = self.host.deliveries.pop_front() {
                // One copy fails, each waits for the network once, and where there is no route there is none.
                let name = (copy.payment_hash, copy.id.clone());
                let outcome = match self.outcomes[&copy.label] {
                    SendOutcome::Failed if !copy.id.ends_with("-0") => SendOutcome::Accepted,
                    SendOutcome::Offline if !self.offline.insert(name) => SendOutcome::Accepted,
                    outcome => outcome,
                };
                if outcome == SendOutcome::Accepted {
                    let tokens = self.tokens.entry(copy.payment_hash).or_default();
                    let before = tokens.insert(copy.id.clone(), copy.reply_path_id.unwrap());
                    assert!(before.is_none_or(|token| Some(token) == copy.reply_path_id));
                }
                self.host.may_die()?; // it has left, and nobody knows
                self.host.give(&Input::Delivered { id: copy.id, outcome })?;
            }
            if self.host.engine.wake_at().is_none_or(|at| at > self.host.now_ms) {
                return Ok(());
            }
            self.host.give(&Input::Tick)?;
        }
    }

    fn records(&mut self) -> Vec<Record> {
        let dies_at = self.host.dies_at.take();
        let records = self.host.list(ListInvoices::default()).unwrap().records;
        self.host.dies_at = dies_at;
        records
    }

    /// What is always true.
    fn check(&mut self) {
        let events = self.host.event_names();
        self.paid_events += events.iter().filter(|name| **name == "paid").count() as u32;
        let records = self.records();
        let mut seen = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
        for record in &records {
            assert!(seen[0].insert(record.created_index));
            assert!(record.updated_index.is_none_or(|index| seen[1].insert(index)));
            assert_eq!(record.payment.is_some(), record.status == Status::Paid);
            assert_eq!(record.updated_index.is_some(), record.status != Status::Unpaid);
            if let Some(payment) = &record.payment {
                assert!(seen[2].insert(payment.pay_index));
                assert!(payment.amount_received_msat >= record.amount_msat);
                assert_eq!(payment.payment_preimage.payment_hash(), record.payment_hash);
                assert!(!record.claiming);
            }
        }
    }

    /// What has to be the same, however often the process died.
    fn end(&mut self) -> Vec<Shown> {
        // Whoever asks for a resend again, not knowing that it was written, gets one more.
        let counted = u32::from(!self.resent);
        let shown = |record: Record| {
            let pay_index = record.payment.map(|payment| payment.pay_index);
            let paths = record.delivery.paths.iter();
            let paths = paths.map(|path| (path.outcome, counted * path.attempts));
            let indexes = [Some(record.created_index), record.updated_index, pay_index];
            (
                record.label,
                record.status,
                record.claiming,
                record.payment_hash,
                record.bolt12,
                indexes,
                (
                    record.delivery.state,
                    counted * record.delivery.attempts,
                    paths.collect(),
                ),
            )
        };
        self.records().into_iter().map(shown).collect()
    }
}

type Shown = (
    String,
    Status,
    bool,
    PaymentHash,
    String,
    [Option<u64>; 3],
    (DeliveryState, u32, Vec<(PathOutcome, u32)>),
);

/// When a resend was is written nowhere: after a restart its further copies may leave sooner, and so over a path for which
/// there would have been no time before the invoice expired.
fn forgive(shown: &mut [Shown], expected: &[Shown]) {
    for (shown, expected) in shown.iter_mut().zip(expected) {
        for (path, expected) in shown.6 .2.iter_mut().zip(&expected.6 .2) {
            if expected.0 == PathOutcome::Untried && path.0 == PathOutcome::Accepted {
                path.0 = PathOutcome::Untried;
            }
        }
    }
}

fn find(host: &mut Host, n: u8) -> Option<Record> {
    let query = ListInvoices {
        label: Some(n.to_string()),
        ..ListInvoices::default()
    };
    let call = host.call();
    host.give(&Input::ListInvoices { call, query }).unwrap();
    match host.reply(call).unwrap().unwrap() {
        Outcome::Page(page) => page.records.into_iter().next(),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dying_anywhere_changes_nothing(ops in proptest::collection::vec(op(), 4..14)) {
        let mut calm = Life::new();
        calm.live(&ops);
        let (expected, points) = (calm.end(), calm.host.points);
        for dies_at in 2..=points {
            let mut life = Life::new();
            life.host.dies_at = Some(dies_at);
            life.live(&ops);
            let mut end = life.end();
            if life.resent {
                forgive(&mut end, &expected);
            }
            prop_assert_eq!(&end, &expected, "died at {} of {}", dies_at, points);
            prop_assert!(life.paid_events <= calm.paid_events);
        }
    }

    #[test]
    fn the_same_inputs_make_the_same_bytes(ops in proptest::collection::vec(op(), 1..20)) {
        let (mut one, mut other) = (Life::new(), Life::new());
        for op in &ops {
            one.live(core::slice::from_ref(op));
            other.live(core::slice::from_ref(op));
            prop_assert_eq!(one.host.entries(), other.host.entries());
            prop_assert_eq!(&one.host.replies, &other.host.replies);
            prop_assert_eq!(one.host.engine.wake_at(), other.host.engine.wake_at());
        }
    }
}
