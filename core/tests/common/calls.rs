//! What a wallet calls, and what its host reports.

use invreq::engine::{
    CallId, Claim, ClaimApproval, Delivery, Input, ListInvoices, Outcome, Page, PaymentReceived, Record,
    SendInvoice, SendOutcome, Status,
};
use invreq::{ErrorCode, PaymentHash, Result};

use super::Host;

impl Host {
    pub fn call(&mut self) -> CallId {
        self.next_call += 1;
        self.next_call
    }

    /// Gives the input and returns its reply, which has to come at once.
    pub fn ask(&mut self, input: impl FnOnce(CallId) -> Input) -> Result<Outcome> {
        let call = self.call();
        self.give(&input(call))?;
        self.reply(call).expect("no reply")
    }

    pub fn record(&mut self, input: impl FnOnce(CallId) -> Input) -> Result<Record> {
        match self.ask(input)? {
            Outcome::Record(record) => Ok(record),
            other => panic!("{other:?}"),
        }
    }

    /// Takes the reply to a call, if it is there.
    pub fn reply(&mut self, call: CallId) -> Option<Result<Outcome>> {
        let place = self.replies.iter().position(|reply| reply.call == call)?;
        let reply = self.replies.remove(place);
        assert!(self.replies.iter().all(|other| other.call != call), "two replies");
        Some(reply.result)
    }

    /// The error a call ended with.
    pub fn error(&mut self, call: CallId) -> (ErrorCode, Option<Record>) {
        let error = self.reply(call).expect("no reply").unwrap_err();
        (error.code(), error.record().cloned())
    }

    /// The record a call ended with.
    pub fn paid(&mut self, call: CallId) -> Record {
        match self.reply(call).expect("no reply").unwrap() {
            Outcome::Record(record) => record,
            other => panic!("{other:?}"),
        }
    }

    /// Starts a `sendinvoice` and hands its copy to the host.
    pub fn send(&mut self, params: SendInvoice) -> Result<CallId> {
        let call = self.call();
        self.give(&Input::SendInvoice { call, params })?;
        self.settle();
        Ok(call)
    }

    pub fn resend(&mut self, label: &str) -> Result<Record> {
        let label = label.to_owned();
        let record = self.record(|call| Input::Resend { call, label })?;
        self.settle();
        Ok(record)
    }

    /// Says this of the oldest copy in hand.
    pub fn delivered(&mut self, outcome: SendOutcome) -> Delivery {
        let delivery = self.next_copy();
        self.say(&delivery.id, outcome);
        delivery
    }

    /// Takes the oldest copy in hand, or the next one in the line of its peer.
    pub fn next_copy(&mut self) -> Delivery {
        if self.deliveries.is_empty() {
            let due = self.engine.wake_at().filter(|at| *at <= self.now_ms + 250);
            let due = due.expect("no copy in hand, and none in line");
            self.wait(due - self.now_ms);
        }
        self.deliveries.pop_front().expect("no copy in hand")
    }

    pub fn say(&mut self, id: &str, outcome: SendOutcome) {
        let id = id.to_owned();
        self.give(&Input::Delivered { id, outcome }).unwrap();
        self.settle();
    }

    pub fn claim(&mut self, payment_hash: PaymentHash, total_msat: u64) -> Result<ClaimApproval> {
        let first_htlc_at = self.now();
        self.claim_begun(payment_hash, total_msat, first_htlc_at)
    }

    pub fn claim_begun(
        &mut self,
        payment_hash: PaymentHash,
        total_msat: u64,
        at: u64,
    ) -> Result<ClaimApproval> {
        let claim = Claim {
            payment_hash,
            total_msat,
            first_htlc_at: at,
        };
        match self.ask(|call| Input::Claim { call, claim })? {
            Outcome::Claim(approval) => Ok(approval),
            other => panic!("{other:?}"),
        }
    }

    pub fn receive(&mut self, payment_hash: PaymentHash, amount_msat: u64) -> Result<Record> {
        let payment = PaymentReceived {
            payment_hash,
            amount_msat,
            paid_at: self.now(),
            preimage: None,
        };
        self.record(|call| Input::PaymentReceived { call, payment })
    }

    pub fn list(&mut self, query: ListInvoices) -> Result<Page> {
        match self.ask(|call| Input::ListInvoices { call, query })? {
            Outcome::Page(page) => Ok(page),
            other => panic!("{other:?}"),
        }
    }

    pub fn get(&mut self, label: &str) -> Record {
        let label = Some(label.to_owned());
        let query = ListInvoices {
            label,
            ..ListInvoices::default()
        };
        self.list(query).unwrap().records.remove(0)
    }

    pub fn delete(&mut self, label: &str, status: Status) -> Result<Record> {
        let label = label.to_owned();
        self.record(|call| Input::DelInvoice { call, label, status })
    }

    pub fn payer_error(&mut self, token: [u8; 32], bytes: Vec<u8>) {
        let reply_path_id = token;
        self.give(&Input::InvoiceError { reply_path_id, bytes }).unwrap();
        self.settle();
    }
}
