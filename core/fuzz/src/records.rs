//! Made-up records that are mostly what BOLT 12 expects under their number: random bytes seldom get past a public key.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use bitcoin::secp256k1::{Keypair, Message, Secp256k1, SecretKey};
use invreq::bolt12::{
    field_info, invoice_digest, invoice_request_digest, merkle_root, BlindedHop, BlindedPath, Introduction,
    Kind, PayInfo, TlvStream, TlvWriter, ValueType, FIELDS,
};

pub type Records = BTreeMap<u64, Vec<u8>>;

/// A few keys: more would only be slower.
pub static KEYS: LazyLock<Vec<Keypair>> = LazyLock::new(|| {
    let key = |number| SecretKey::from_slice(&[number; 32]).unwrap();
    (0x41..0x49)
        .map(|number| Keypair::from_secret_key(&Secp256k1::new(), &key(number)))
        .collect()
});

/// Some records, with numbers at the borders of every range.
pub fn records(input: &mut Unstructured<'_>) -> Result<Records> {
    let mut records = Records::new();
    for _ in 0..input.int_in_range(0..=14)? {
        let number = number(input)?;
        records.insert(number, value(input, number)?);
    }
    Ok(records)
}

fn number(input: &mut Unstructured<'_>) -> Result<u64> {
    Ok(match input.int_in_range(0..=7)? {
        0..=4 => input.choose(FIELDS)?.number,
        5 => input.int_in_range(0..=1_010)?,
        6 => *input.choose(&[
            79,
            81,
            159,
            161,
            239,
            241,
            1_000,
            1_001,
            999_999_999,
            1_000_000_000,
            1_000_000_001,
            1_999_999_999,
            2_000_000_000,
            2_000_000_001,
            2_999_999_999,
            3_000_000_000,
            3_000_000_001,
            u64::MAX,
        ])?,
        _ => input.arbitrary()?,
    })
}

/// A value for the record with this number; now and then a wrong one.
pub fn value(input: &mut Unstructured<'_>, number: u64) -> Result<Vec<u8>> {
    let kind = field_info(number).map_or(ValueType::Bytes, |info| info.value);
    if input.ratio(1, 12)? {
        return bytes(input, 80);
    }
    Ok(match kind {
        ValueType::Bytes | ValueType::Features => bytes(input, 40)?,
        ValueType::Text => match input.arbitrary()? {
            true => String::from_utf8_lossy(&bytes(input, 60)?)
                .into_owned()
                .into_bytes(),
            false => input
                .choose(&["USD", "", "a refund", "a\0b", "\u{202e}x"])?
                .as_bytes()
                .to_vec(),
        },
        ValueType::Number | ValueType::Msat | ValueType::Time | ValueType::Seconds => integer(input)?,
        ValueType::Chain => chain(input)?,
        ValueType::Chains => {
            let mut chains = Vec::new();
            for _ in 0..input.int_in_range(0..=3)? {
                chains.extend(chain(input)?);
            }
            chains
        }
        ValueType::Hash => vec![input.arbitrary()?; 32],
        ValueType::Signature => vec![input.arbitrary()?; 64],
        ValueType::Name => {
            let (user, domain) = (bytes(input, 20)?, bytes(input, 20)?);
            let sized = |part: &[u8]| [&[part.len() as u8], part].concat();
            [sized(&user), sized(&domain)].concat()
        }
        ValueType::Fallbacks => {
            let mut list = Vec::new();
            for _ in 0..input.int_in_range(0..=3)? {
                let program = bytes(input, 40)?;
                list.push(input.arbitrary()?);
                list.extend((program.len() as u16).to_be_bytes());
                list.extend(program);
            }
            list
        }
        ValueType::PayInfos => {
            let mut list = Vec::new();
            for _ in 0..input.int_in_range(0..=3)? {
                pay_info(input)?.write(&mut list).unwrap();
            }
            list
        }
        ValueType::Point => point(input)?,
        ValueType::Paths => {
            let mut list = Vec::new();
            for _ in 0..input.int_in_range(0..=3)? {
                path(input)?.write(&mut list).unwrap();
            }
            list
        }
    })
}

