//! The vectors of the BOLTs.

use invreq::bolt12::{
    invoice_request_digest, merkle_root, read_bigsize, signature_tag, tagged_hash, verify_signature,
    write_bigsize, Bolt12, InvoiceRequest, Kind, Offer, TlvStream, TlvWriter,
};
use serde_json::Value;

use crate::common::{expected_fields, fields, hex, json, list, str, unhex};

#[test]
fn format_string() {
    let vectors = json("bolts/bolt12/format-string-test.json");
    for case in list(&vectors) {
        let read = str(&case["string"]).parse::<Offer>();
        assert_eq!(
            read.is_ok(),
            case["valid"].as_bool().unwrap(),
            "{}",
            case["comment"]
        );
    }
    assert_eq!(list(&vectors).len(), 12);
}

#[test]
fn offers() {
    let vectors = json("bolts/bolt12/offers-test.json");
    for case in list(&vectors) {
        let (text, what) = (str(&case["bolt12"]), str(&case["description"]));
        let read = text.parse::<Bolt12>();
        assert_eq!(read.is_ok(), case["valid"].as_bool().unwrap(), "{what}: {read:?}");
        if let Ok(offer) = read {
            assert_eq!(fields(&offer), expected_fields(&case["fields"]), "{what}");
            assert_eq!(offer.to_string(), text, "{what}");
        }
    }
    assert_eq!(list(&vectors).len(), 53);
}

/// What is wrong with each invalid offer, in the words of the vectors: the code must say the same.
#[test]
fn invalid_offers_break_the_rule_that_is_named() {
    let codes = [
        ("Malformed: fields out of order", "tlv_not_ascending", None),
        (
            "Malformed: unknown even TLV type 78",
            "unknown_even_field",
            Some(72), // whatever the description says
        ),
        ("Malformed: empty", "empty_stream", None),
        (
            "Malformed: invalid offer_chains length",
            "invalid_length",
            Some(2),
        ),
        ("Malformed: invalid currency UTF-8", "invalid_utf8", Some(6)),
        ("Malformed: invalid description UTF-8", "invalid_utf8", Some(10)),
        ("Malformed: invalid offer_issuer_id", "invalid_point", Some(22)),
        ("Contains unknown feature 122", "unknown_feature", Some(12)),
        (
            "Missing offer_description, but has offer_amount",
            "missing_field",
            Some(10),
        ),
        (
            "Missing offer_amount with offer_currency",
            "missing_field",
            Some(8),
        ),
        ("Invalid: zero offer_amount", "amount_out_of_range", Some(8)),
        (
            "Missing offer_issuer_id and no offer_path",
            "missing_field",
            Some(22),
        ),
        ("Second offer_path is empty", "empty_path", Some(16)),
        ("offer_chains with zero entries", "invalid_value", Some(2)),
        ("Bech32 padding exceeds 4-bit limit", "invalid_padding", None),
    ];
    let vectors = json("bolts/bolt12/offers-test.json");
    for (what, code, field) in codes {
        let case = list(&vectors)
            .iter()
            .find(|case| str(&case["description"]) == what)
            .unwrap();
        let error = str(&case["bolt12"]).parse::<Offer>().unwrap_err();
        assert_eq!(error.code().as_str(), code, "{what}: {error}");
        if let Some(number) = field {
            assert_eq!(
                error.field().map(|field| field.number),
                Some(number),
                "{what}: {error}"
            );
        }
        assert!(error.rule().is_some(), "{what}: {error}");
    }
}

/// Several vectors on blinded paths and on high types give a record a wrong length, so that they fail before their point:
/// here they are with the right one.
#[test]
fn paths_and_ranges_of_offers() {
    let (good, bad) = ([2u8; 33], [3u8; 33]);
    let hop = |key: &[u8]| [key, &[0, 1, 0xaa]].concat();
    let path = |first: &[u8], key: &[u8], hops: &[Vec<u8>]| {
        [first, key, &[hops.len() as u8], &hops.concat()].concat()
    };
    let scid = [1, 0, 0, 1, 0, 0, 2, 0, 3];
    let read = |value: &[u8]| {
        let mut writer = TlvWriter::new();
        writer.record(16, value).unwrap();
        let read = Offer::from_bytes(writer.into_bytes());
        read.map_err(|error| (error.code().as_str(), error.field().unwrap().number))
    };
    let fine = path(&good, &good, &[hop(&good), hop(&good)]);
    assert!(read(&fine).is_ok());
    assert!(read(&path(&scid, &good, &[hop(&good)])).is_ok());
    assert_eq!(read(&[]), Err(("empty_paths", 16)));
    assert_eq!(read(&path(&good, &good, &[])), Err(("empty_path", 16)));
    assert_eq!(
        read(&path(&bad, &good, &[hop(&good)])),
        Err(("invalid_point", 16))
    );
    assert_eq!(
        read(&path(&good, &bad, &[hop(&good)])),
        Err(("invalid_point", 16))
    );
    assert_eq!(
        read(&path(&good, &good, &[hop(&bad)])),
        Err(("invalid_point", 16))
    );
    assert_eq!(
        read(&path(&[4; 33], &good, &[hop(&good)])),
        Err(("invalid_value", 16))
    );
    for (number, code) in [
        (79, "ok"),
        (80, "unknown_even_field"),
        (81, "field_out_of_range"),
        (241, "field_out_of_range"),
        (999_999_999, "field_out_of_range"),
        (1_000_000_001, "ok"),
        (1_000_000_002, "unknown_even_field"),
        (1_999_999_999, "ok"),
        (2_000_000_001, "field_out_of_range"),
    ] {
        let mut writer = TlvWriter::new();
        writer.record(16, &fine).unwrap().record(number, &[]).unwrap();
        let read = Offer::from_bytes(writer.into_bytes());
        assert_eq!(
            read.map_or_else(|error| error.code().as_str(), |_| "ok"),
            code,
            "{number}"
        );
    }
    for length in 1..fine.len() {
        assert_eq!(read(&fine[..length]), Err(("invalid_length", 16)), "{length}");
    }
}

