//! Indexes as Core Lightning has them, lists, and deletions.

use invreq::engine::{ListIndex, ListInvoices, Page, SendInvoice, Status};
use invreq::ErrorCode;

use crate::common::{params, Host, Request};
use crate::stores::{key, overwrite};

/// Invoices `1`, `2` and so on, each for a request of its own.
fn make(host: &mut Host, labels: core::ops::RangeInclusive<u32>) {
    for number in labels {
        let params = SendInvoice {
            expiry: Some(100 + number),
            ..params(&Request::number(number).text(), &number.to_string())
        };
        host.send(params).unwrap();
    }
}

fn pay(host: &mut Host, label: &str) {
    let hash = host.get(label).payment_hash;
    host.receive(hash, 50_000).unwrap();
}

fn labels(page: &Page) -> Vec<&str> {
    page.records.iter().map(|record| record.label.as_str()).collect()
}

fn by_change(start: u64, limit: Option<u32>) -> ListInvoices {
    ListInvoices {
        index: ListIndex::Updated,
        start,
        limit,
        ..ListInvoices::default()
    }
}

fn indexes(host: &mut Host, label: &str) -> (u64, Option<u64>, Option<u64>) {
    let record = host.get(label);
    let pay_index = record.payment.map(|payment| payment.pay_index);
    (record.created_index, record.updated_index, pay_index)
}

#[test]
fn indexes_count_as_those_of_core_lightning() {
    let mut host = Host::new();
    make(&mut host, 1..=4);
    assert_eq!(indexes(&mut host, "4"), (4, None, None));
    pay(&mut host, "3");
    assert_eq!(indexes(&mut host, "3"), (3, Some(1), Some(1)));
    host.wait_s(101);
    host.wait_s(1);
    assert_eq!(indexes(&mut host, "1"), (1, Some(2), None));
    pay(&mut host, "2");
    assert_eq!(indexes(&mut host, "2"), (2, Some(3), Some(2)));
    pay(&mut host, "1");
    assert_eq!(indexes(&mut host, "1"), (1, Some(4), Some(3)));
    assert_eq!(indexes(&mut host, "4"), (4, None, None));
}

#[test]
fn indexes_are_never_used_twice() {
    let mut host = Host::new();
    make(&mut host, 1..=2);
    pay(&mut host, "2");
    host.delete("2", Status::Paid).unwrap();
    host.delete("1", Status::Unpaid).unwrap();
    assert_eq!(
        host.entries().len(),
        2,
        "all that is left is whose store it is and the revision"
    );
    host.restart();
    make(&mut host, 3..=3);
    pay(&mut host, "3");
    assert_eq!(indexes(&mut host, "3"), (3, Some(2), Some(2)));
}

#[test]
fn a_list_goes_by_creation_over_open_and_closed() {
    let mut host = Host::new();
    make(&mut host, 1..=7);
    for label in ["2", "5", "6"] {
        pay(&mut host, label);
    }
    host.delete("4", Status::Unpaid).unwrap();
    let all = host.list(ListInvoices::default()).unwrap();
    assert_eq!(
        (labels(&all), all.next),
        (vec!["1", "2", "3", "5", "6", "7"], None)
    );
    for restart in [false, true] {
        if restart {
            host.restart();
        }
        for limit in 1..=7 {
            let (mut start, mut found, mut pages) = (0, Vec::new(), 0);
            loop {
                let query = ListInvoices {
                    start,
                    limit: Some(limit),
                    ..ListInvoices::default()
                };
                let page = host.list(query).unwrap();
                assert!(!page.records.is_empty() && page.records.len() <= limit as usize);
                found.extend(page.records.into_iter().map(|record| record.label));
                pages += 1;
                match page.next {
                    Some(next) => start = next,
                    None => break,
                }
            }
            assert_eq!(found, labels(&all), "{limit}");
            assert_eq!(pages, 6u32.div_ceil(limit), "no page is empty");
        }
    }
}

#[test]
fn a_list_goes_by_change() {
    let mut host = Host::new();
    make(&mut host, 1..=6);
    for label in ["5", "1", "3"] {
        pay(&mut host, label);
    }
    host.wait_s(103);
    let all = host.list(by_change(0, None)).unwrap();
    assert_eq!((labels(&all), all.next), (vec!["5", "1", "3", "2"], None));
    let page = host.list(by_change(0, Some(2))).unwrap();
    assert_eq!((labels(&page), page.next), (vec!["5", "1"], Some(3)));
    let page = host.list(by_change(3, Some(2))).unwrap();
    assert_eq!((labels(&page), page.next), (vec!["3", "2"], None));
    // A change moves to the end.
    pay(&mut host, "2");
    assert_eq!(labels(&host.list(by_change(4, None)).unwrap()), ["2"]);
    assert_eq!(
        labels(&host.list(by_change(u64::MAX, None)).unwrap()),
        [] as [&str; 0]
    );
}

