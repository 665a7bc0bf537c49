use super::expect::{all, batch, holds, range, refuse, write, Check, Space, REVISION};
use super::Harness;
use crate::store::{prefix_end, Batch, Conflict, Entry, StoreError};

const CONFLICT: StoreError = StoreError::Conflict(Conflict::Revision);

pub(super) async fn begins_at_one<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    for revision in [2, 3, 256, u64::MAX] {
        refuse(&store, batch(revision).put("a", ""), CONFLICT).await?;
    }
    write(&store, batch(1)).await?;
    holds(&store, REVISION, Some(&[0, 0, 0, 0, 0, 0, 0, 1])).await
}

pub(super) async fn is_the_next<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    for revision in 1..=10u64 {
        write(&store, batch(revision).put("a", revision.to_be_bytes())).await?;
        let repeat = revision;
        let gap = revision.saturating_add(2);
        for wrong in [1, repeat, gap, u64::MAX] {
            refuse(&store, batch(wrong).put("a", "wrong"), CONFLICT).await?;
        }
        holds(&store, b"a", Some(&revision.to_be_bytes())).await?;
        holds(&store, REVISION, Some(&revision.to_be_bytes())).await?;
    }
    Ok(())
}

/// The revision is 8 bytes like those of any other entry, so another wallet's batch can set the scene.
pub(super) async fn encoding<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let (mut scene, mut set) = (0u64, Vec::new());
    // The last number before each border that some kind of integer has.
    for shift in [8, 16, 31, 32, 53, 63] {
        set.push((1u64 << shift).wrapping_sub(1));
    }
    set.push(u64::MAX.wrapping_sub(1));
    for last in set {
        scene = scene.saturating_add(1);
        write(
            &store,
            Batch::new("scene", scene).put(REVISION, last.to_be_bytes()),
        )
        .await?;
        let next = last.saturating_add(1);
        refuse(&store, batch(last), CONFLICT).await?;
        write(&store, batch(next)).await?;
        holds(&store, REVISION, Some(&next.to_be_bytes())).await?;
    }
    for odd in [
        &b""[..],
        b"1",
        b"\0\0\0\x01",
        b"\x01\0\0\0\0\0\0\0",
        b"\0\0\0\0\0\0\0\x01\0",
        b"\0\0\0\0\0\0\0\0",
    ] {
        scene = scene.saturating_add(1);
        write(&store, Batch::new("scene", scene).put(REVISION, odd)).await?;
        for revision in [1, 2] {
            refuse(&store, batch(revision), CONFLICT).await?;
        }
    }
    Ok(())
}

pub(super) async fn comes_first<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, batch(1).put("taken", "")).await?;
    refuse(&store, batch(1).require_absent("taken"), CONFLICT).await?;
    refuse(&store, batch(3).require_absent("taken"), CONFLICT).await
}

pub(super) async fn stale_writer<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    write(&store, batch(1).put("balance", "0")).await?;
    // Both have seen revision 1, and the first to write wins.
    write(&store, batch(2).put("balance", "by the first")).await?;
    refuse(
        &store,
        batch(2).put("balance", "by the second").delete("other"),
        CONFLICT,
    )
    .await?;
    holds(&store, b"balance", Some(b"by the first")).await?;
    // Having read again, the second can go on, and the first has to read again.
    write(&store, batch(3).put("balance", "by the second")).await?;
    refuse(&store, batch(3).put("balance", "by the first"), CONFLICT).await?;
    holds(&store, b"balance", Some(b"by the second")).await
}

pub(super) async fn wallets_apart<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let key = |wallet: &str, key: &str| format!("{wallet}/{key}").into_bytes();
    let batch = |wallet: &str, revision| {
        Batch::new(key(wallet, "revision"), revision).put(key(wallet, "data"), revision.to_string())
    };
    // One name is the beginning of the other.
    write(&store, batch("w1", 1)).await?;
    write(&store, batch("w10", 1)).await?;
    for revision in 2..=5u64 {
        write(&store, batch("w1", revision)).await?;
    }
    write(&store, batch("w10", 2).delete(key("w10", "none"))).await?;
    refuse(&store, batch("w10", 5), CONFLICT).await?;
    refuse(&store, batch("w1", 3), CONFLICT).await?;
    for (prefix, revision) in [("w1", 5u64), ("w10", 2)] {
        let expected = [
            Entry::new(key(prefix, "data"), revision.to_string()),
            Entry::new(key(prefix, "revision"), revision.to_be_bytes()),
        ];
        let start = key(prefix, "");
        range(&store, &start, &prefix_end(&start), 10, &expected).await?;
    }
    // A condition of one wallet is about all keys, not only its own.
    let taken = StoreError::Conflict(Conflict::Present(key("w10", "data")));
    refuse(&store, batch("w1", 6).require_absent(key("w10", "data")), taken).await?;
    super::expect::require(
        all(&store).await?.len() == 4,
        "two wallets of two entries each are not four entries",
    )
}
