use bitcoin::constants::ChainHash;
use bitcoin::Network;

use super::far::{assert_closed, chain, connect, far_id, Far, NOW};
use crate::peer::init::init_message;
use crate::peer::{Peer, PeerEvent, MAX_PAYLOAD_LEN, MAX_TEXT_CHARS, PING_AFTER_MS, PONG_MS};
use crate::ErrorCode::{LimitExceeded, PeerIncompatible, PeerProtocol, PeerTimeout, PeerUnavailable};

const PING: [u8; 6] = [0, 18, 0, 0, 0, 0];

/// An init with these features, and these bytes behind.
fn init(global: &[u8], features: &[u8], tlvs: &[u8]) -> Vec<u8> {
    let len = |bytes: &[u8]| (bytes.len() as u16).to_be_bytes();
    [
        &[0, 16],
        len(global).as_slice(),
        global,
        &len(features),
        features,
        tlvs,
    ]
    .concat()
}

/// What follows when the far side introduces itself like this.
fn introduced(message: &[u8]) -> (Peer, Vec<PeerEvent>) {
    let mut peer = connect();
    let mut far = Far::meet(&mut peer);
    let said = far.say(message);
    let events = peer.receive(&said, NOW);
    (peer, events)
}

fn ready(onion_messages: bool) -> [PeerEvent; 1] {
    let node_id = far_id();
    [PeerEvent::Ready {
        node_id,
        onion_messages,
    }]
}

fn bit(bit: usize) -> Vec<u8> {
    let mut bytes = vec![0; bit / 8 + 1];
    bytes[0] = 1 << (bit % 8);
    bytes
}

fn told(number: u16, text: &[u8]) -> Vec<u8> {
    let len = (text.len() as u16).to_be_bytes();
    [&number.to_be_bytes(), [7; 32].as_slice(), &len, text].concat()
}

#[test]
fn our_init_offers_what_nodes_expect_and_requires_nothing() {
    let ours = init_message(&chain()).unwrap();
    // Bits 45, 39, 15, 13, 9 and 1.
    let wanted = init(
        &[],
        &[0x20, 0x80, 0, 0, 0xa2, 0x02],
        &[&[1, 32], chain().as_slice()].concat(),
    );
    assert_eq!(ours, wanted);
    let (_, events) = introduced(&ours);
    assert_eq!(events, ready(true));
}

#[test]
fn the_feature_is_found_in_either_bitmap_and_either_bit() {
    for onion_messages in [38, 39] {
        assert_eq!(introduced(&init(&[], &bit(onion_messages), &[])).1, ready(true));
        assert_eq!(introduced(&init(&bit(onion_messages), &[], &[])).1, ready(true));
    }
    for other in [1, 37, 41, 63, 1001] {
        let (mut peer, events) = introduced(&init(&[], &bit(other), &[]));
        assert_eq!(events, ready(false));
        let refused = peer.send_onion_message(&[2; 36]).unwrap_err();
        assert_eq!(refused.code(), PeerIncompatible);
    }
}

#[test]
fn unknown_even_features_end_it_and_others_do_not() {
    for known in [0, 8, 12, 14, 44, 62] {
        assert_eq!(
            introduced(&init(&[], &bit(known), &[])).1,
            ready(false),
            "{known}"
        );
    }
    for unknown in [30, 40, 64, 100, 1000, 8 * 8191] {
        for message in [init(&[], &bit(unknown), &[]), init(&bit(unknown), &[], &[])] {
            let (mut peer, events) = introduced(&message);
            assert_closed(&mut peer, &events, PeerIncompatible, &unknown.to_string());
        }
    }
}

#[test]
fn a_peer_on_another_chain_is_left() {
    let hash = |network| ChainHash::using_genesis_block(network).to_bytes().to_vec();
    let networks = |hashes: &[Vec<u8>]| {
        let hashes = hashes.concat();
        [&[1, hashes.len() as u8], hashes.as_slice()].concat()
    };
    let (mut peer, events) = introduced(&init(&[], &[], &networks(&[hash(Network::Bitcoin)])));
    assert_closed(&mut peer, &events, PeerIncompatible, "chain");
    let both = networks(&[hash(Network::Signet), hash(Network::Regtest)]);
    assert_eq!(introduced(&init(&[], &[], &both)).1, ready(false));
    assert_eq!(introduced(&init(&[], &[], &networks(&[]))).1, ready(false));
    // Its own address, and something odd.
    let others = [3, 1, 1, 0xfd, 0x10, 0x01, 0];
    assert_eq!(introduced(&init(&[], &[], &others)).1, ready(false));
}

