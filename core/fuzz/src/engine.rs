use std::collections::BTreeMap;

use arbitrary::{Result, Unstructured};
use futures_lite::future::block_on;
use invreq::engine::{
    Answer, Answers, Claim, Existing, Input, ListIndex, ListInvoices, Need, PaymentReceived, Progress,
    Record, Replies, ReplyPath, Route, SendInvoice, SendOutcome, Status,
};
use invreq::onion::reply_path;
use invreq::store::Store;
use invreq::{ErrorCode, PaymentHash, Preimage};

use crate::common::{error_bytes, node, onion_error, params, secret, Host, PaysWith, Request};
use crate::records::bytes;

/// Gives an engine any inputs at any times, and any answers to its questions: it never panics, and what it writes is
/// consistent, only moves forward, and comes back after a crash.
pub fn engine(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut scene = Scene::new();
    for _ in 0..48 {
        // Too few bytes are no find.
        if input.is_empty() || scene.act(&mut input).is_err() {
            break;
        }
    }
    scene.end();
}

struct Scene {
    host: Host,
    /// What was last seen of each invoice.
    seen: BTreeMap<u64, Record>,
    paid: u64,
}

impl Scene {
    fn new() -> Self {
        let mut host = Host::new();
        for number in [66, 80] {
            host.keys.insert(node(number), secret(number));
        }
        Self {
            host,
            seen: BTreeMap::new(),
            paid: 0,
        }
    }

    fn act(&mut self, from: &mut Unstructured<'_>) -> Result<()> {
        match from.int_in_range(0..=15)? {
            0 => self.host.restart(),
            1 => {
                let sets = [1, 250, 5_000, 90_000, 301_000, 1_000_000_000];
                self.host.now_ms = self.host.now_ms.saturating_add(*from.choose(&sets)?);
            }
            2 => self.host.now_ms = from.arbitrary()?,
            3 => self.host.default_route = route(from)?,
            4 => self.source(from)?,
            _ => {
                let input = self.input(from)?;
                let manner = match from.ratio(1, 6)? {
                    true => from.int_in_range(1..=3)?,
                    false => 0,
                };
                self.give(&input, manner, !from.ratio(1, 8)?);
                if manner == 0 {
                    self.look();
                }
            }
        }
        Ok(())
    }

    fn source(&mut self, from: &mut Unstructured<'_>) -> Result<()> {
        let fill = from.arbitrary()?;
        let source = &mut self.host.source;
        source.with = match from.int_in_range(0..=5)? {
            0 => PaysWith::Given([fill; 32]),
            1 => PaysWith::Kept([fill; 32]),
            2 => PaysWith::Wrong([fill; 32]),
            3 => PaysWith::Fails,
            _ => PaysWith::Engine,
        };
        source.mpp = from.arbitrary()?;
        source.paths_expire_at = match from.ratio(1, 4)? {
            true => Some(from.arbitrary()?),
            false => None,
        };
        Ok(())
    }

    /// Begins until there is a step, and carries it out.
    fn give(&mut self, input: &Input, manner: u8, commits: bool) {
        let host = &mut self.host;
        let (entropy, mut answers) = (host.entropy(), Answers::new());
        for round in 0.. {
            assert!(round < 50, "it never has enough: {input:?}");
            match host.engine.begin(input, host.now_ms, &entropy, &answers) {
                Err(error) => {
                    let ours = matches!(error.code(), ErrorCode::Internal | ErrorCode::SelfCheckFailed);
                    assert!(!ours && !error.message().is_empty(), "{error:?}");
                    return;
                }
                Ok(Progress::Need(needs)) => {
                    assert!(!needs.is_empty());
                    for need in needs {
                        assert_eq!(answers.get(&need), None, "asked twice");
                        let answer = answer(host, &need, manner);
                        answers.insert(need, answer);
                    }
                }
                Ok(Progress::Step(step)) => {
                    // Made-up answers could make a store that is not one, so only honest steps count.
                    if commits && manner == 0 {
                        if let Some(batch) = &step.batch {
                            block_on(host.store.write(batch)).unwrap();
                        }
                        let effects = host.engine.commit(step.id).unwrap();
                        assert_eq!(effects.wake_at, host.engine.wake_at());
                        host.deliveries.extend(effects.deliveries);
                    }
                    return;
                }
            }
        }
    }

