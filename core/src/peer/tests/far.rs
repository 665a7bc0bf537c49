//! The other end of a connection, which can say anything, in order or not.

use bitcoin::constants::ChainHash;
use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use bitcoin::Network;

use crate::peer::cipher::HEADER_LEN;
use crate::peer::handshake::{respond, OwnKey, Session, Turn};
use crate::peer::init::init_message;
use crate::peer::{Peer, PeerEvent};
use crate::ErrorCode;

pub const NOW: u64 = 1_700_000_000_000;
pub const NETWORK: Network = Network::Regtest;

pub fn our_key() -> SecretKey {
    SecretKey::from_slice(&[1; 32]).unwrap()
}

pub fn far_key() -> SecretKey {
    SecretKey::from_slice(&[2; 32]).unwrap()
}

pub fn far_id() -> PublicKey {
    far_key().public_key(&Secp256k1::new())
}

pub fn connect() -> Peer {
    Peer::connect(far_id(), &our_key(), NETWORK, [3; 32], NOW).unwrap()
}

pub struct Far {
    session: Session,
    received: Vec<u8>,
}

impl Far {
    /// Shakes hands with a peer that has just begun to.
    pub fn meet(peer: &mut Peer) -> Far {
        let awaited = respond(OwnKey::new(&far_key()), OwnKey::ephemeral(&[4; 32]).unwrap());
        let Turn::Next(act_two, awaited) = (awaited.read)(&peer.outgoing()).unwrap() else {
            panic!("there are three acts")
        };
        assert_eq!(peer.receive(&act_two, NOW), []);
        let mut rest = peer.outgoing();
        let received = rest.split_off(awaited.len);
        let Turn::Done(none, session) = (awaited.read)(&rest).unwrap() else {
            panic!("the third act is the last")
        };
        assert!(none.is_empty());
        Far { session, received }
    }

    /// A connection on which both have introduced themselves.
    pub fn ready() -> (Peer, Far) {
        let mut peer = connect();
        let mut far = Far::meet(&mut peer);
        let said = far.say(&init_message(&chain()).unwrap());
        let events = peer.receive(&said, NOW);
        assert!(matches!(
            events[..],
            [PeerEvent::Ready {
                onion_messages: true,
                ..
            }]
        ));
        assert_eq!(far.hear(&mut peer), [init_message(&chain()).unwrap()]);
        (peer, far)
    }

    /// A message as it goes over the wire.
    pub fn say(&mut self, message: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.session.sending.seal(message, &mut bytes).unwrap();
        bytes
    }

    /// All messages the peer has written.
    pub fn hear(&mut self, peer: &mut Peer) -> Vec<Vec<u8>> {
        self.received.extend(peer.outgoing());
        let mut messages = Vec::new();
        while self.received.len() >= HEADER_LEN {
            let mut header: Vec<u8> = self.received.drain(..HEADER_LEN).collect();
            let len = self.session.receiving.open_header(&mut header).unwrap();
            let mut body: Vec<u8> = self.received.drain(..len).collect();
            messages.push(self.session.receiving.open_body(&mut body).unwrap().to_vec());
        }
        messages
    }
}

pub fn chain() -> [u8; 32] {
    ChainHash::using_genesis_block(NETWORK).to_bytes()
}

/// The one event is the end, with this code and these words, and nothing happens from then on.
pub fn assert_closed(peer: &mut Peer, events: &[PeerEvent], code: ErrorCode, words: &str) {
    let [PeerEvent::Closed(error)] = events else {
        panic!("{events:?}")
    };
    assert_eq!(error.code(), code, "{error}");
    assert!(error.message().contains(words), "{error}");
    assert_eq!(peer.closed(), Some(error));
    assert_eq!(peer.receive(&[0; 100], NOW), []);
    assert_eq!(peer.disconnected(), []);
    assert_eq!(peer.tick(u64::MAX), []);
    assert_eq!((peer.wake_at(), peer.outgoing()), (None, Vec::new()));
    let refused = peer.send_onion_message(&[2; 36]).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::PeerUnavailable);
}
