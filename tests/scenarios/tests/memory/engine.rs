//! The life of an engine, driven by hand.

use invreq::engine::{ReplyPath, SendOutcome};
use invreq::store::MemoryStore;
use invreq::Preimage;

use crate::common::host::route;
use crate::common::{config, error_bytes, params, Host, PaysWith, Request};
use crate::search::{copies, derived, masked_seed, seed, MASK};

/// What the host's dice show next.
fn next_entropy(host: &Host) -> [u8; 32] {
    let mut bytes = [0xd1; 32];
    bytes[24..].copy_from_slice(&(host.dice + 1).to_be_bytes());
    bytes
}

/// An invoice is made, delivered, refused, claimed and paid; another waits.
#[inline(never)]
pub fn live() -> [[u8; 32]; 2] {
    let mut host = Box::new(Host::unopened(config(), seed(), MemoryStore::new()));
    // The host of this test has one of its own, which is not the engine's to wipe.
    host.seed = [0; 32];
    assert!(
        copies(&masked_seed()) > 0,
        "an engine that is at work has its seed"
    );
    host.default_route = route(ReplyPath::Ours { via: Vec::new() });
    host.restore().unwrap();
    host.send(params(&Request::number(1).text(), "a")).unwrap();
    host.delivered(SendOutcome::Accepted);
    let hash = host.get("a").payment_hash;
    assert!(host.claim(hash, 50_000).unwrap().preimage.is_some());
    host.default_route = route(ReplyPath::Host);
    host.wait(250);
    let nonce = next_entropy(&host);
    host.send(params(&Request::number(2).text(), "b")).unwrap();
    let copy = host.delivered(SendOutcome::Accepted);
    host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
    // The host's own preimage is sealed, and opened again for a claim.
    host.wait(250);
    host.source.with = PaysWith::Given([9; 32]);
    let sealed_with = next_entropy(&host);
    host.send(params(&Request::number(3).text(), "c")).unwrap();
    let hash = host.get("c").payment_hash;
    assert!(host.claim(hash, 50_000).unwrap().preimage.is_some());
    let preimage = Preimage::new(derived("preimage", &[&nonce]).map(|byte| byte ^ MASK));
    assert_eq!(
        preimage.payment_hash(),
        host.get("b").payment_hash,
        "it is this preimage that is looked for"
    );
    [nonce, sealed_with]
}