pub fn bytes(input: &mut Unstructured<'_>, most: usize) -> Result<Vec<u8>> {
    let len = input.int_in_range(0..=most)?;
    let len = len.min(input.len());
    Ok(input.bytes(len)?.to_vec())
}

pub fn integer(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let number: u64 = match input.int_in_range(0..=3)? {
        0 => *input.choose(&[
            0,
            1,
            7_200,
            50_000,
            1_700_000_000,
            u64::MAX,
            2_100_000_000_000_000_000,
        ])?,
        1 => input.arbitrary::<u16>()?.into(),
        2 => input.arbitrary::<u32>()?.into(),
        _ => input.arbitrary()?,
    };
    let skipped = (number.leading_zeros() >> 3) as usize;
    Ok(number.to_be_bytes()[skipped..].to_vec())
}

fn chain(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let name = *input.choose(&["bitcoin", "regtest", "signet"])?;
    Ok(match input.ratio(1, 8)? {
        true => vec![input.arbitrary()?; 32],
        false => invreq::bolt12::chain_hash(name).unwrap().to_vec(),
    })
}

fn point(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok(input.choose(&KEYS[..])?.public_key().serialize().to_vec())
}

pub fn path(input: &mut Unstructured<'_>) -> Result<BlindedPath> {
    let introduction = match input.ratio(1, 4)? {
        true => Introduction::Scid {
            direction: input.int_in_range(0..=1)?,
            scid: input.arbitrary()?,
        },
        false => Introduction::NodeId(input.choose(&KEYS[..])?.public_key()),
    };
    let mut hops = Vec::new();
    for _ in 0..input.int_in_range(0..=3)? {
        hops.push(BlindedHop {
            blinded_node_id: input.choose(&KEYS[..])?.public_key(),
            encrypted_recipient_data: bytes(input, 50)?,
        });
    }
    Ok(BlindedPath {
        introduction,
        path_key: input.choose(&KEYS[..])?.public_key(),
        hops,
    })
}

pub fn pay_info(input: &mut Unstructured<'_>) -> Result<PayInfo> {
    Ok(PayInfo {
        fee_base_msat: input.arbitrary()?,
        fee_proportional_millionths: input.arbitrary()?,
        cltv_expiry_delta: input.arbitrary()?,
        htlc_minimum_msat: *input.choose(&[0, 0, 1, 50_000, u64::MAX])?,
        htlc_maximum_msat: *input.choose(&[u64::MAX, u64::MAX, 2_100_000_000_000_000_000, 50_000, 0])?,
        features: match input.ratio(1, 8)? {
            true => bytes(input, 4)?,
            false => Vec::new(),
        },
    })
}

pub fn stream(records: &Records) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (number, value) in records {
        writer.record(*number, value).unwrap();
    }
    writer.into_bytes()
}

/// Signs with the key that the message names, if it is one of ours.
pub fn sign(records: &mut Records, kind: Kind) {
    records.remove(&240);
    let (named, digest): (_, fn(&[u8; 32]) -> [u8; 32]) = match kind {
        Kind::Invoice => (176, invoice_digest),
        _ => (88, invoice_request_digest),
    };
    let key = records.get(&named).and_then(|named| {
        KEYS.iter()
            .find(|key| key.public_key().serialize()[..] == named[..])
    });
    let root = TlvStream::parse(stream(records))
        .ok()
        .and_then(|stream| merkle_root(&stream));
    if let (Some(key), Some(root)) = (key, root) {
        let message = Message::from_digest(digest(&root));
        let signature = Secp256k1::new().sign_schnorr_no_aux_rand(&message, key);
        records.insert(240, signature.serialize().to_vec());
    }
}