#[test]
fn bigsize() {
    let decode = json("bolts/bolt01/bigsize-decode-test.json");
    for case in list(&decode) {
        let bytes = unhex(str(&case["bytes"]));
        match (case["exp_error"].as_str(), read_bigsize(&bytes)) {
            (None, Ok((number, rest))) => {
                assert_eq!(Some(number), case["value"].as_u64(), "{case}");
                assert!(rest.is_empty());
            }
            (Some(error), Err(found)) => {
                let code = if error.contains("canonical") {
                    "tlv_not_minimal"
                } else {
                    "tlv_truncated"
                };
                assert_eq!(found.code().as_str(), code, "{case}");
            }
            (_, found) => panic!("{case}: {found:?}"),
        }
    }
    let encode = json("bolts/bolt01/bigsize-encode-test.json");
    for case in list(&encode) {
        let mut bytes = Vec::new();
        write_bigsize(&mut bytes, case["value"].as_u64().unwrap());
        assert_eq!(hex(bytes), str(&case["bytes"]));
    }
    assert_eq!((list(&decode).len(), list(&encode).len()), (18, 8));
}

#[test]
fn signatures() {
    let vectors = json("bolts/bolt12/signature-test.json");
    assert_eq!(list(&vectors).len(), 4);
    list(&vectors).iter().for_each(check_merkle);
}

#[test]
fn signatures_of_core_lightning() {
    let vectors = json("cln/cln-signature-test.json");
    assert_eq!(list(&vectors).len(), 4);
    list(&vectors).iter().for_each(check_merkle);
}

/// Every hash of a case, from leaf to signature.
fn check_merkle(case: &Value) {
    let first = unhex(str(&case["first-tlv"]));
    let mut stream = Vec::new();
    for leaf in list(&case["leaves"]) {
        let record = entry(leaf, "H(`LnLeaf`,").0;
        let mut number = Vec::new();
        write_bigsize(&mut number, read_bigsize(&record).unwrap().0);
        let leaf_hash = tagged_hash(b"LnLeaf", &record);
        assert_eq!(hex(leaf_hash), entry(leaf, "H(`LnLeaf`,").1);
        let nonce_tag = [b"LnNonce".as_slice(), &first].concat();
        let nonce_key = leaf
            .as_object()
            .unwrap()
            .keys()
            .find(|key| key.contains("LnNonce"))
            .unwrap();
        assert_eq!(hex(tagged_hash(&nonce_tag, &number)), str(&leaf[nonce_key]));
        stream.extend(record);
    }
    for branch in list(&case["branches"]) {
        let (pair, hash) = entry(branch, "H(`LnBranch`,");
        assert_eq!(hex(tagged_hash(b"LnBranch", &pair)), hash);
    }
    let stream = TlvStream::parse(stream).unwrap();
    let root = merkle_root(&stream).unwrap();
    assert_eq!(hex(root), str(&case["merkle"]));

    let Some(text) = case["bolt12"].as_str() else {
        return;
    };
    let request: InvoiceRequest = text.parse().unwrap();
    assert_eq!(request.merkle_root(), root);
    assert_eq!(
        signature_tag(Kind::InvoiceRequest),
        case["signature_tag"].as_str()
    );
    let digest = invoice_request_digest(&root);
    assert_eq!(hex(digest), str(&case["H(signature_tag,merkle)"]));
    let signature = request.signature().unwrap();
    assert_eq!(hex(signature), str(&case["signature"]));
    let payer = request.payer_id().unwrap();
    assert!(verify_signature(&digest, &signature, &payer));
    for bit in 0..512 {
        let mut broken = signature;
        broken[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify_signature(&digest, &broken, &payer));
    }
}

/// The entry whose key starts with this, up to a closing parenthesis: the hex in the key, and the value.
fn entry<'a>(object: &'a Value, start: &str) -> (Vec<u8>, &'a str) {
    let (key, value) = object
        .as_object()
        .unwrap()
        .iter()
        .find(|(key, _)| key.starts_with(start))
        .unwrap();
    (unhex(key[start.len()..].strip_suffix(')').unwrap()), str(value))
}

/// One changed bit anywhere in a signed message, and it is refused - but for the one that turns the signature (240) into
/// an unknown odd record (241): that leaves an unsigned request, and is reported as one.
#[test]
fn no_bit_can_be_changed() {
    let vectors = json("bolts/bolt12/signature-test.json");
    let text = str(&list(&vectors)[3]["bolt12"]);
    let bytes = text.parse::<InvoiceRequest>().unwrap().as_bytes().to_vec();
    let mut unsigned = Vec::new();
    for bit in 0..bytes.len() * 8 {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        if let Ok(request) = InvoiceRequest::from_bytes(broken) {
            assert!(!request.is_signed(), "bit {bit}");
            unsigned.push(bit);
        }
    }
    let signature = bytes.len() - 66;
    assert_eq!(unsigned, [signature * 8]);
}
