//! What there is to know of a wallet's invoices, without a store, a delivery plan or a secret.

use std::collections::BTreeMap;

use invreq::engine::Status;
use invreq::ErrorCode;

use super::Op;

/// What every request asks for.
pub const AMOUNT: u64 = 50_000;

/// Who makes and who keeps the preimage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Engine,
    Given,
    Kept,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub request: u8,
    pub source: Source,
    pub status: Status,
    pub claiming: bool,
    pub created_at: u64,
    pub expires_at: u64,
    pub created_index: u64,
    pub updated_index: Option<u64>,
    /// The pay index and the amount.
    pub paid: Option<(u64, u64)>,
    /// Whether the payer refused it, so far as the engine has to know.
    pub refused: bool,
}

#[derive(Default)]
pub struct Model {
    pub entries: BTreeMap<u8, Entry>,
    pub created: u64,
    pub updated: u64,
    pub pays: u64,
}

/// What an operation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done, and says so.
    Done,
    /// It is taken up, and its reply comes later.
    Waits,
    Refused(ErrorCode),
}

use Verdict::{Done, Refused, Waits};

/// When the third request expires, in Unix seconds.
pub const THIRD_EXPIRES: u64 = crate::common::START + 200;

impl Model {
    /// What this operation comes to now. [`apply`](Self::apply) makes it so.
    pub fn verdict(&self, op: &Op, now: u64) -> Verdict {
        match op {
            Op::Send { .. } => self.send(op, now),
            Op::Resend(label) => self.with(*label, |entry| match entry.status {
                Status::Paid => Refused(ErrorCode::AlreadyPaid),
                Status::Expired => Refused(ErrorCode::InvoiceExpired),
                _ if entry.claiming => Refused(ErrorCode::Claiming),
                _ if now > entry.expires_at => Refused(ErrorCode::InvoiceExpired),
                _ if entry.request == 2 && now > THIRD_EXPIRES => Refused(ErrorCode::RequestExpired),
                _ => Done,
            }),
            Op::Claim(label, amount, late) => self.with(*label, |entry| {
                let begun = if *late {
                    entry.expires_at + 1
                } else {
                    entry.expires_at
                };
                match entry {
                    _ if entry.status == Status::Paid => Refused(ErrorCode::AlreadyPaid),
                    _ if *amount < AMOUNT => Refused(ErrorCode::AmountTooLow),
                    _ if *amount > 2 * AMOUNT => Refused(ErrorCode::AmountTooHigh),
                    _ if !entry.claiming && begun > entry.expires_at => Refused(ErrorCode::ClaimTooLate),
                    _ => Done,
                }
            }),
            Op::ClaimFailed(label) => self.with(*label, |entry| match entry.status {
                Status::Paid => Refused(ErrorCode::AlreadyPaid),
                _ => Done,
            }),
            Op::Receive(label, amount, told) => self.with(*label, |entry| match entry {
                _ if entry.status == Status::Paid => Done,
                _ if *amount < AMOUNT => Refused(ErrorCode::AmountTooLow),
                _ if entry.source == Source::Kept && !told => Refused(ErrorCode::PreimageRequired),
                _ => Done,
            }),
            Op::Delete(label, status) => self.with(*label, |entry| match entry {
                _ if entry.status != STATUSES[usize::from(*status)] => Refused(ErrorCode::StatusMismatch),
                _ if entry.claiming => Refused(ErrorCode::Claiming),
                _ => Done,
            }),
            Op::WaitInvoice(label) => self.with(*label, |entry| match entry.status {
                Status::Paid => Done,
                Status::Expired if !entry.claiming => Refused(ErrorCode::InvoiceExpired),
                _ => Waits,
            }),
            Op::WaitAny(last) => match self
                .entries
                .values()
                .any(|entry| entry.paid.is_some_and(|paid| paid.0 > *last))
            {
                true => Done,
                false => Waits,
            },
            Op::Refuse(_) | Op::Wait(_) | Op::Back(_) | Op::Restart => Done,
        }
    }

    fn send(&self, op: &Op, now: u64) -> Verdict {
        let Op::Send {
            label,
            request,
            expiry,
            join,
            again,
            ..
        } = op
        else {
            return Done;
        };
        if let Some(entry) = self.entries.get(label) {
            let same = entry.request == *request && entry.expires_at == entry.created_at + u64::from(*expiry);
            return match entry.status {
                _ if !join || !same => Refused(ErrorCode::LabelInUse),
                Status::Paid => Done,
                Status::Expired if !entry.claiming => Refused(ErrorCode::InvoiceExpired),
                Status::Unpaid if entry.refused && !entry.claiming => Refused(ErrorCode::PayerError),
                _ => Waits,
            };
        }
        let stands = |entry: &Entry| entry.status != Status::Expired || entry.claiming;
        let taken = self
            .entries
            .values()
            .any(|entry| entry.request == *request && stands(entry));
        match op {
            _ if *request == 2 && now > THIRD_EXPIRES => Refused(ErrorCode::RequestExpired),
            _ if taken && !again => Refused(ErrorCode::AlreadyAnswered),
            _ => Waits,
        }
    }

    fn with(&self, label: u8, verdict: impl FnOnce(&Entry) -> Verdict) -> Verdict {
        self.entries
            .get(&label)
            .map_or(Refused(ErrorCode::NotFound), verdict)
    }

    /// Makes an operation so that was not refused.
    pub fn apply(&mut self, op: &Op, now: u64) {
        match op {
            Op::Send {
                label,
                request,
                expiry,
                source,
                ..
            } if !self.entries.contains_key(label) => {
                self.created += 1;
                let entry = Entry {
                    request: *request,
                    source: *source,
                    status: Status::Unpaid,
                    claiming: false,
                    created_at: now,
                    expires_at: now + u64::from(*expiry),
                    created_index: self.created,
                    updated_index: None,
                    paid: None,
                    refused: false,
                };
                self.entries.insert(*label, entry);
            }
            Op::Resend(label) => self
                .entries
                .get_mut(label)
                .into_iter()
                .for_each(|entry| entry.refused = false),
            Op::Claim(label, ..) => self
                .entries
                .get_mut(label)
                .into_iter()
                .for_each(|entry| entry.claiming = true),
            Op::ClaimFailed(label) => self
                .entries
                .get_mut(label)
                .into_iter()
                .for_each(|entry| entry.claiming = false),
            Op::Receive(label, amount, _) => {
                let Some(entry) = self.entries.get_mut(label).filter(|entry| entry.paid.is_none()) else {
                    return;
                };
                self.pays += 1;
                self.updated += 1;
                entry.status = Status::Paid;
                entry.claiming = false;
                entry.paid = Some((self.pays, *amount));
                entry.updated_index = Some(self.updated);
            }
            Op::Delete(label, _) => drop(self.entries.remove(label)),
            _ => {}
        }
    }

    /// What comes by time alone, in its order.
    pub fn expire(&mut self, now: u64) {
        let mut due: Vec<_> = self
            .entries
            .values_mut()
            .filter(|entry| entry.status == Status::Unpaid && !entry.claiming && now > entry.expires_at)
            .collect();
        due.sort_by_key(|entry| (entry.expires_at, entry.created_index));
        for entry in due {
            self.updated += 1;
            entry.status = Status::Expired;
            entry.updated_index = Some(self.updated);
        }
    }
}

pub const STATUSES: [Status; 3] = [Status::Unpaid, Status::Paid, Status::Expired];
