use std::ops::RangeInclusive;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use bitcoin::secp256k1::PublicKey;
use invreq::bolt12::{BlindedPath, Introduction};
use invreq::onion::{
    advance, build, ecdh_with, message_len, peel, reply_path, Destination, Message, NextHop, Outgoing, Peeled,
};
use invreq::ErrorCode;
use lightning::onion_message::messenger::PeeledOnion;
use lightning::onion_message::offers::OffersMessage;
use lightning::util::ser::Writeable;

use crate::ldk_node::{ours, LdkNode};

/// Nodes that we and LDK know the keys of; messages go through them, and end at one of them.
static NODES: LazyLock<Vec<LdkNode>> = LazyLock::new(|| (1..=8).map(LdkNode::new).collect());

/// An invoice of Core Lightning's (the first of tests/vectors/cln/recorded-flows.json), which LDK can read.
static INVOICE: &[u8] = include_bytes!("invoice.bin");

/// Builds a path and a message over it, and peels it at every hop: what arrives is what was sent, and LDK's relays hand
/// on the same bytes.
pub fn onion_path(data: &[u8]) {
    // Too few bytes are no find.
    let _ = Sent::new(&mut Unstructured::new(data)).map(|sent| sent.check());
}

struct Sent {
    /// Where we go before the destination.
    via: Vec<usize>,
    /// The nodes of the path, the recipient last; only that for a message to a node id.
    path: Vec<usize>,
    kind: Kind,
    path_id: Vec<u8>,
    reply: Option<BlindedPath>,
    invoice: Vec<u8>,
    entropy: [u8; 32],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Node,
    OurPath,
    /// With this many dummy hops.
    LdksPath(usize),
}

impl Sent {
    fn new(input: &mut Unstructured<'_>) -> Result<Self> {
        let entropy = input.arbitrary()?;
        let kind = match input.int_in_range(0..=4)? {
            0 => Kind::Node,
            1 | 2 => Kind::OurPath,
            _ => Kind::LdksPath(input.int_in_range(0..=3)?),
        };
        let via = nodes(input, 0..=3)?;
        let path = match kind {
            Kind::Node => nodes(input, 1..=1)?,
            _ => nodes(input, 1..=5)?,
        };
        let id_len = input.int_in_range(1..=128)?;
        let path_id = input.bytes(id_len)?.to_vec();
        let reply = match input.arbitrary()? {
            false => None,
            true => {
                let (nodes, channel) = (nodes(input, 1..=4)?, input.arbitrary::<Option<u64>>()?);
                let mut path = our_path(&nodes, &path_id, input.arbitrary()?);
                if let Some(scid) = channel {
                    path.introduction = Introduction::Scid {
                        direction: (scid & 1) as u8,
                        scid,
                    };
                }
                Some(path)
            }
        };
        let invoice = match input.arbitrary()? {
            false => INVOICE.to_vec(),
            true => {
                let len = input.int_in_range(1..=33_000)?;
                let mut invoice = vec![input.arbitrary()?; len];
                let begin = input.bytes(len.min(input.len()))?;
                invoice[..begin.len()].copy_from_slice(begin);
                invoice
            }
        };
        Ok(Self {
            via,
            path,
            kind,
            path_id,
            reply,
            invoice,
            entropy,
        })
    }

