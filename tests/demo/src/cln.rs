//! A request that Core Lightning made, which LDK cannot read.

use bitcoin::secp256k1::{Keypair, Secp256k1, SecretKey};
use invreq::answer::{answer, Answerable, Terms};
use invreq::bolt12::{
    chain_hash, BlindedHop, BlindedPath, Introduction, InvoiceRequest, PayInfo, PaymentPath,
};
use invreq::decode::{decode_with, DecodeOptions};
use invreq::Preimage;
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
    println!("\n{}", decode_with(text, &DecodeOptions::network("regtest")?)?);

    let request: InvoiceRequest = text.parse()?;
    let answerable = Answerable::new(request, chain_hash("regtest"), None)?;
    let secp = Secp256k1::new();
    let key = Keypair::from_secret_key(&secp, &SecretKey::from_slice(&[0x43; 32])?);
    let terms = Terms {
        created_at: 1_722_303_713,
        relative_expiry: 90,
        payment_hash: Preimage::new([0x44; 32]).payment_hash(),
        node_id: key.public_key(),
        mpp: true,
        paths: vec![example_path(&secp)?],
        paths_expire_at: None,
    };
    let invoice = answer(&answerable, &terms, &key, &secp)?;
    teller.step("invreq reads it, verifies the signature, and answers (with a made-up payment path):");
    teller.detail(&wrap(&invoice.to_string()));
    let accepted = Bolt12Invoice::try_from(invoice.as_bytes().to_vec());
    accepted.map_err(|error| format!("LDK refuses the answer: {error:?}"))?;
    teller.good("LDK, asked for a second opinion, accepts the invoice that answers what it could not read.");
    Ok(())
}

/// A path that leads nowhere, but looks like one: this chapter shows reading and signing, chapter 4 showed the money.
fn example_path(secp: &Secp256k1<bitcoin::secp256k1::All>) -> Told<PaymentPath> {
    let point = |byte: u8| SecretKey::from_slice(&[byte; 32]).map(|key| key.public_key(secp));
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
