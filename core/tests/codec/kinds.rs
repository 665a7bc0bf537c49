//! What tells the three kinds of message apart, for programs and for people.

use invreq::bolt12::{encode_string, Bolt12, Invoice, InvoiceRequest, Kind, Offer};
use invreq::ErrorCode;

#[test]
fn a_kind_has_the_name_of_the_bolt() {
    for (kind, name) in Kind::ALL.into_iter().zip(["offer", "invoice_request", "invoice"]) {
        assert_eq!(kind.name(), name);
        assert_eq!(serde_json::to_value(kind).unwrap(), name);
    }
}

#[test]
fn whoever_gives_another_kind_is_told_what_it_is_and_what_is_wanted() {
    let read = |found: Kind, wanted: Kind| {
        let text = encode_string(found, &[10, 1, b'x']);
        let error = match wanted {
            Kind::Offer => text.parse::<Offer>().err(),
            Kind::InvoiceRequest => text.parse::<InvoiceRequest>().err(),
            Kind::Invoice => text.parse::<Invoice>().err(),
        };
        let error = error.unwrap();
        assert_eq!(error.code().as_str(), "wrong_type");
        error.message().to_owned()
    };
    let spoken = [
        (Kind::Offer, "an offer (lno1…)"),
        (Kind::InvoiceRequest, "an invoice request (lnr1…)"),
        (Kind::Invoice, "an invoice (lni1…)"),
    ];
    for (found, this) in spoken {
        for (wanted, that) in spoken.into_iter().filter(|(wanted, _)| *wanted != found) {
            assert_eq!(read(found, wanted), format!("this is {this}, not {that}"));
        }
    }
}

#[test]
fn an_error_says_which_kind_of_message_it_is_about() {
    for (kind, name) in [
        (Kind::Offer, "offer"),
        (Kind::InvoiceRequest, "invoice request"),
        (Kind::Invoice, "invoice"),
    ] {
        let message = |bytes: &[u8]| {
            let error = Bolt12::from_bytes(kind, bytes.to_vec()).unwrap_err();
            error.message().to_owned()
        };
        let empty = Bolt12::from_bytes(kind, Vec::new()).unwrap_err();
        assert_eq!(empty.code(), ErrorCode::EmptyStream);
        assert_eq!(empty.message(), format!("the {name} has no records"));
        let unknown = format!("the unknown field 78 is even: it must be understood to use the {name}");
        assert_eq!(message(&[78, 0]), unknown);
        // An invoice may hold any type.
        if kind != Kind::Invoice {
            let outside = format!("field 1001 lies outside the ranges of an {name}");
            assert_eq!(message(&[0xfd, 3, 0xe9, 0]), outside);
        }
    }
}
