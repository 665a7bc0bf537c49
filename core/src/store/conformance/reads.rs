use super::expect::{all, batch, entries, fail, holds, range, require, write, Check, Space};
use super::Harness;
use crate::store::{prefix_end, Batch, Entry, Store, MAX_KEY_LEN, MAX_VALUE_LEN};

pub(super) async fn range_of_nothing<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    range(&store, b"", &prefix_end(b""), 10, &[]).await?;
    range(&store, b"a", b"b", 10, &[]).await
}

pub(super) async fn range_order<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let sorted: [&[u8]; 12] = [
        b"k",
        b"k\0",
        b"k\0\0",
        b"k\0\xff",
        b"k\x01",
        b"k10",
        b"k2",
        b"k\x7f",
        b"k\x80",
        b"k\xff",
        b"k\xff\0",
        b"k\xff\xff",
    ];
    // Written in another order, in two writes.
    let (odd, even): (Vec<_>, Vec<_>) = entries(sorted)
        .into_iter()
        .enumerate()
        .partition(|(i, _)| i % 2 == 1);
    for (revision, half) in (1..).zip([odd, even]) {
        write(
            &store,
            put_all(batch(revision), half.into_iter().rev().map(|(_, entry)| entry)),
        )
        .await?;
    }
    range(&store, b"k", b"l", 100, &entries(sorted)).await
}

pub(super) async fn range_bounds<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, put_all(batch(1), entries(["b", "d", "f"]))).await?;
    let cases: [(&str, &str, &[&str]); 12] = [
        ("b", "f", &["b", "d"]),
        ("b", "f\0", &["b", "d", "f"]),
        ("b\0", "f", &["d"]),
        ("a", "c", &["b"]),
        ("a", "g", &["b", "d", "f"]),
        ("c", "e", &["d"]),
        ("d", "d\0", &["d"]),
        ("d", "d", &[]),
        ("f", "b", &[]),
        ("e", "f", &[]),
        ("", "b", &[]),
        ("", "", &[]),
    ];
    for (start, end, keys) in cases {
        range(&store, start.as_bytes(), end.as_bytes(), 100, &entries(keys)).await?;
    }
    Ok(())
}

pub(super) async fn range_limit<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let stored = entries(["a", "b", "c", "d"]);
    write(&store, put_all(batch(1), stored.clone())).await?;
    for limit in [0, 1, 3, 4, 5, usize::MAX] {
        range(&store, b"a", b"e", limit, stored.get(..limit).unwrap_or(&stored)).await?;
    }
    range(&store, b"b", b"d", 1, stored.get(1..2).unwrap_or_default()).await
}

pub(super) async fn range_pages<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let stored = entries((0..1_000u32).map(|number| number.to_be_bytes()));
    write(&store, put_all(batch(1), stored.clone())).await?;
    let (mut found, mut start) = (Vec::new(), Vec::new());
    loop {
        let page = store.range(&start, END_OF_NUMBERS, 64).await?;
        let is_last = page.len() < 64;
        if let Some(last) = page.last() {
            start = [&last.key[..], b"\0"].concat();
        }
        found.extend(page);
        // The second condition stops at a store that never gets on.
        if is_last || found.len() > stored.len() {
            break;
        }
    }
    require(
        found == stored,
        "1,000 entries read in pages of 64 are not each there once, in order",
    )
}

/// Ends the entries of `range_pages`, which are numbers below 1,000 in four bytes.
const END_OF_NUMBERS: &[u8] = b"\x01";

pub(super) async fn keys_are_bytes<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let mut keys: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![b'1', byte]).collect();
    // What text would fold together, cut short or refuse: case, spaces at the end, NUL, two ways to write an e with
    // an acute, and bytes that are no UTF-8.
    for key in [
        "2a",
        "2A",
        "2a ",
        "2a\0",
        "2a\0b",
        "2a\0c",
        "2\u{e9}",
        "2e\u{301}",
        "2%",
        "2_",
    ] {
        keys.push(key.as_bytes().to_vec());
    }
    keys.push(b"2\xc3\x28".to_vec());
    keys.sort_unstable();
    let stored = entries(keys);
    write(&store, put_all(batch(1), stored.clone())).await?;
    range(&store, b"1", b"3", 1_000, &stored).await?;
    // Each is found by itself, too, and can be told from its neighbours by a condition.
    for entry in &stored {
        holds(&store, &entry.key, Some(&entry.value)).await?;
    }
    write(
        &store,
        batch(2)
            .require_absent("2b")
            .require_absent("2a\0d")
            .require_absent("2A "),
    )
    .await
}

pub(super) async fn keys_of_every_length<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let mut stored = Vec::new();
    for byte in [0x00, b'k', 0xff] {
        for len in [1, 2, 255, 256, MAX_KEY_LEN.saturating_sub(1), MAX_KEY_LEN] {
            stored.push(Entry::new(vec![byte; len], vec![byte]));
        }
    }
    write(&store, put_all(Batch::new([0xff, 0], 1), stored.clone())).await?;
    let mut found = all(&store).await?;
    found.retain(|entry| entry.key != [0xff, 0]);
    require(
        found == stored,
        "not every key of 1 to 512 bytes is there, in order",
    )
}

pub(super) async fn values_of_every_size<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    for (revision, len) in (1..).zip([0, 1, 255, 4_096, 65_536, MAX_VALUE_LEN]) {
        let value: Vec<u8> = (0..=u8::MAX).cycle().take(len).collect();
        write(&store, batch(revision).put("value", value.clone())).await?;
        holds(&store, b"value", Some(&value)).await?;
    }
    // A whole batch of them at once, and in one page.
    let value = |key: u8| vec![key; MAX_VALUE_LEN.saturating_sub(100)];
    let stored: Vec<Entry> = (1..=4).map(|key| Entry::new([key], value(key))).collect();
    write(&store, put_all(batch(7), stored.clone())).await?;
    let found = store.range(b"\x01", b"\x05", 4).await?;
    if found != stored {
        return fail(format!("of four values of almost 1 MiB the answer was {found:?}"));
    }
    Ok(())
}

fn put_all(mut batch: Batch, entries: impl IntoIterator<Item = Entry>) -> Batch {
    batch.puts.extend(entries);
    batch
}