    fn check(&self) {
        let (introduction, recipient) = (self.path[0], *self.path.last().unwrap());
        let path = match self.kind {
            Kind::Node => None,
            Kind::OurPath => Some(our_path(&self.path, &self.path_id, self.entropy)),
            Kind::LdksPath(dummies) => Some(ldks_path(&self.path, dummies)),
        };
        let via = ids(&self.via);
        let outgoing = Outgoing {
            invoice: &self.invoice,
            destination: match &path {
                Some(path) => Destination::Path {
                    path,
                    introduction: NODES[introduction].id,
                },
                None => Destination::Node(NODES[recipient].id),
            },
            via: &via,
            reply_path: self.reply.as_ref(),
        };
        let built = build(&outgoing, self.entropy);
        assert_eq!(
            message_len(&outgoing),
            built
                .as_ref()
                .map(|packet| packet.message.len())
                .map_err(Clone::clone)
        );
        let packet = match built {
            Ok(packet) => packet,
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::LimitExceeded);
                return;
            }
        };

        let mut way = [&self.via[..], &self.path].concat();
        if self.via.last() == Some(&introduction) {
            way.remove(self.via.len());
        }
        assert_eq!(packet.first_hop, NODES[way[0]].id);
        let mut message = packet.message;
        for (index, pair) in way.windows(2).enumerate() {
            let onward = relayed(&message, pair[0], pair[1]);
            if let Some(path) = path.as_ref().filter(|_| index + self.path.len() == way.len()) {
                self.check_advance(path, &onward);
            }
            message = onward;
        }
        self.check_arrival(&message, recipient);
    }

    /// What is left of the path after its first node is what that node hands on.
    fn check_advance(&self, path: &BlindedPath, onward: &[u8]) {
        let rest = advance(path, |_| None, ecdh_with(&NODES[self.path[0]].key())).unwrap();
        assert_eq!(rest.introduction, Introduction::NodeId(NODES[self.path[1]].id));
        assert_eq!(rest.path_key.serialize(), onward[..33]);
        assert_eq!(rest.hops, path.hops[1..]);
    }

    fn check_arrival(&self, message: &[u8], recipient: usize) {
        let peeled = peel(message, ecdh_with(&NODES[recipient].key()));
        let theirs = NODES[recipient].peel(message);
        let reads = self.kind != Kind::OurPath && self.invoice == INVOICE;
        match theirs {
            Ok(PeeledOnion::Offers(OffersMessage::Invoice(invoice), context, reply)) => {
                assert!(reads);
                assert_eq!(invoice.encode(), self.invoice);
                assert_eq!(context.is_some(), self.kind != Kind::Node);
                assert_eq!(reply.is_some(), self.reply.is_some());
                for (theirs, mine) in reply.iter().zip(&self.reply) {
                    if matches!(mine.introduction, Introduction::NodeId(_)) {
                        assert_eq!(&ours(theirs), mine);
                    }
                }
            }
            Ok(_) => panic!("not what was sent"),
            Err(()) => assert!(!reads),
        }
        // What LDK tells itself is encrypted so that it alone can read it.
        if !matches!(self.kind, Kind::LdksPath(_)) {
            let Ok(Peeled::Final(message)) = peeled else {
                panic!("not what was sent: {peeled:?}");
            };
            self.check_message(message);
        }
    }

    fn check_message(&self, message: Message) {
        let path_id = (self.kind == Kind::OurPath).then_some(&self.path_id);
        assert_eq!(message.path_id.as_ref(), path_id);
        assert_eq!(message.reply_path, self.reply);
        let content = message.content.unwrap();
        assert_eq!((content.number, &content.value), (66, &self.invoice));
    }
}

/// Peels at one node what has to go on to another; LDK has to make the same of it.
fn relayed(message: &[u8], at: usize, to: usize) -> Vec<u8> {
    let peeled = peel(message, ecdh_with(&NODES[at].key())).unwrap();
    let Peeled::Forward {
        next,
        message: onward,
    } = peeled
    else {
        panic!("it does not go on");
    };
    assert_eq!(next, NextHop::Node(NODES[to].id));
    assert_eq!(onward, NODES[at].relay(message, &NODES[to].id));
    onward
}

fn nodes(input: &mut Unstructured<'_>, count: RangeInclusive<usize>) -> Result<Vec<usize>> {
    let count = input.int_in_range(count)?;
    (0..count).map(|_| input.choose_index(NODES.len())).collect()
}

fn ids(nodes: &[usize]) -> Vec<PublicKey> {
    nodes.iter().map(|node| NODES[*node].id).collect()
}

fn our_path(nodes: &[usize], path_id: &[u8], entropy: [u8; 32]) -> BlindedPath {
    let ids = ids(nodes);
    let (recipient, before) = ids.split_last().unwrap();
    reply_path(before, *recipient, path_id, entropy).unwrap()
}

/// LDK draws the path's key from the node's own randomness, so a new node makes the same path each time.
fn ldks_path(nodes: &[usize], dummies: usize) -> BlindedPath {
    let (recipient, before) = nodes.split_last().unwrap();
    let before: Vec<_> = before.iter().map(|node| (NODES[*node].id, None)).collect();
    LdkNode::new(*recipient as u8 + 1).path(&before, dummies)
}
