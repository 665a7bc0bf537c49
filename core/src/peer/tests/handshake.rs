use bitcoin::secp256k1::{Secp256k1, SecretKey};

use super::far::{assert_closed, connect, far_id, far_key, our_key, Far, NETWORK, NOW};
use crate::peer::init::init_message;
use crate::peer::{Peer, PeerEvent, HANDSHAKE_MS};
use crate::ErrorCode::{PeerProtocol, PeerTimeout, PeerUnavailable};

/// A far side that keeps to the rules.
fn accept() -> Peer {
    Peer::accept(&far_key(), NETWORK, [4; 32], NOW).unwrap()
}

#[test]
fn two_peers_meet_and_know_each_other() {
    let (mut us, mut them) = (connect(), accept());
    assert_eq!(them.receive(&us.outgoing(), NOW), []);
    assert_eq!(us.receive(&them.outgoing(), NOW), []);
    let ready = |node_id| {
        [PeerEvent::Ready {
            node_id,
            onion_messages: true,
        }]
    };
    let our_id = our_key().public_key(&Secp256k1::new());
    assert_eq!(them.receive(&us.outgoing(), NOW), ready(our_id));
    assert_eq!(us.receive(&them.outgoing(), NOW), ready(far_id()));
    // Nothing more to say.
    assert_eq!((us.outgoing(), them.outgoing()), (Vec::new(), Vec::new()));
}

#[test]
fn the_same_inputs_make_the_same_bytes_and_others_do_not() {
    assert_eq!(connect().outgoing(), connect().outgoing());
    let mut other = Peer::connect(far_id(), &our_key(), NETWORK, [9; 32], NOW).unwrap();
    assert_ne!(connect().outgoing(), other.outgoing());
}

#[test]
fn nothing_can_be_sent_before_both_are_ready() {
    let mut peer = connect();
    let refused = peer.send_onion_message(&[2; 36]).unwrap_err();
    assert_eq!(refused.code(), PeerUnavailable);
    Far::meet(&mut peer);
    let refused = peer.send_onion_message(&[2; 36]).unwrap_err();
    assert_eq!(refused.code(), PeerUnavailable);
}

#[test]
fn every_altered_bit_of_an_act_ends_it() {
    let (mut us, mut them) = (connect(), accept());
    let act_one = us.outgoing();
    for bit in 0..act_one.len() * 8 {
        let mut altered = act_one.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let mut victim = accept();
        let events = victim.receive(&altered, NOW);
        assert_closed(&mut victim, &events, PeerProtocol, "");
    }
    them.receive(&act_one, NOW);
    let act_two = them.outgoing();
    for bit in 0..act_two.len() * 8 {
        let mut altered = act_two.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let mut victim = connect();
        victim.outgoing();
        let events = victim.receive(&altered, NOW);
        assert_closed(&mut victim, &events, PeerProtocol, "");
    }
    us.receive(&act_two, NOW);
    let act_three = us.outgoing()[..66].to_vec();
    for bit in (0..act_three.len() * 8).step_by(3) {
        let mut altered = act_three.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let mut victim = accept();
        victim.receive(&act_one, NOW);
        victim.outgoing();
        let events = victim.receive(&altered, NOW);
        assert_closed(&mut victim, &events, PeerProtocol, "");
    }
}

#[test]
fn an_act_of_another_handshake_ends_it() {
    let mut earlier = Peer::connect(far_id(), &our_key(), NETWORK, [9; 32], NOW).unwrap();
    let mut them = accept();
    them.receive(&earlier.outgoing(), NOW);
    let act_two = them.outgoing();
    earlier.receive(&act_two, NOW);

    let mut us = connect();
    us.outgoing();
    let events = us.receive(&act_two, NOW);
    assert_closed(&mut us, &events, PeerProtocol, "altered");

    let mut them = Peer::accept(&far_key(), NETWORK, [5; 32], NOW).unwrap();
    them.receive(&connect().outgoing(), NOW);
    let events = them.receive(&earlier.outgoing(), NOW);
    assert_closed(&mut them, &events, PeerProtocol, "altered");
}

#[test]
fn a_node_with_another_id_is_not_taken_for_the_one_that_is_meant() {
    let somebody = SecretKey::from_slice(&[7; 32]).unwrap();
    let mut us = connect();
    let mut them = Peer::accept(&somebody, NETWORK, [4; 32], NOW).unwrap();
    let events = them.receive(&us.outgoing(), NOW);
    assert_closed(&mut them, &events, PeerProtocol, "another node");
    // It says nothing and hangs up.
    let events = us.disconnected();
    assert_closed(&mut us, &events, PeerUnavailable, "another node");
}

#[test]
fn garbage_instead_of_a_handshake_ends_it() {
    for garbage in [
        &b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nsorry"[..],
        &[0; 50],
        &[0xff; 500],
    ] {
        let mut peer = connect();
        let events = peer.receive(garbage, NOW);
        assert_closed(&mut peer, &events, PeerProtocol, "");
    }
}

#[test]
fn a_hang_up_ends_it_at_every_stage() {
    let mut peer = connect();
    let events = peer.disconnected();
    assert_closed(&mut peer, &events, PeerUnavailable, "during the handshake");

    let mut peer = connect();
    peer.receive(&[0; 49], NOW);
    let events = peer.disconnected();
    assert_closed(&mut peer, &events, PeerUnavailable, "during the handshake");

    let mut peer = connect();
    Far::meet(&mut peer);
    let events = peer.disconnected();
    assert_closed(&mut peer, &events, PeerUnavailable, "without introducing itself");

    let (mut peer, _) = Far::ready();
    let events = peer.disconnected();
    assert_closed(&mut peer, &events, PeerUnavailable, "hung up");
}

#[test]
fn who_says_nothing_is_given_up() {
    let until = NOW + HANDSHAKE_MS;
    for (mut peer, met) in [(connect(), false), (connect(), true), (accept(), false)] {
        if met {
            Far::meet(&mut peer);
        }
        assert_eq!(peer.wake_at(), Some(until));
        assert_eq!(peer.tick(until - 1), []);
        let events = peer.tick(until);
        assert_closed(&mut peer, &events, PeerTimeout, "handshake");
    }
}

#[test]
fn who_says_little_is_given_up_at_the_same_time() {
    let mut peer = connect();
    let mut far = Far::meet(&mut peer);
    let warning = [&[0, 1], [0; 32].as_slice(), &[0, 2], b"hi"].concat();
    for second in 0..9 {
        let said = far.say(&warning);
        let events = peer.receive(&said, NOW + second * 1000);
        assert_eq!(events, [PeerEvent::Warning("hi".to_owned())]);
    }
    let events = peer.tick(NOW + HANDSHAKE_MS);
    assert_closed(&mut peer, &events, PeerTimeout, "handshake");
}

#[test]
fn nothing_secret_is_printed() {
    let mut peer = connect();
    assert_eq!(format!("{peer:?}"), "Peer { stage: \"handshake\", .. }");
    let mut far = Far::meet(&mut peer);
    assert_eq!(format!("{peer:?}"), "Peer { stage: \"init\", .. }");
    let said = far.say(&init_message(&super::far::chain()).unwrap());
    peer.receive(&said, NOW);
    assert_eq!(format!("{peer:?}"), "Peer { stage: \"ready\", .. }");
    peer.disconnected();
    assert_eq!(format!("{peer:?}"), "Peer { stage: \"closed\", .. }");
}