    /// What is always true, and what can never happen to an invoice.
    fn look(&mut self) {
        let records = listed(&mut self.host);
        let mut indexes = [Vec::new(), Vec::new()];
        for record in records {
            assert_eq!(record.payment.is_some(), record.status == Status::Paid);
            assert_eq!(record.updated_index.is_some(), record.status != Status::Unpaid);
            indexes[0].extend(record.updated_index);
            if let Some(payment) = &record.payment {
                indexes[1].push(payment.pay_index);
                self.paid = self.paid.max(payment.pay_index);
                assert!(payment.amount_received_msat >= record.amount_msat);
                assert_eq!(payment.payment_preimage.payment_hash(), record.payment_hash);
                assert!(!record.claiming);
            }
            if let Some(before) = self.seen.insert(record.created_index, record.clone()) {
                assert_eq!(before.bolt12, record.bolt12);
                assert_eq!(before.label, record.label);
                assert!(record.delivery.attempts >= before.delivery.attempts);
                match before.status {
                    Status::Paid => assert_eq!(record.payment, before.payment),
                    Status::Expired => assert_ne!(record.status, Status::Unpaid),
                    Status::Unpaid => {}
                }
            }
        }
        for mut list in indexes {
            let len = list.len();
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), len, "an index was used twice");
        }
    }

    /// What was written can be read, says the same, and comes to rest.
    fn end(&mut self) {
        let shown = |host: &mut Host| -> Vec<_> {
            let records = listed(host);
            let shown = records.into_iter().map(|record| {
                (
                    record.label,
                    record.status,
                    record.claiming,
                    record.bolt12,
                    record.payment,
                    record.updated_index,
                )
            });
            shown.collect()
        };
        let before = shown(&mut self.host);
        self.host.restart();
        assert_eq!(shown(&mut self.host), before);
        self.host.now_ms = u64::MAX;
        self.host.settle();
        assert_eq!(self.host.engine.wake_at(), None);
        self.look();
    }

    fn input(&mut self, from: &mut Unstructured<'_>) -> Result<Input> {
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
                query: list(from)?,
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
                        true => Some(Preimage::new([from.arbitrary()?; 32])),
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

    /// At the node of the host, at another, or at our reply key: made-up bytes, and messages that really end there.
    fn reply(&mut self, from: &mut Unstructured<'_>) -> Result<Input> {
        let text = error_bytes("no", Some((82, b"x")));
        if from.arbitrary()? {
            let copies = &self.host.deliveries;
            let known = copies.iter().find_map(|copy| copy.reply_path_id);
            return Ok(Input::InvoiceError {
                reply_path_id: known.unwrap_or([from.arbitrary()?; 32]),
                bytes: if from.arbitrary()? { text } else { bytes(from, 60)? },
            });
        }
        let node_id = *from.choose(&[None, Some(node(80)), Some(node(81))])?;
        let bytes = match from.arbitrary()? {
            true => bytes(from, 200)?,
            false => {
                let path_id = [from.arbitrary()?; 32];
                let nodes = vec![node(80); from.int_in_range(1..=3)?];
                let path = reply_path(&nodes, node(80), &path_id, [1; 32]).unwrap();
                onion_error(&path, *from.choose(&[68, 66])?, &text)
            }
        };
        Ok(Input::OnionMessage { node_id, bytes })
    }
}

/// Where a step was not committed, the store is read again first, as every driver does it.
fn listed(host: &mut Host) -> Vec<Record> {
    let page = match host.list(ListInvoices::default()) {
        Err(error) if error.code() == ErrorCode::StoreConflict => {
            host.restore().unwrap();
            host.list(ListInvoices::default())
        }
        page => page,
    };
    page.unwrap().records
}

const OUTCOMES: [SendOutcome; 4] = [
    SendOutcome::Accepted,
    SendOutcome::NoRoute,
    SendOutcome::Offline,
    SendOutcome::Failed,
];

/// How a host treats a question: 0 right, 1 fails, 2 something else, 3 empty.
fn answer(host: &mut Host, need: &Need, manner: u8) -> Answer {
    match manner {
        1 => Answer::Failed("no".to_owned()),
        2 => Answer::Signature([1; 64]),
        3 => Answer::Entries(Vec::new()),
        _ => host.answer(need),
    }
}

fn route(from: &mut Unstructured<'_>) -> Result<Answer> {
    let via = |from: &mut Unstructured<'_>| Ok(vec![node(90); from.int_in_range(0..=40)?]);
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

fn invreq(from: &mut Unstructured<'_>) -> Result<String> {
    let number = from.int_in_range(0..=3)?;
    Ok(match from.int_in_range(0..=7)? {
        0 => String::from_utf8_lossy(&bytes(from, 40)?).into_owned(),
        1 => Request::number(number).paths_over(&[1, 2]).unsigned().text(),
        2 => Request::number(number).paths_over(&[66, 2]).text(),
        3 => Request::number(number).expires(1_700_000_100).text(),
        _ => Request::number(number).text(),
    })
}

fn label(from: &mut Unstructured<'_>) -> Result<String> {
    match from.ratio(1, 12)? {
        true => Ok(String::from_utf8_lossy(&bytes(from, 300)?).into_owned()),
        false => Ok(from.int_in_range(0..=3u8)?.to_string()),
    }
}

fn list(from: &mut Unstructured<'_>) -> Result<ListInvoices> {
    Ok(ListInvoices {
        label: match from.ratio(1, 4)? {
            true => Some(label(from)?),
            false => None,
        },
        payment_hash: None,
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
