//! The derivations, held against vectors that any other implementation can check itself with.

use std::path::PathBuf;

use bitcoin::constants::ChainHash;
use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};
use bitcoin::secp256k1::{PublicKey, Secp256k1, SecretKey};
use bitcoin::Network;
use hex_conservative::DisplayHex;
use serde_json::{json, Value};

use super::flight::{Flight, Stage};
use super::keys::{read_token, CopyWay, Keys};
use super::lines::{Peer, PAUSE_MS};
use super::state::State;
use super::ReplyPath;
use crate::Preimage;

const VECTORS: &str = include_str!("../../../tests/vectors/derivation.json");

fn point(byte: u8) -> PublicKey {
    let secret = SecretKey::from_slice(&[byte; 32]).unwrap();
    secret.public_key(&Secp256k1::new())
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().to_lower_hex_string()
}

fn vector(network: Network, seed: [u8; 32], nonce: [u8; 32]) -> Value {
    let keys = Keys::new(&seed, ChainHash::using_genesis_block(network).to_bytes());
    let (index, copy, path) = (258, 3, 1);
    let (via, reply_via, reply_node) = ([point(11), point(12)], [point(13)], point(14));
    let ours = ReplyPath::Ours {
        via: reply_via.to_vec(),
    };
    let to_node = ReplyPath::Node {
        via: reply_via.to_vec(),
        node_id: reply_node,
    };
    let way = |reply| CopyWay {
        copy,
        path,
        node_id: point(10),
        via: &via,
        skipped: 0,
        reply,
    };
    let stepped = CopyWay {
        skipped: 1,
        ..way(&ours)
    };
    let onion = |way: CopyWay<'_>| hex(keys.onion_entropy(&nonce, &way));
    let preimage = keys.preimage(&nonce);
    let host_preimage = Preimage::new([0x5a; 32]);
    let sealed = keys.seal(&nonce, &host_preimage).unwrap();
    assert_eq!(keys.unseal(&nonce, &sealed).unwrap(), host_preimage);
    let list = |points: &[PublicKey]| {
        points
            .iter()
            .map(|point| hex(point.serialize()))
            .collect::<Vec<_>>()
    };
    json!({
        "network": network.to_string(),
        "chain": hex(ChainHash::using_genesis_block(network).to_bytes()),
        "seed": hex(seed),
        "nonce": hex(nonce),
        "fingerprint": hex(keys.fingerprint()),
        "preimage": hex(preimage.expose()),
        "payment_hash": preimage.payment_hash().to_string(),
        "invoice_node_id": hex(keys.invoice_key(&nonce).unwrap().node_id().serialize()),
        "signature_of_zeros": hex(keys.invoice_key(&nonce).unwrap().sign(&[0; 32])),
        "reply_node_id": hex(keys.reply_node_id().unwrap().serialize()),
        "created_index": index,
        "copy": copy,
        "reply_token": hex(keys.reply_token(&nonce, index, copy)),
        "path": path,
        "node_id": hex(point(10).serialize()),
        "via": list(&via),
        "reply_via": list(&reply_via),
        "onion_entropy": onion(way(&ours)),
        "reply_entropy": hex(keys.reply_entropy(&nonce, copy, &reply_via, None)),
        "onion_entropy_without_reply": onion(way(&ReplyPath::None)),
        "onion_entropy_stepped_over_1": onion(stepped),
        "reply_node": hex(reply_node.serialize()),
        "onion_entropy_reply_to_node": onion(way(&to_node)),
        "reply_entropy_to_node": hex(keys.reply_entropy(&nonce, copy, &reply_via, Some(&reply_node))),
        "host_preimage": hex(host_preimage.expose()),
        "sealed_host_preimage": hex(sealed),
    })
}

fn vectors() -> Value {
    let rising = core::array::from_fn(|i| i as u8);
    json!({
        "comment": "Every secret is HMAC-SHA256(seed, \"invreq/1/\" purpose 00 chain parts). See core/src/engine/keys.rs.",
        "vectors": [
            vector(Network::Bitcoin, [7; 32], [9; 32]),
            vector(Network::Regtest, [7; 32], [9; 32]),
            vector(Network::Bitcoin, rising, [9; 32]),
            vector(Network::Bitcoin, [7; 32], rising),
        ],
    })
}

