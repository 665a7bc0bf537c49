use super::expect::{all, batch, fail, holds, require, write, Check, Space, REVISION};
use super::join::{join_all, poll_times, Call};
use super::Harness;
use crate::store::{Batch, Conflict, Store, StoreError};

const WRITERS: u8 = 8;
const ROUNDS: u64 = 20;

pub(super) async fn on_a_revision<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    race(&[&store]).await
}

pub(super) async fn of_handles<H: Harness>(space: &Space<'_, H>) -> Check {
    space.needs_shared()?;
    let (first, second) = (space.open().await?, space.open().await?);
    race(&[&first, &second]).await?;
    // What one handle wrote, the other reads at once.
    for (revision, [writer, reader]) in
        (ROUNDS.saturating_add(1)..).zip([[&first, &second], [&second, &first]])
    {
        write(writer, batch(revision).put("seen", revision.to_be_bytes())).await?;
        holds(reader, b"seen", Some(&revision.to_be_bytes())).await?;
    }
    Ok(())
}

/// In each round all writers write the same revision, and exactly one may win.
async fn race<S: Store>(stores: &[&S]) -> Check {
    for revision in 1..=ROUNDS {
        let mark = |writer: u8| [writer].repeat(3);
        let batches: Vec<Batch> = (0..WRITERS)
            .map(|writer| {
                batch(revision)
                    .put("winner", mark(writer))
                    .put([b'w', writer], revision.to_be_bytes())
            })
            .collect();
        let writes = batches
            .iter()
            .zip(stores.iter().cycle())
            .map(|(batch, store)| store.write(batch));
        let results = join_all(writes).await;
        let mut winners = Vec::new();
        for (writer, result) in (0..).zip(results) {
            match result {
                Ok(()) => winners.push(writer),
                Err(StoreError::Conflict(Conflict::Revision)) => {}
                Err(error) => return fail(format!("a writer that was too late got {error:?}")),
            }
        }
        let [winner] = winners[..] else {
            return fail(format!(
                "of {WRITERS} writers of revision {revision}, {} won",
                winners.len()
            ));
        };
        for store in stores {
            holds(*store, b"winner", Some(&mark(winner))).await?;
            holds(*store, &[b'w', winner], Some(&revision.to_be_bytes())).await?;
            holds(*store, REVISION, Some(&revision.to_be_bytes())).await?;
        }
    }
    Ok(())
}

pub(super) async fn on_an_absent_key<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    // Each writer is a wallet of its own, so that only the condition on the key can stop it.
    let mut revisions = [1u64; WRITERS as usize];
    for round in 0..ROUNDS {
        let claimed = [&b"claimed "[..], &round.to_be_bytes()].concat();
        let batches: Vec<Batch> = (0..WRITERS)
            .zip(revisions)
            .map(|(writer, revision)| {
                Batch::new([b'r', writer], revision)
                    .require_absent(claimed.as_slice())
                    .put(claimed.as_slice(), [writer])
            })
            .collect();
        let results = join_all(batches.iter().map(|batch| store.write(batch))).await;
        let won = results.iter().filter(|result| result.is_ok()).count();
        require(
            won == 1,
            &format!("{won} of {WRITERS} writers found the same key absent"),
        )?;
        for ((writer, result), revision) in (0..).zip(results).zip(&mut revisions) {
            match result {
                Ok(()) => {
                    *revision = revision.saturating_add(1);
                    holds(&store, &claimed, Some(&[writer])).await?;
                }
                Err(StoreError::Conflict(Conflict::Present(key))) if key == claimed => {}
                Err(error) => return fail(format!("a writer that was too late got {error:?}")),
            }
        }
    }
    Ok(())
}

pub(super) async fn of_reads_and_writes<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    // Every write gives all keys the same new value, in another order each time.
    let keys = [b"a", b"b", b"c", b"d"];
    let put_all = |revision: u64| {
        let value = revision.to_be_bytes();
        let mut batch = keys
            .iter()
            .fold(batch(revision), |batch, key| batch.put(**key, value));
        if revision % 2 == 0 {
            batch.puts.reverse();
        }
        batch
    };
    write(&store, put_all(1)).await?;
    for revision in 2..=ROUNDS {
        let next = put_all(revision);
        // Several times over, for a write may take longer than a read.
        let read = || async {
            for _ in 0..8 {
                let page = store.range(b"a", b"e", 10).await?;
                let first = page.first().map(|entry| &entry.value);
                let whole = page.len() == keys.len() && page.iter().all(|entry| Some(&entry.value) == first);
                require(whole, "a read saw a part of a write")?;
            }
            Ok(())
        };
        let mut calls: Vec<Call<'_>> = vec![Box::pin(read()), Box::pin(read())];
        calls.push(Box::pin(async { Ok(store.write(&next).await?) }));
        calls.extend([Box::pin(read()) as Call<'_>, Box::pin(read())]);
        join_all(calls).await.into_iter().collect::<Check>()?;
    }
    Ok(())
}

pub(super) async fn dropped_write<H: Harness>(space: &Space<'_, H>) -> Check {
    let store = space.open().await?;
    let keys = ["a", "b", "c"];
    let put_all = |revision: u64| {
        keys.iter().fold(batch(revision), |batch, key| {
            batch.put(*key, revision.to_be_bytes())
        })
    };
    write(&store, put_all(1)).await?;
    // Each write is dropped a little later than the one before.
    for (last, polls) in (1u64..).zip(1..=8) {
        let next = put_all(last.saturating_add(1));
        drop(poll_times(store.write(&next), polls).await);
        // It may be done, or not done, or still be done later, but a reader never sees half of it.
        let found: Vec<_> = all(&store).await?.into_iter().map(|entry| entry.value).collect();
        let whole = [last, next.revision]
            .iter()
            .any(|revision| found == [revision.to_be_bytes(); 4]);
        require(whole, "a dropped write was done in part")?;
        // The same batch once more settles what became of it.
        match store.write(&next).await {
            Ok(()) | Err(StoreError::Conflict(Conflict::Revision)) => {}
            Err(error) => return fail(format!("after a dropped write the next one got {error:?}")),
        }
        for key in keys {
            holds(&store, key.as_bytes(), Some(&next.new_revision())).await?;
        }
    }
    Ok(())
}
