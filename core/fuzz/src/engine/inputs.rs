//! Any input, route or signer, made of the fuzzer's bytes.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use invreq::bolt12::{BlindedPath, Introduction};
use invreq::engine::{
    Answer, Claim, Delivery, Existing, Input, ListIndex, ListInvoices, PaymentReceived, Replies, ReplyPath,
    Route, SendInvoice, SendOutcome, Status,
};
use invreq::onion::{ecdh_with, peel_to_end, reply_path, Peeled};
use invreq::{PaymentHash, Preimage};

use super::requests::invreq;
use super::Scene;
use crate::common::host::Signs;
use crate::common::payer::open;
use crate::common::{error_bytes, node, onion_error, params, secret};
use crate::records::bytes;

const OUTCOMES: [SendOutcome; 4] = [
    SendOutcome::Accepted,
    SendOutcome::NoRoute,
    SendOutcome::Offline,
    SendOutcome::Failed,
];

/// Over a path that ends at our node after one to three hops there.
static FORGED: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    core::array::from_fn(|before| {
        let nodes = vec![node(80); before + 1];
        let path = reply_path(&nodes, node(80), &[0; 32], [1; 32]).unwrap();
        onion_error(&path, 68, &error_bytes("no", None))
    })
});

impl Scene {
    /// Any of the inputs.
    pub fn input(&mut self, from: &mut Unstructured<'_>) -> Result<Input> {
        let call = from.int_in_range(1_000_000..=1_000_005)?;
        Ok(match from.int_in_range(0..=21)? {
            0 => Input::Restore,
            1..=4 => Input::Tick,
            5..=8 => Input::SendInvoice {
                call,
                params: send(from)?,
            },
            9 => Input::Resend {
                call,
                label: label(from)?,
            },
            10 => Input::WaitInvoice {
                call,
                label: label(from)?,
            },
            11 => Input::WaitAnyInvoice {
                call,
                last_pay_index: number(from)?,
                timeout: seconds(from)?,
            },
            12 => Input::ListInvoices {
                call,
                query: self.list(from)?,
            },
            13 => Input::DelInvoice {
                call,
                label: label(from)?,
                status: status(from)?,
            },
            14 => Input::Preview {
                call,
                invreq: invreq(from)?,
            },
            15 | 16 => Input::Claim {
                call,
                claim: Claim {
                    payment_hash: self.hash(from)?,
                    total_msat: number(from)?,
                    first_htlc_at: self.moment(from)?,
                },
            },
            17 => Input::ClaimFailed {
                call,
                payment_hash: self.hash(from)?,
            },
            18 => Input::PaymentReceived {
                call,
                payment: PaymentReceived {
                    payment_hash: self.hash(from)?,
                    amount_msat: number(from)?,
                    paid_at: self.moment(from)?,
                    preimage: match from.ratio(1, 3)? {
                        true => Some(Preimage::new([self.fill(from)?; 32])),
                        false => None,
                    },
                },
            },
            19 => Input::Delivered {
                id: self.copy(from)?,
                outcome: *from.choose(&OUTCOMES)?,
            },
            20 => self.reply(from)?,
            _ => Input::Cancel { call },
        })
    }

    fn hash(&self, from: &mut Unstructured<'_>) -> Result<PaymentHash> {
        let known: Vec<_> = self.seen.values().map(|record| record.payment_hash).collect();
        match known.is_empty() || from.ratio(1, 8)? {
            true => Ok(PaymentHash([from.arbitrary()?; 32])),
            false => Ok(*from.choose(&known)?),
        }
    }

    fn moment(&self, from: &mut Unstructured<'_>) -> Result<u64> {
        match from.ratio(1, 4)? {
            true => from.arbitrary(),
            false => Ok(self.host.now()),
        }
    }

    fn copy(&mut self, from: &mut Unstructured<'_>) -> Result<String> {
        if from.ratio(1, 4)? {
            return Ok(String::from_utf8_lossy(&bytes(from, 12)?).into_owned());
        }
        Ok(match self.host.deliveries.pop_front() {
            Some(delivery) => delivery.id,
            None => format!("{}-{}", from.int_in_range(0..=4)?, from.int_in_range(0..=3)?),
        })
    }

    fn fill(&self, from: &mut Unstructured<'_>) -> Result<u8> {
        match from.arbitrary()? {
            true => Ok(self.fill),
            false => from.arbitrary(),
        }
    }

