//! What the engine says and what its store holds, against what the model knows.

use invreq::engine::{DeliveryState, ListInvoices, Outcome, Record, Status};
use invreq::{ErrorCode, PaymentHash, Preimage};

use super::reference::{Entry, Model, Source, AMOUNT, THIRD_EXPIRES};
use super::system::System;
use super::Op;
use crate::common::Host;

impl System {
    /// What the calls ended with, if they did: each once, and with what the model knows.
    pub(super) fn replies(&mut self, model: &Model) {
        for reply in std::mem::take(&mut self.host.replies) {
            // Calls of a process that died, or that failed, are nobody's.
            let Some((op, since_ms)) = self.calls.remove(&reply.call) else {
                continue;
            };
            match reply.result {
                Ok(Outcome::Claim(approval)) => {
                    let entry = model_entry(model, &approval.record);
                    assert!(
                        approval.record.claiming && entry.is_some_and(|entry| entry.status != Status::Paid)
                    );
                    let kept = entry.is_some_and(|entry| entry.source == Source::Kept);
                    assert_eq!(approval.preimage.is_none(), kept);
                    approval
                        .preimage
                        .into_iter()
                        .for_each(|preimage| self.know(approval.record.payment_hash, preimage));
                }
                Ok(Outcome::Record(record)) => self.believe(&op, &record),
                Ok(other) => panic!("{op:?}: {other:?}"),
                Err(error) => match error.code() {
                    ErrorCode::WaitTimeout => {
                        assert!(self.host.now_ms >= since_ms + 90_000, "{op:?}: too early")
                    }
                    ErrorCode::AmountTooLow => {
                        assert!(matches!(op, Op::Receive(_, amount, _) if amount < AMOUNT))
                    }
                    ErrorCode::PayerError | ErrorCode::NoRoute => assert!(matches!(op, Op::Send { .. })),
                    ErrorCode::InvoiceExpired | ErrorCode::NotFound => {}
                    code => panic!("{op:?}: {code:?}"),
                },
            }
        }
    }

    /// What a call that waits for money may say of an invoice.
    fn believe(&self, op: &Op, record: &Record) {
        match op {
            Op::Send { label, .. } | Op::WaitInvoice(label) => {
                assert_eq!(
                    (record.label.as_str(), record.status),
                    (label.to_string().as_str(), Status::Paid),
                    "{op:?}"
                );
            }
            Op::WaitAny(last) => {
                let pay_index = record.payment.as_ref().map(|payment| payment.pay_index);
                assert!(
                    pay_index.is_some_and(|index| index > *last),
                    "{op:?}: {pay_index:?}"
                );
            }
            Op::Receive(..) => assert_eq!(record.status, Status::Paid, "{op:?}"),
            _ => {}
        }
    }

    fn know(&mut self, hash: PaymentHash, preimage: Preimage) {
        assert_eq!(preimage.payment_hash(), hash);
        let before = self.preimages.insert(hash, preimage.clone());
        assert!(before.is_none_or(|before| before == preimage), "another preimage");
    }

    /// The store says what the model says, and so does the engine where it can know.
    pub fn compare(&mut self, model: &mut Model) {
        let mut other = Host::unopened(self.host.config.clone(), self.host.seed, self.host.store.clone());
        other.now_ms = self.host.now_ms;
        other.restore().unwrap();
        let stored = other.list(ListInvoices::default()).unwrap().records;
        self.check(model, &stored);
        let known = self.listed(model);
        self.check(model, &known);
        self.replies(model);
        // What is only in the hands of the host is not in the store.
        for entry in model.entries.values_mut() {
            let record = known
                .iter()
                .find(|record| record.created_index == entry.created_index);
            entry.refused = record.is_some_and(|record| record.delivery.state == DeliveryState::Refused);
        }
    }

    fn check(&mut self, model: &Model, records: &[Record]) {
        let labels: Vec<String> = records.iter().map(|record| record.label.clone()).collect();
        assert_eq!(
            records.len(),
            model.entries.len(),
            "{labels:?} for {:?}",
            model.entries
        );
        for record in records {
            let entry = model_entry(model, record).expect("a record nobody made");
            assert_eq!(record.status, entry.status, "{record:?}");
            assert_eq!(record.claiming, entry.claiming, "{record:?}");
            assert_eq!(record.amount_msat, AMOUNT);
            assert_eq!(
                (record.created_at, record.expires_at),
                (entry.created_at, entry.expires_at)
            );
            assert_eq!(record.created_index, entry.created_index);
            assert_eq!(record.updated_index, entry.updated_index, "{record:?}");
            let paid = record
                .payment
                .as_ref()
                .map(|payment| (payment.pay_index, payment.amount_received_msat));
            assert_eq!(paid, entry.paid);
            if let Some(payment) = &record.payment {
                self.know(record.payment_hash, payment.payment_preimage.clone());
            }
            let identity = (record.bolt12.clone(), record.payment_hash);
            let made = self
                .made
                .entry(record.created_index)
                .or_insert_with(|| identity.clone());
            assert_eq!(*made, identity, "an invoice never changes");
            let attempts = self.attempts.entry(record.created_index).or_default();
            assert!(record.delivery.attempts >= *attempts, "a copy was taken back");
            *attempts = record.delivery.attempts;
        }
    }

    /// In the end everything comes to rest, and all that was ever told is so.
    pub fn end(&mut self, model: &mut Model) {
        self.faults.clear();
        self.restart();
        self.host.now_ms = self.host.now_ms.max(THIRD_EXPIRES * 1000) + 1_000_000;
        self.settle(model);
        self.compare(model);
        assert_eq!(self.host.engine.wake_at(), None);
    }
}

fn model_entry<'a>(model: &'a Model, record: &Record) -> Option<&'a Entry> {
    model.entries.get(&record.label.parse::<u8>().ok()?)
}
