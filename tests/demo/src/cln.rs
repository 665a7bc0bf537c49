//! A request that Core Lightning made, which LDK cannot read.

use invreq::answer::{prepare_str, Terms};
use invreq::bolt12::{BlindedHop, BlindedPath, Introduction, PayInfo, PaymentPath};
use invreq::decode::{decode_with, DecodeOptions};
use invreq::{NodeKey, Preimage};
use lightning::offers::invoice::Bolt12Invoice;
use lightning::offers::refund::Refund;

use crate::say::{wrap, Teller};
use crate::Told;

const CONTRACT: &str = include_str!("../../vectors/seed/sendinvoice.json");

pub fn tell() -> Told {
    let teller = Teller::new();
    teller.chapter("6. A request that Core Lightning made");
    let contract: serde_json::Value = serde_json::from_str(CONTRACT)?;
    let text = contract
        .pointer("/examples/0/request/params/invreq")
        .and_then(|text| text.as_str());
    let text = text.ok_or("the contract has no example")?;
    teller.detail(&wrap(text));
    match text.parse::<Refund>() {
        Ok(_) => teller.step("LDK reads it as a refund."),
        Err(error) => teller.step(&format!(
            "LDK refuses it: {error:?}. It is signed, and LDK's are not."
        )),
    }
    let regtest = DecodeOptions::network("regtest")?;
    println!("\n{}", decode_with(text, &regtest)?);

    let key = NodeKey::new(&[0x43; 32])?;
    let terms = Terms {
        created_at: 1_722_303_713,
        relative_expiry: 90,
        payment_hash: Preimage::new([0x44; 32]).payment_hash(),
        node_id: key.node_id(),
        mpp: true,
        paths: vec![example_path()?],
        paths_expire_at: None,
    };
    let invoice = prepare_str(text, regtest.chain, None, &terms)?.sign(&key)?;
    teller.step("invreq reads it, verifies the signature, and answers (with a made-up payment path):");
    teller.detail(&wrap(&invoice.to_string()));
    let accepted = Bolt12Invoice::try_from(invoice.as_bytes().to_vec());
    accepted.map_err(|error| format!("LDK refuses the answer: {error:?}"))?;
    teller.good("LDK, asked for a second opinion, accepts the invoice that answers what it could not read.");
    Ok(())
}

/// A path that leads nowhere, but looks like one: this chapter shows reading and signing, chapter 4 showed the money.
fn example_path() -> Told<PaymentPath> {
    let point = |byte: u8| NodeKey::new(&[byte; 32]).map(|key| key.node_id());
    let hops = vec![BlindedHop {
        blinded_node_id: point(0x47)?,
        encrypted_recipient_data: vec![0; 50],
    }];
    Ok(PaymentPath {
        path: BlindedPath {
            introduction: Introduction::NodeId(point(0x45)?),
            path_key: point(0x46)?,
            hops,
        },
        payinfo: PayInfo {
            cltv_expiry_delta: 18,
            htlc_maximum_msat: 1_000_000_000,
            ..PayInfo::default()
        },
    })
}