    /// What a payer answered, or nobody did, with an error that can or cannot be read.
    fn reply(&mut self, from: &mut Unstructured<'_>) -> Result<Input> {
        let error = match from.ratio(1, 4)? {
            true => bytes(from, 60)?,
            false => error_bytes("no", Some((82, b"x"))),
        };
        let copies = self.copies.make_contiguous();
        let copy = match copies.is_empty() || from.ratio(1, 4)? {
            true => None,
            false => Some(from.choose(copies)?),
        };
        if from.arbitrary()? {
            let known = copy.and_then(|copy| copy.reply_path_id);
            return Ok(Input::InvoiceError {
                reply_path_id: known.unwrap_or([from.arbitrary()?; 32]),
                bytes: error,
            });
        }
        let node_id = *from.choose(&[None, Some(node(80)), Some(node(81))])?;
        let bytes = match copy.and_then(genuine_way_back) {
            Some(path) => arriving(&path, *from.choose(&[68, 68, 66])?, &error),
            None if from.arbitrary()? => bytes(from, 200)?,
            // Nobody gave this path out.
            None => from.choose(&*FORGED)?.clone(),
        };
        Ok(Input::OnionMessage { node_id, bytes })
    }

    fn list(&self, from: &mut Unstructured<'_>) -> Result<ListInvoices> {
        Ok(ListInvoices {
            label: match from.ratio(1, 4)? {
                true => Some(label(from)?),
                false => None,
            },
            payment_hash: match from.ratio(1, 4)? {
                true => Some(self.hash(from)?),
                false => None,
            },
            status: *from.choose(&[
                None,
                Some(Status::Unpaid),
                Some(Status::Paid),
                Some(Status::Expired),
            ])?,
            index: *from.choose(&[ListIndex::Created, ListIndex::Updated])?,
            start: number(from)?,
            limit: seconds(from)?,
        })
    }
}

/// The reply path that the payer finds in a copy that goes straight to it, if there is one.
fn genuine_way_back(copy: &Delivery) -> Option<BlindedPath> {
    let straight = copy.path.is_none() && copy.via.is_empty() && copy.node_id == node(66);
    straight.then(|| open(copy, &secret(66)).reply_path)?
}

/// The answer as it arrives where the path ends: the nodes in between have taken off what is theirs.
fn arriving(path: &BlindedPath, number: u64, error: &[u8]) -> Vec<u8> {
    let sent = onion_error(path, number, error);
    if path.introduction != Introduction::NodeId(node(90)) {
        return sent;
    }
    match peel_to_end(&sent, &node(90), ecdh_with(&secret(90))) {
        Ok(Peeled::Forward { message, .. }) => message,
        _ => sent,
    }
}

pub fn route(from: &mut Unstructured<'_>) -> Result<Answer> {
    // Every node on the way costs a point multiplication, so long ways are rare.
    let via = |from: &mut Unstructured<'_>| {
        let most = if from.ratio(1, 32)? { 40 } else { 2 };
        Ok(vec![node(90); from.int_in_range(0..=most)?])
    };
    let reply = match from.int_in_range(0..=5)? {
        0 => ReplyPath::None,
        1 => ReplyPath::Ours { via: via(from)? },
        2 => ReplyPath::Node {
            via: via(from)?,
            node_id: node(80),
        },
        3 => return Ok(Answer::Route(None)),
        4 => return Ok(Answer::Failed("no".to_owned())),
        _ => ReplyPath::Host,
    };
    Ok(Answer::Route(Some(Route {
        via: via(from)?,
        own_node: from.ratio(1, 4)?,
        reply,
        ..Route::default()
    })))
}

pub fn signs(from: &mut Unstructured<'_>) -> Result<Signs> {
    Ok(match from.int_in_range(0..=7)? {
        0 => Signs::Wrong,
        1 => Signs::Refuses,
        _ => Signs::Right(55),
    })
}

fn send(from: &mut Unstructured<'_>) -> Result<SendInvoice> {
    let usual = params(&invreq(from)?, &label(from)?);
    if from.arbitrary()? {
        return Ok(usual);
    }
    Ok(SendInvoice {
        timeout: seconds(from)?,
        expiry: seconds(from)?,
        amount_msat: *from.choose(&[None, Some(50_000), Some(1)])?,
        existing: *from.choose(&[Existing::Error, Existing::Join])?,
        again: from.arbitrary()?,
        invoice_node_id: *from.choose(&[None, None, Some(node(55))])?,
        replies: *from.choose(&[Replies::Wanted, Replies::Unwanted])?,
        ..usual
    })
}

fn label(from: &mut Unstructured<'_>) -> Result<String> {
    match from.ratio(1, 12)? {
        true => Ok(String::from_utf8_lossy(&bytes(from, 300)?).into_owned()),
        false => Ok(from.int_in_range(0..=3u8)?.to_string()),
    }
}

fn status(from: &mut Unstructured<'_>) -> Result<Status> {
    Ok(*from.choose(&[Status::Unpaid, Status::Paid, Status::Expired])?)
}

fn number(from: &mut Unstructured<'_>) -> Result<u64> {
    match from.ratio(1, 6)? {
        true => from.arbitrary(),
        false => Ok(*from.choose(&[0, 1, 50_000, 49_999, 100_000, 100_001, u64::MAX])?),
    }
}

fn seconds(from: &mut Unstructured<'_>) -> Result<Option<u32>> {
    Ok(*from.choose(&[None, Some(1), Some(90), Some(300), Some(0), Some(u32::MAX)])?)
}