#[test]
fn derivations_are_those_of_the_vectors() {
    let ours = vectors();
    if std::env::var_os("INVREQ_WRITE_VECTORS").is_some() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/derivation.json");
        std::fs::write(path, serde_json::to_string_pretty(&ours).unwrap() + "\n").unwrap();
        return;
    }
    let theirs: Value = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(ours, theirs);
}

/// The construction itself, written down a second time.
#[test]
fn derivations_are_what_the_comment_says() {
    let vector = vector(Network::Regtest, [7; 32], [9; 32]);
    let chain = ChainHash::using_genesis_block(Network::Regtest).to_bytes();
    let derive = |purpose: &str, parts: &[&[u8]]| {
        let mut mac = HmacEngine::<sha256::Hash>::new(&[7; 32]);
        let text = [b"invreq/1/", purpose.as_bytes(), &[0], &chain, &parts.concat()].concat();
        mac.input(&text);
        Hmac::from_engine(mac).to_byte_array()
    };
    assert_eq!(vector["preimage"], hex(derive("preimage", &[&[9; 32]])));
    let secret = SecretKey::from_slice(&derive("invoice-node-id", &[&[9; 32], &[0]])).unwrap();
    let public = secret.public_key(&Secp256k1::new());
    assert_eq!(vector["invoice_node_id"], hex(public.serialize()));
    let secret = SecretKey::from_slice(&derive("reply-key", &[&[0]])).unwrap();
    assert_eq!(
        vector["reply_node_id"],
        hex(secret.public_key(&Secp256k1::new()).serialize())
    );
    assert_eq!(vector["fingerprint"], hex(&derive("fingerprint", &[])[..8]));
    let (index, copy) = (258u64.to_be_bytes(), 3u32.to_be_bytes());
    let tag = derive("reply-token", &[&[9; 32], &index, &copy]);
    assert_eq!(
        vector["reply_token"],
        hex([&index[..], &copy, &tag[..20]].concat())
    );
    let list = |points: &[u8]| -> Vec<u8> {
        let points = points.iter().flat_map(|byte| point(*byte).serialize());
        points.collect()
    };
    let one = |points: &[u8]| [&1u32.to_be_bytes()[..], &list(points)].concat();
    assert_eq!(
        vector["reply_entropy"],
        hex(derive("reply-path", &[&[9; 32], &copy, &one(&[13])]))
    );
    let to_node = [one(&[13]), list(&[14])].concat();
    assert_eq!(
        vector["reply_entropy_to_node"],
        hex(derive("reply-path-to-node", &[&[9; 32], &copy, &to_node]))
    );
    let via = [&2u32.to_be_bytes()[..], &list(&[11, 12])].concat();
    let way = [&[9; 32], &copy[..], &1u32.to_be_bytes(), &list(&[10]), &via].concat();
    for (name, purpose, rest) in [
        ("onion_entropy", "onion", one(&[13])),
        (
            "onion_entropy_stepped_over_1",
            "onion",
            [one(&[13]), vec![0, 0, 0, 1]].concat(),
        ),
        ("onion_entropy_without_reply", "onion-without-reply", Vec::new()),
        ("onion_entropy_reply_to_node", "onion-reply-to-node", to_node),
    ] {
        assert_eq!(vector[name], hex(derive(purpose, &[&way, &rest])), "{name}");
    }
}

