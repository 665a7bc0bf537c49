//! However a stream is cut, the same things happen.

use proptest::collection::vec;
use proptest::prelude::*;

use super::far::{chain, connect, far_key, Far, NETWORK, NOW};
use crate::peer::init::init_message;
use crate::peer::{Peer, PeerEvent};

/// What a far side says after the handshake, and what follows if it all comes at once.
fn stream(tail: &[u8]) -> (Vec<u8>, Vec<PeerEvent>, Vec<u8>) {
    let (mut peer, mut far) = (connect(), None);
    let act_two = act_two();
    let mut said = act_two.clone();
    let far = far.get_or_insert_with(|| Far::meet(&mut peer));
    said.extend(far.say(&init_message(&chain()).unwrap()));
    said.extend(far.say(&[0, 18, 0, 3, 0, 0]));
    said.extend(far.say(&[[2, 1].as_slice(), &[2; 33], &[0, 5, 1, 2, 3, 4, 5]].concat()));
    said.extend(far.say(&[[0, 17].as_slice(), &[0; 32], &[0, 2], b"no"].concat()));
    said.extend(tail);
    let mut whole = connect();
    whole.outgoing();
    let events = whole.receive(&said, NOW);
    let written = whole.outgoing();
    (said, events, written)
}

/// The second act, as the far side of these tests always says it.
fn act_two() -> Vec<u8> {
    let mut them = Peer::accept(&far_key(), NETWORK, [4; 32], NOW).unwrap();
    them.receive(&connect().outgoing(), NOW);
    them.outgoing()
}

fn in_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<PeerEvent>, Vec<u8>) {
    let mut peer = connect();
    peer.outgoing();
    let (mut events, mut written) = (Vec::new(), Vec::new());
    for piece in pieces {
        events.extend(peer.receive(piece, NOW));
        // What is written before the end is no longer taken back by it.
        if peer.closed().is_none() {
            written.extend(peer.outgoing());
        }
    }
    (events, written)
}

#[test]
fn cut_in_two_at_every_byte() {
    let (said, events, written) = stream(&[]);
    assert_eq!(events.len(), 3);
    for at in 0..=said.len() {
        let (first, second) = said.split_at(at);
        let cut = in_pieces([first, second].into_iter());
        assert_eq!(cut, (events.clone(), written.clone()), "{at}");
    }
}

#[test]
fn byte_by_byte() {
    let (said, events, written) = stream(&[]);
    assert_eq!(in_pieces(said.chunks(1)), (events, written));
}

proptest! {
    #[test]
    fn cut_anywhere_and_with_anything_behind(cuts in vec(1usize..200, 1..60), tail in vec(any::<u8>(), 0..80)) {
        let (said, events, _) = stream(&tail);
        let (mut rest, mut pieces) = (said.as_slice(), Vec::new());
        for cut in cuts {
            let (piece, left) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = left;
        }
        pieces.push(rest);
        prop_assert_eq!(in_pieces(pieces.into_iter()).0, events);
    }

    #[test]
    fn no_bytes_make_it_panic(garbage in vec(any::<u8>(), 0..400), met in any::<bool>()) {
        let mut peer = connect();
        if met {
            Far::meet(&mut peer);
        }
        let events = peer.receive(&garbage, NOW);
        prop_assert!(events.len() <= 1);
        let closed = peer.disconnected();
        prop_assert_eq!(events.len() + closed.len(), 1);
    }
}