#[test]
fn an_invoice_that_a_damaged_index_names_twice_is_listed_once() {
    let mut host = Host::new();
    make(&mut host, 1..=3);
    for label in ["1", "2", "3"] {
        pay(&mut host, label);
    }
    let changed = |number: u64| key(&[b"u", number.to_be_bytes().as_slice()].concat());
    let pointer = |number: u64| {
        let entries = host.entries();
        let found = entries.iter().find(|entry| entry.key == changed(number));
        found.unwrap().value.clone()
    };
    let third = pointer(3);
    overwrite(&host, |batch| batch.put(changed(1), third));
    host.restart();
    let all = host.list(by_change(0, None)).unwrap();
    assert_eq!((labels(&all), all.next), (vec!["3", "2"], None));
    let page = host.list(by_change(0, Some(2))).unwrap();
    assert_eq!((labels(&page), page.next), (vec!["3", "2"], Some(3)));
}

#[test]
fn an_index_that_names_another_invoice_is_damage() {
    let mut host = Host::new();
    make(&mut host, 1..=2);
    for label in ["1", "2"] {
        pay(&mut host, label);
    }
    let hash = host.get("1").payment_hash;
    let by_hash = key(&[b"h", hash.0.as_slice()].concat());
    let second = 2u64.to_be_bytes();
    let entries = host.entries();
    assert!(entries.iter().any(|entry| entry.key == by_hash));
    let by_label = entries
        .iter()
        .find(|entry| entry.key.starts_with(&key(b"l")) && entry.value == 1u64.to_be_bytes())
        .unwrap();
    overwrite(&host, |batch| {
        batch.put(by_hash, second).put(by_label.key.clone(), second)
    });
    host.restart();
    let payment_hash = ListInvoices {
        payment_hash: Some(hash),
        ..ListInvoices::default()
    };
    assert_eq!(
        host.list(payment_hash).unwrap_err().code(),
        ErrorCode::StoreCorrupt
    );
    let claim = host.claim(hash, 50_000).unwrap_err();
    assert_eq!(claim.code(), ErrorCode::StoreCorrupt);
    assert_eq!(
        host.delete("1", Status::Paid).unwrap_err().code(),
        ErrorCode::StoreCorrupt
    );
}

#[test]
fn a_list_can_be_filtered() {
    let mut host = Host::new();
    make(&mut host, 1..=4);
    pay(&mut host, "2");
    host.wait_s(104);
    let of = |status| ListInvoices {
        status: Some(status),
        ..ListInvoices::default()
    };
    assert_eq!(labels(&host.list(of(Status::Paid)).unwrap()), ["2"]);
    assert_eq!(labels(&host.list(of(Status::Expired)).unwrap()), ["1", "3"]);
    assert_eq!(labels(&host.list(of(Status::Unpaid)).unwrap()), ["4"]);
    for label in ["1", "2", "4"] {
        let hash = Some(host.get(label).payment_hash);
        let by_hash = ListInvoices {
            payment_hash: hash,
            ..ListInvoices::default()
        };
        assert_eq!(labels(&host.list(by_hash.clone()).unwrap()), [label]);
        let both = ListInvoices {
            label: Some("3".to_owned()),
            ..by_hash.clone()
        };
        assert_eq!(labels(&host.list(both).unwrap()), [] as [&str; 0]);
        let wrong = ListInvoices {
            status: Some(Status::Expired),
            label: Some("4".to_owned()),
            ..by_hash
        };
        assert_eq!(labels(&host.list(wrong).unwrap()), [] as [&str; 0]);
    }
    let nobody = ListInvoices {
        label: Some("9".to_owned()),
        ..ListInvoices::default()
    };
    assert_eq!(host.list(nobody).unwrap().records.len(), 0);
}

#[test]
fn a_limit_is_1_to_1000() {
    let mut host = Host::new();
    for (limit, good) in [
        (0, false),
        (1, true),
        (1000, true),
        (1001, false),
        (u32::MAX, false),
    ] {
        let result = host.list(ListInvoices {
            limit: Some(limit),
            ..ListInvoices::default()
        });
        match result {
            Ok(_) => assert!(good, "{limit}"),
            Err(error) => assert_eq!((error.code(), good), (ErrorCode::InvalidParameter, false)),
        }
    }
}

#[test]
fn deleting_needs_the_right_status() {
    let mut host = Host::new();
    make(&mut host, 1..=3);
    pay(&mut host, "2");
    host.wait_s(101);
    host.wait_s(1);
    host.events.clear();
    let right = [("1", Status::Expired), ("2", Status::Paid), ("3", Status::Unpaid)];
    for (label, status) in right {
        for wrong in [Status::Unpaid, Status::Paid, Status::Expired] {
            if wrong != status {
                let error = host.delete(label, wrong).unwrap_err();
                assert_eq!((error.code(), error.rpc_code()), (ErrorCode::StatusMismatch, 906));
                assert_eq!(error.record().unwrap().status, status);
            }
        }
        let record = host.get(label);
        assert_eq!(host.delete(label, status).unwrap(), record);
        let error = host.delete(label, status).unwrap_err();
        assert_eq!((error.code(), error.rpc_code()), (ErrorCode::NotFound, 905));
        assert_eq!(host.event_names(), ["deleted"]);
    }
    assert_eq!(host.entries().len(), 2);
    assert_eq!(host.engine.wake_at(), None);
}