#[test]
fn everything_depends_on_everything() {
    let all = vectors();
    let vectors = all["vectors"].as_array().unwrap();
    let secrets = [
        "preimage",
        "invoice_node_id",
        "onion_entropy",
        "reply_entropy",
        "onion_entropy_without_reply",
        "onion_entropy_stepped_over_1",
        "onion_entropy_reply_to_node",
        "reply_entropy_to_node",
        "sealed_host_preimage",
    ];
    for (place, one) in vectors.iter().enumerate() {
        for other in &vectors[..place] {
            for name in secrets {
                assert_ne!(one[name], other[name], "{name}");
            }
        }
    }
    let keys = Keys::new(&[7; 32], [0; 32]);
    let none = ReplyPath::None;
    let base = || CopyWay {
        copy: 1,
        path: 1,
        node_id: point(1),
        via: &[],
        skipped: 0,
        reply: &none,
    };
    let (one, two) = ([point(2)], [point(2), point(3)]);
    let mut ways = vec![
        base(),
        CopyWay { copy: 2, ..base() },
        CopyWay { path: 2, ..base() },
        CopyWay {
            node_id: point(2),
            ..base()
        },
        CopyWay { via: &one, ..base() },
        CopyWay { via: &two, ..base() },
        CopyWay { skipped: 1, ..base() },
        CopyWay { skipped: 2, ..base() },
    ];
    // Every way back, and every end of it, has keys of its own: [2] to 3 is not [2, 3] to our key.
    let vias: [&[PublicKey]; 4] = [&[], &one, &two, &[point(3)]];
    let mut replies = Vec::new();
    for via in vias.map(<[PublicKey]>::to_vec) {
        for node_id in [point(2), point(3), point(4)] {
            let via = via.clone();
            replies.push(ReplyPath::Node { via, node_id });
        }
        replies.push(ReplyPath::Ours { via });
    }
    for reply in &replies {
        ways.push(CopyWay { reply, ..base() });
        ways.push(CopyWay {
            reply,
            via: &one,
            ..base()
        });
        ways.push(CopyWay {
            reply,
            skipped: 1,
            ..base()
        });
    }
    let mut seen: Vec<_> = ways.iter().map(|way| keys.onion_entropy(&[9; 32], way)).collect();
    seen.extend(replies.iter().map(|reply| match reply {
        ReplyPath::Node { via, node_id } => keys.reply_entropy(&[9; 32], 1, via, Some(node_id)),
        ReplyPath::Ours { via } => keys.reply_entropy(&[9; 32], 1, via, None),
        ReplyPath::Host | ReplyPath::None => unreachable!(),
    }));
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), ways.len() + replies.len());
    // Who makes no path has none to share a key with.
    let host = CopyWay {
        reply: &ReplyPath::Host,
        ..base()
    };
    assert_eq!(
        keys.onion_entropy(&[9; 32], &host),
        keys.onion_entropy(&[9; 32], &base())
    );
}

#[test]
fn tokens_name_their_copy_and_cannot_be_made_up() {
    let keys = Keys::new(&[7; 32], [0; 32]);
    let token = keys.reply_token(&[9; 32], u64::MAX, u32::MAX);
    assert_eq!(read_token(&token), (u64::MAX, u32::MAX));
    assert!(keys.is_reply_token(&token, &[9; 32], u64::MAX, u32::MAX));
    assert!(!keys.is_reply_token(&token, &[9; 32], u64::MAX, 0));
    assert!(!keys.is_reply_token(&token, &[8; 32], u64::MAX, u32::MAX));
    for place in 0..32 {
        let mut forged = token;
        forged[place] ^= 0x80;
        let (index, copy) = read_token(&forged);
        assert!(!keys.is_reply_token(&forged, &[9; 32], index, copy), "{place}");
    }
}

#[test]
fn peers_that_nobody_waits_for_are_forgotten() {
    let mut state = State::default();
    let peer = |byte| Peer::from(&point(byte));
    for byte in 1..100 {
        state.set_sent(peer(byte), u64::from(byte));
    }
    let in_line = |byte| Flight {
        stage: Stage::InLine(peer(byte), 5),
        ..Flight::due(0, 0)
    };
    state.set_flight(1, Some(in_line(7)));
    assert_eq!(state.wake_at(), Some(7 + PAUSE_MS));
    state.set_tick(50 + PAUSE_MS);
    // Those that may not be sent to yet, and the one that somebody waits for.
    assert_eq!(state.lines.peers().len(), 49 + 1);
    state.set_flight(1, None);
    state.set_tick(u64::MAX);
    assert_eq!((state.lines.peers().len(), state.wake_at()), (0, None));
}

#[test]
fn what_was_sealed_opens_under_its_own_nonce_only() {
    let keys = Keys::new(&[7; 32], [0; 32]);
    let sealed = keys.seal(&[9; 32], &Preimage::new([1; 32])).unwrap();
    assert!(keys.unseal(&[8; 32], &sealed).is_err());
    assert!(Keys::new(&[8; 32], [0; 32]).unseal(&[9; 32], &sealed).is_err());
    for length in 0..sealed.len() {
        assert!(keys.unseal(&[9; 32], &sealed[..length]).is_err());
    }
    let mut altered = sealed;
    altered[0] ^= 1;
    assert!(keys.unseal(&[9; 32], &altered).is_err());
}
