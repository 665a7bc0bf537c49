//! What a peer can do to us by saying too much.

use super::far::{assert_closed, Far, NOW};
use crate::peer::{PeerEvent, MAX_OUTGOING_LEN, PINGS_AT_ONCE};
use crate::ErrorCode::{LimitExceeded, PeerProtocol};

const LARGEST: usize = 65_569;

#[test]
fn too_many_pings_are_not_answered() {
    let (mut peer, mut far) = Far::ready();
    let mut flood = Vec::new();
    for _ in 0..10_000 {
        flood.extend(far.say(&[0, 18, 0, 1, 0, 0]));
    }
    assert_eq!(peer.receive(&flood, NOW), []);
    assert_eq!(far.hear(&mut peer).len() as u64, PINGS_AT_ONCE);
    // Whoever waits is answered again.
    for quarter in 1..5 {
        let said = [far.say(&[0, 18, 0, 1, 0, 0]), far.say(&[0, 18, 0, 1, 0, 0])].concat();
        assert_eq!(peer.receive(&said, NOW + quarter * 250), []);
        assert_eq!(far.hear(&mut peer).len(), 1);
    }
}

#[test]
fn long_answers_that_nobody_takes_do_not_pile_up() {
    let (mut peer, mut far) = Far::ready();
    for second in 0..100 {
        let said = far.say(&[0, 18, 0xff, 0xfb, 0, 0]);
        assert_eq!(peer.receive(&said, NOW + second * 1000), []);
        assert!(peer.outgoing.capacity() <= 2 * MAX_OUTGOING_LEN);
        assert!(peer.outgoing.len() <= MAX_OUTGOING_LEN / 2 + 100);
    }
    // There is still room for what we want to say, up to the limit.
    let mut sent = 0;
    while peer.send_onion_message(&[2; 32_869]).is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 3);
    let refused = peer.send_onion_message(&[2; 32_869]).unwrap_err();
    assert_eq!(refused.code(), LimitExceeded);
    assert!(peer.outgoing.len() <= MAX_OUTGOING_LEN + 100);
    let heard = far.hear(&mut peer);
    assert_eq!(
        heard.iter().filter(|message| message.len() == 32_871).count(),
        sent
    );
    peer.send_onion_message(&[2; 32_869]).unwrap();
}

#[test]
fn a_flood_of_messages_for_nobody_leaves_nothing_behind() {
    let (mut peer, mut far) = Far::ready();
    let gossip = [&[1, 2], [0xab; 65_533].as_slice()].concat();
    for round in 0..200u32 {
        let said = far.say(&gossip);
        assert_eq!(said.len(), LARGEST);
        assert_eq!(peer.receive(&said, NOW), [], "{round}");
        assert!(peer.incoming.capacity() <= 2 * LARGEST);
    }
    assert!(peer.outgoing().is_empty());
    // It still works.
    let payload = [[2; 33].as_slice(), &[0, 0]].concat();
    let said = far.say(&[&[2, 1], payload.as_slice()].concat());
    assert_eq!(peer.receive(&said, NOW), [PeerEvent::OnionMessage(payload)]);
}

#[test]
fn nothing_is_kept_ready_for_what_was_only_announced() {
    let (mut peer, mut far) = Far::ready();
    let said = far.say(&[&[1, 2], [0xab; 65_533].as_slice()].concat());
    assert_eq!(peer.receive(&said[..100], NOW), []);
    assert!(peer.incoming.capacity() < 1000, "{}", peer.incoming.capacity());
    assert_eq!(peer.receive(&said[100..], NOW), []);
}

#[test]
fn a_length_that_is_not_from_the_peer_ends_it_at_once() {
    let (mut peer, mut far) = Far::ready();
    let mut said = far.say(&[2, 1]);
    said[1] ^= 1;
    // Without the header's tag nothing of the body is waited for.
    let events = peer.receive(&said[..18], NOW);
    assert_closed(&mut peer, &events, PeerProtocol, "altered");
}

#[test]
fn every_altered_bit_of_a_message_ends_it() {
    let bits = Far::ready().1.say(&[1, 3, 5]).len() * 8;
    for bit in 0..bits {
        let (mut peer, mut far) = Far::ready();
        let mut said = far.say(&[1, 3, 5]);
        said[bit / 8] ^= 1 << (bit % 8);
        let events = peer.receive(&said, NOW);
        assert_closed(&mut peer, &events, PeerProtocol, "altered");
    }
}

#[test]
fn a_message_that_comes_again_or_too_early_ends_it() {
    let (mut peer, mut far) = Far::ready();
    let said = far.say(&[1, 3]);
    assert_eq!(peer.receive(&said, NOW), []);
    let events = peer.receive(&said, NOW);
    assert_closed(&mut peer, &events, PeerProtocol, "repeated");

    let (mut peer, mut far) = Far::ready();
    let [_first, second] = [far.say(&[1, 3]), far.say(&[1, 3])];
    let events = peer.receive(&second, NOW);
    assert_closed(&mut peer, &events, PeerProtocol, "lost");

    // Our own words thrown back at us.
    let (mut peer, _) = Far::ready();
    peer.send_onion_message(&[2; 36]).unwrap();
    let echo = peer.outgoing();
    let events = peer.receive(&echo, NOW);
    assert_closed(&mut peer, &events, PeerProtocol, "altered");
}

#[test]
fn what_came_before_the_bad_message_is_not_lost() {
    let (mut peer, mut far) = Far::ready();
    let payload = [[2; 33].as_slice(), &[0, 0]].concat();
    let good = far.say(&[&[2, 1], payload.as_slice()].concat());
    let events = peer.receive(&[good, vec![0; 40]].concat(), NOW);
    assert_eq!(events[0], PeerEvent::OnionMessage(payload));
    assert_closed(&mut peer, &events[1..], PeerProtocol, "altered");
}
