//! Whatever happens, no peer gets too much, no path gets a copy twice, and every plan comes to its end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bitcoin::secp256k1::PublicKey;
use invreq::engine::{
    Delivery, DeliveryState, Input, ListInvoices, PathOutcome, SendInvoice, SendOutcome, Status,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::common::{error_bytes, params, Host, Request};
use crate::properties::outcome;

/// What happens to one of four invoices with three paths each.
#[derive(Clone, Debug)]
enum Happens {
    Sends(u32),
    Resends(u32),
    Says(SendOutcome),
    Answers,
    Pays(u32),
    Waits(u64),
    Reads,
    Dies,
}

fn happens() -> impl Strategy<Value = Happens> {
    let which = 1..5u32;
    prop_oneof![
        6 => which.clone().prop_map(Happens::Sends),
        1 => which.clone().prop_map(Happens::Resends),
        8 => prop_oneof![3 => Just(SendOutcome::Accepted), 1 => outcome()].prop_map(Happens::Says),
        1 => Just(Happens::Answers),
        1 => which.prop_map(Happens::Pays),
        6 => prop_oneof![Just(100), Just(250), Just(1_000), Just(10_000), Just(60_000)].prop_map(Happens::Waits),
        1 => Just(Happens::Reads),
        1 => Just(Happens::Dies),
    ]
}

/// A host that notes what it is handed.
struct Watched {
    host: Host,
    in_hand: VecDeque<Delivery>,
    /// When which peer was last sent to.
    peers: BTreeMap<PublicKey, u64>,
    /// The copies accepted in the present round of each invoice, by their paths.
    accepted: BTreeMap<String, BTreeSet<PublicKey>>,
    /// What each copy is: the same id is the same bytes, unless it went another way.
    copies: BTreeMap<(String, PublicKey), Vec<u8>>,
    answered: BTreeSet<String>,
}

impl Watched {
    fn take(&mut self) {
        while let Some(copy) = self.host.deliveries.pop_front() {
            let peer = copy.packet.first_hop;
            if let Some(before) = self.peers.insert(peer, self.host.now_ms) {
                assert!(self.host.now_ms >= before + 250, "{} went too early", copy.id);
            }
            let record = self.host.get(&copy.label);
            assert_eq!((record.status, record.claiming), (Status::Unpaid, false));
            assert!(!self.answered.contains(&copy.label), "the payer spoke");
            let accepted = self.accepted.entry(copy.label.clone()).or_default();
            assert!(!accepted.contains(&copy.node_id), "one copy per path and round");
            assert_eq!(record.delivery.state == DeliveryState::Sent, !accepted.is_empty());
            let same = self.copies.entry((copy.id.clone(), copy.node_id));
            let bytes = same.or_insert_with(|| copy.packet.message.clone());
            assert_eq!(*bytes, copy.packet.message);
            self.in_hand.push_back(copy);
        }
    }

    fn goes_on(&mut self, ms: u64) {
        let end = self.host.now_ms + ms;
        loop {
            self.host.settle();
            self.take();
            match self.host.engine.wake_at().filter(|at| *at <= end) {
                Some(at) => self.host.now_ms = self.host.now_ms.max(at),
                None => break,
            }
        }
        self.host.now_ms = end;
    }

    fn happens(&mut self, what: Happens) {
        let host = &mut self.host;
        match what {
            Happens::Sends(n) => {
                let text = Request::number(n).paths_over(&[10 + n as u8, 90, 91]).text();
                let sent = SendInvoice {
                    expiry: Some(10_000),
                    ..params(&text, &n.to_string())
                };
                let _ = host.send(sent);
            }
            // Only where no copy is in hand: that one may go on its way beside those of the new round.
            Happens::Resends(n) => {
                let label = n.to_string();
                if self.in_hand.iter().all(|copy| copy.label != label)
                    && host
                        .record(|call| Input::Resend {
                            call,
                            label: label.clone(),
                        })
                        .is_ok()
                {
                    self.accepted.remove(&label);
                    self.answered.remove(&label);
                }
            }
            Happens::Says(outcome) => {
                let Some(copy) = self.in_hand.pop_front() else {
                    return;
                };
                host.say(&copy.id, outcome);
                if outcome == SendOutcome::Accepted {
                    self.accepted.entry(copy.label).or_default().insert(copy.node_id);
                }
            }
            Happens::Answers => {
                let Some(copy) = self
                    .in_hand
                    .front()
                    .filter(|copy| self.accepted.contains_key(&copy.label))
                else {
                    return;
                };
                let before = host.get(&copy.label);
                let open = before.status == Status::Unpaid && before.delivery.state == DeliveryState::Sent;
                host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
                if open {
                    self.answered.insert(copy.label.clone());
                }
                let after = host.get(&copy.label);
                assert_eq!((before.status, before.payment), (after.status, after.payment));
            }
            Happens::Pays(n) => {
                let query = ListInvoices {
                    label: Some(n.to_string()),
                    ..ListInvoices::default()
                };
                if let Some(record) = host.list(query).unwrap().records.pop() {
                    host.receive(record.payment_hash, 50_000).unwrap();
                }
            }
            Happens::Waits(ms) => self.goes_on(ms),
            Happens::Reads => host.restore().unwrap(),
            Happens::Dies => {
                host.restart();
                self.in_hand.clear();
                self.peers.clear();
            }
        }
        self.take();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_and_lines_hold_whatever_happens(all in vec(happens(), 1..60)) {
        let mut watched = Watched {
            host: Host::new(),
            in_hand: VecDeque::new(),
            peers: BTreeMap::new(),
            accepted: BTreeMap::new(),
            copies: BTreeMap::new(),
            answered: BTreeSet::new(),
        };
        for what in all {
            watched.happens(what);
        }
        // Left alone, every plan comes to its end.
        for _ in 0..100 {
            watched.goes_on(60_000);
            while !watched.in_hand.is_empty() {
                watched.happens(Happens::Says(SendOutcome::Accepted));
            }
        }
        let records = watched.host.list(ListInvoices::default()).unwrap().records;
        for record in records.iter().filter(|record| record.status == Status::Unpaid) {
            let paths = &record.delivery.paths;
            let accepted = paths.iter().filter(|path| path.outcome == PathOutcome::Accepted).count();
            let given_up = [PathOutcome::NoRoute, PathOutcome::Failed];
            let given_up = paths.iter().filter(|path| given_up.contains(&path.outcome)).count();
            let spoke = record.delivery.error.is_some() || record.delivery.state == DeliveryState::Unreachable;
            prop_assert!(accepted + given_up == 3 || spoke, "{:?}", record.delivery);
        }
    }
}