#[test]
fn an_init_that_cannot_be_read_ends_it() {
    let bad: [&[u8]; 8] = [
        &[0, 16],
        &[0, 16, 0],
        &[0, 16, 0, 0, 0],
        &[0, 16, 0, 1, 0, 0],
        &[0, 16, 0, 0, 0, 0, 1],
        &[0, 16, 0, 0, 0, 0, 1, 31],
        &[0, 16, 0, 0, 0, 0, 1, 1, 0],
        &[0, 16, 0, 0, 0, 0, 2, 0],
    ];
    for message in bad {
        let (mut peer, events) = introduced(message);
        assert_closed(&mut peer, &events, PeerProtocol, "type 16");
    }
}

#[test]
fn init_comes_first_and_once() {
    for first in [&PING[..], &[1, 0], &[0, 19, 0, 0], &[2, 1]] {
        let (mut peer, events) = introduced(first);
        assert_closed(&mut peer, &events, PeerProtocol, "");
    }
    let (mut peer, mut far) = Far::ready();
    let again = far.say(&init_message(&chain()).unwrap());
    let events = peer.receive(&again, NOW);
    assert_closed(&mut peer, &events, PeerProtocol, "second init");
}

#[test]
fn onion_messages_go_both_ways() {
    let (mut peer, mut far) = Far::ready();
    let longest = MAX_PAYLOAD_LEN - 35;
    for len in [0, 1, 1366, longest] {
        let packet = vec![9; len];
        let payload = [[2; 33].as_slice(), &(len as u16).to_be_bytes(), &packet].concat();
        let wire = [&[2, 1], payload.as_slice()].concat();
        let said = far.say(&wire);
        assert_eq!(
            peer.receive(&said, NOW),
            [PeerEvent::OnionMessage(payload.clone())]
        );
        peer.send_onion_message(&payload).unwrap();
        assert_eq!(far.hear(&mut peer), [wire]);
    }
    let too_long = peer
        .send_onion_message(&vec![2; MAX_PAYLOAD_LEN + 1])
        .unwrap_err();
    assert_eq!(too_long.code(), LimitExceeded);
    assert!(far.hear(&mut peer).is_empty());
}

#[test]
fn what_is_too_short_ends_it() {
    let bad: [&[u8]; 11] = [
        &[],
        &[0, 19, 0],
        &[0, 19, 0, 1],
        &[2],
        &[2, 1],
        &[2, 1, 2, 2],
        &[0, 18],
        &[0, 18, 0, 0, 0],
        &[0, 18, 0, 0, 0, 1],
        &[0, 1, 0],
        &[0, 17, 0],
    ];
    for message in bad {
        let (mut peer, mut far) = Far::ready();
        let said = far.say(message);
        let events = peer.receive(&said, NOW);
        assert_closed(&mut peer, &events, PeerProtocol, "");
    }
}

#[test]
fn an_unknown_even_type_ends_it_and_the_rest_is_passed_over() {
    for number in [4u16, 20, 30, 512, 514, 32768, 65534] {
        let (mut peer, mut far) = Far::ready();
        let said = far.say(&number.to_be_bytes());
        let events = peer.receive(&said, NOW);
        assert_closed(&mut peer, &events, PeerProtocol, &number.to_string());
    }
    let (mut peer, mut far) = Far::ready();
    // Storage, channels, commitments, gossip, queries; and what nobody knows.
    for number in [
        2u16, 3, 7, 9, 32, 38, 64, 128, 136, 256, 258, 262, 264, 265, 511, 515, 32769, 65535,
    ] {
        let said = far.say(&[number.to_be_bytes().as_slice(), &[0xee; 200]].concat());
        assert_eq!(peer.receive(&said, NOW), [], "{number}");
    }
    assert!(far.hear(&mut peer).is_empty());
    assert_eq!(peer.closed(), None);
}

#[test]
fn words_are_made_safe_and_short() {
    let (mut peer, mut far) = Far::ready();
    let said = far.say(&told(1, "caf\u{e9} \u{202e}\n\0".as_bytes()));
    let wanted = "caf\u{e9} \u{fffd} \u{fffd}";
    assert_eq!(peer.receive(&said, NOW), [PeerEvent::Warning(wanted.to_owned())]);
    let said = far.say(&told(17, b"\xff\xfe"));
    assert_eq!(
        peer.receive(&said, NOW),
        [PeerEvent::Error("\u{fffd}\u{fffd}".to_owned())]
    );
    let said = far.say(&told(17, b""));
    assert_eq!(peer.receive(&said, NOW), [PeerEvent::Error(String::new())]);
    for text in ["x".repeat(65_499), "\u{1f9c5}".repeat(301)] {
        let said = far.say(&told(1, text.as_bytes()));
        let events = peer.receive(&said, NOW);
        let [PeerEvent::Warning(cut)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(cut.chars().count(), MAX_TEXT_CHARS);
        assert!(cut.ends_with('…'));
    }
    let whole = "\u{1f9c5}".repeat(300);
    let said = far.say(&told(1, whole.as_bytes()));
    assert_eq!(peer.receive(&said, NOW), [PeerEvent::Warning(whole)]);
}

#[test]
fn pings_are_answered_with_as_much_as_they_ask_for() {
    let (mut peer, mut far) = Far::ready();
    for len in [0u16, 1, 300, 65_531] {
        let [high, low] = len.to_be_bytes();
        let said = far.say(&[0, 18, high, low, 0, 2, 9, 9]);
        assert_eq!(peer.receive(&said, NOW), []);
        let pong = [&[0, 19, high, low], vec![0; len.into()].as_slice()].concat();
        assert_eq!(far.hear(&mut peer), [pong]);
    }
    for len in [65_532u16, 65_535] {
        let [high, low] = len.to_be_bytes();
        let said = far.say(&[0, 18, high, low, 0, 0]);
        assert_eq!(peer.receive(&said, NOW), []);
        assert!(far.hear(&mut peer).is_empty());
    }
}

#[test]
fn a_quiet_peer_is_pinged_and_one_that_is_dead_is_noticed() {
    let (mut peer, mut far) = Far::ready();
    let quiet = NOW + PING_AFTER_MS;
    assert_eq!(peer.wake_at(), Some(quiet));
    assert_eq!(peer.tick(quiet - 1), []);
    assert!(far.hear(&mut peer).is_empty());

    assert_eq!(peer.tick(quiet), []);
    assert_eq!(far.hear(&mut peer), [PING]);
    assert_eq!(peer.wake_at(), Some(quiet + PONG_MS));
    let pong = far.say(&[0, 19, 0, 0]);
    // Half of it is no sign of life.
    assert_eq!(peer.receive(&pong[..30], quiet + 5), []);
    assert_eq!(peer.wake_at(), Some(quiet + PONG_MS));
    assert_eq!(peer.receive(&pong[30..], quiet + 7), []);
    assert_eq!(peer.wake_at(), Some(quiet + 7 + PING_AFTER_MS));

    let again = quiet + 7 + PING_AFTER_MS;
    assert_eq!(peer.tick(again), []);
    assert_eq!(far.hear(&mut peer), [PING]);
    let events = peer.tick(again + PONG_MS);
    assert_closed(&mut peer, &events, PeerTimeout, "any more");
}

#[test]
fn a_pong_shows_that_all_before_it_was_read() {
    let mut early = connect();
    assert_eq!(early.ping(NOW).unwrap_err().code(), PeerUnavailable);
    let (mut peer, mut far) = Far::ready();
    assert_eq!(peer.pongs_due(), 0);
    peer.ping(NOW).unwrap();
    peer.ping(NOW + 100).unwrap();
    assert_eq!(far.hear(&mut peer), [PING, PING]);
    // The first is the one that is waited for.
    assert_eq!((peer.pongs_due(), peer.wake_at()), (2, Some(NOW + PONG_MS)));
    let other = far.say(&[1, 3]);
    assert_eq!(peer.receive(&other, NOW + 200), []);
    assert_eq!(
        (peer.pongs_due(), peer.wake_at()),
        (2, Some(NOW + 200 + PING_AFTER_MS))
    );
    for due in [1, 0, 0] {
        let pong = far.say(&[0, 19, 0, 0]);
        assert_eq!(peer.receive(&pong, NOW + 300), []);
        assert_eq!(peer.pongs_due(), due);
    }
}

#[test]
fn a_machine_that_slept_asks_before_it_gives_up() {
    let (mut peer, mut far) = Far::ready();
    let morning = NOW + 8 * 3_600_000;
    assert_eq!(peer.tick(morning), []);
    assert_eq!(far.hear(&mut peer), [PING]);
    assert_eq!(peer.wake_at(), Some(morning + PONG_MS));
    // A clock that is set back undoes nothing.
    assert_eq!(peer.tick(NOW), []);
    assert_eq!(peer.closed(), None);
}
