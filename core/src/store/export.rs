use bitcoin::hashes::{sha256, Hash};

use super::{prefix_end, Batch, Conflict, Entry, Store, StoreError};

/// How every dump begins.
const MAGIC: &[u8] = b"invreq dump\0";

/// The version of the format: after the magic, it and the number of entries; then of each entry the lengths of key
/// and value, the key without the prefix, and the value; at the end the SHA-256 of everything before it. Numbers are
/// big-endian.
const VERSION: u16 = 1;

/// What follows the prefix in the key that exists while an import is unfinished; no wallet may use it.
pub(crate) const MARK: &[u8] = b"\xffimport";

/// The entries read at once, and written at once.
const PAGE: usize = 100;

/// The bytes of keys and values written at once; with one more entry still less than a batch can have.
const CHUNK_LEN: usize = 2 << 20;

/// How often an export begins again because the wallet was written meanwhile.
const ATTEMPTS: usize = 3;

/// Everything a store holds under `prefix`, as bytes for [`import`]: for a backup, or to move a wallet to another
/// store.
///
/// `revision_key` is the wallet's revision key, which has to lie under the prefix. The dump is checksummed, and as
/// secret as the store: it is not encrypted. It is read page by page, but it is in memory as a whole.
///
/// The dump shows one moment. Where the wallet is written meanwhile it is read again, and after three times the error
/// is [`Conflict::Revision`]; so it is best made while the wallet is closed. A wallet whose own import is unfinished
/// is [`StoreError::Corrupt`]; where there is no wallet with this revision key, it is [`StoreError::Foreign`].
pub async fn export(store: &impl Store, prefix: &[u8], revision_key: &[u8]) -> Result<Vec<u8>, StoreError> {
    check_place(prefix, revision_key)?;
    for _ in 0..ATTEMPTS {
        let Some(revision) = value(store, revision_key).await? else {
            // A backup of nothing would be found out when it is needed.
            return Err(StoreError::Foreign("it holds no such wallet".to_owned()));
        };
        if is_importing(store, prefix).await? {
            return Err(StoreError::Corrupt(
                "an import into it was not finished".to_owned(),
            ));
        }
        let dump = read_all(store, prefix, revision_key).await?;
        if value(store, revision_key).await? == Some(revision) {
            return Ok(dump);
        }
    }
    Err(StoreError::Conflict(Conflict::Revision))
}

/// Writes a dump of [`export`] under `prefix`, where there must be nothing yet.
///
/// The dump is examined as a whole before anything is written: a damaged one is [`StoreError::Corrupt`], one of
/// another format or a later version [`StoreError::Foreign`]. The prefix and the revision key need not be those of
/// the export; where the entries do not fit them, as where a key gets too long, it is [`StoreError::Invalid`]. The
/// revision begins anew, for it orders the writes in one store and says nothing else.
///
/// Where something else is under the prefix, the error is [`Conflict::Present`] with its first key, and nothing is
/// written. A large dump takes several writes. Where one of them fails, [`is_importing`] is true until the same
/// dump is imported once more, which then takes it up; a wallet must not be opened before.
pub async fn import(
    store: &impl Store,
    prefix: &[u8],
    revision_key: &[u8],
    dump: &[u8],
) -> Result<(), StoreError> {
    check_place(prefix, revision_key)?;
    let Dump { entries, checksum } = parse(dump)?;
    let mark = mark(prefix);
    // Before the first write, so that a dump which does not fit here leaves nothing behind.
    for &(key, value) in &entries {
        let alone = Batch::new(revision_key, 1)
            .put([prefix, key].concat(), value)
            .delete(mark.as_slice());
        alone.check()?;
    }
    let mut revision = match store.range(prefix, &prefix_end(prefix), 1).await?.pop() {
        None => 0,
        Some(_) if value(store, &mark).await?.as_deref() == Some(&checksum) => {
            stored_revision(store, revision_key).await?
        }
        Some(first) => return Err(StoreError::Conflict(Conflict::Present(first.key))),
    };
    let mut is_marked = revision > 0;
    let mut chunks = chunks(&entries).peekable();
    while let Some(chunk) = chunks.next() {
        revision = revision.saturating_add(1);
        let mut batch = Batch::new(revision_key, revision);
        for (key, value) in chunk {
            batch = batch.put([prefix, *key].concat(), *value);
        }
        let is_last = chunks.peek().is_none();
        // A dump that fits into one batch is never seen unfinished, and needs no mark.
        batch = match (is_marked, is_last) {
            (false, false) => batch.put(mark.as_slice(), checksum),
            (true, true) => batch.delete(mark.as_slice()),
            _ => batch,
        };
        is_marked = true;
        store.write(&batch).await?;
    }
    Ok(())
}

/// Whether an [`import`] under `prefix` began and is unfinished: what is there is then only a part of a wallet.
pub async fn is_importing(store: &impl Store, prefix: &[u8]) -> Result<bool, StoreError> {
    Ok(value(store, &mark(prefix)).await?.is_some())
}

async fn read_all(store: &impl Store, prefix: &[u8], revision_key: &[u8]) -> Result<Vec<u8>, StoreError> {
    let end = prefix_end(prefix);
    let (mut start, mut count, mut body) = (prefix.to_vec(), 0u64, Vec::new());
    loop {
        let page = store.range(&start, &end, PAGE).await?;
        for Entry { key, value } in page.iter().filter(|entry| entry.key != revision_key) {
            let short = key.strip_prefix(prefix).ok_or_else(too_large)?;
            let key_len = u16::try_from(short.len()).map_err(|_| too_large())?;
            let value_len = u32::try_from(value.len()).map_err(|_| too_large())?;
            body.extend_from_slice(&key_len.to_be_bytes());
            body.extend_from_slice(&value_len.to_be_bytes());
            body.extend_from_slice(short);
            body.extend_from_slice(value);
            count = count.saturating_add(1);
        }
        match page.last() {
            Some(last) if page.len() == PAGE => start = [&last.key[..], b"\0"].concat(),
            _ => break,
        }
    }
    let mut dump = [MAGIC, &VERSION.to_be_bytes(), &count.to_be_bytes(), &body].concat();
    let checksum = sha256::Hash::hash(&dump).to_byte_array();
    dump.extend_from_slice(&checksum);
    Ok(dump)
}

/// A dump that has been examined.
struct Dump<'a> {
    entries: Vec<(&'a [u8], &'a [u8])>,
    checksum: [u8; 32],
}

fn parse(dump: &[u8]) -> Result<Dump<'_>, StoreError> {
    let foreign = |why: &str| StoreError::Foreign(why.to_owned());
    let damaged = || StoreError::Corrupt("the dump is cut short or altered".to_owned());
    let Some(versioned) = dump.strip_prefix(MAGIC) else {
        return Err(foreign("it is no dump"));
    };
    match versioned.first_chunk() {
        Some(version) if u16::from_be_bytes(*version) == VERSION => {}
        Some(_) => {
            return Err(foreign(
                "the dump is of a version that this library does not know",
            ))
        }
        None => return Err(damaged()),
    }
    let (content, checksum) = dump.split_last_chunk().ok_or_else(damaged)?;
    if sha256::Hash::hash(content).to_byte_array() != *checksum {
        return Err(damaged());
    }
    let entries = parse_entries(content).ok_or_else(damaged)?;
    if !entries.is_sorted_by(|(before, _), (after, _)| before < after) {
        return Err(damaged());
    }
    let checksum = *checksum;
    Ok(Dump { entries, checksum })
}

fn parse_entries(content: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let (_version, rest) = content.strip_prefix(MAGIC)?.split_first_chunk::<2>()?;
    let (count, mut rest) = rest.split_first_chunk()?;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (key_len, lens_rest) = rest.split_first_chunk()?;
        let (value_len, bytes) = lens_rest.split_first_chunk()?;
        let (key, bytes) = bytes.split_at_checked(usize::from(u16::from_be_bytes(*key_len)))?;
        let value_len = usize::try_from(u32::from_be_bytes(*value_len)).ok()?;
        let (value, after) = bytes.split_at_checked(value_len)?;
        entries.push((key, value));
        rest = after;
    }
    let is_whole = u64::try_from(entries.len()) == Ok(u64::from_be_bytes(*count));
    is_whole.then_some(entries)
}

type Slices<'a> = &'a [(&'a [u8], &'a [u8])];

/// The entries in parts that each fit into a batch; one empty part where there are none.
fn chunks<'a>(entries: Slices<'a>) -> impl Iterator<Item = Slices<'a>> {
    let mut rest = Some(entries);
    std::iter::from_fn(move || {
        let left = rest?;
        let mut room = CHUNK_LEN;
        let fits = |(key, value): &&(&[u8], &[u8])| {
            let fits = room > 0;
            room = room.saturating_sub(key.len().saturating_add(value.len()));
            fits
        };
        let count = left.iter().take(PAGE).take_while(fits).count();
        let (chunk, after) = left.split_at_checked(count)?;
        rest = (!after.is_empty()).then_some(after);
        Some(chunk)
    })
}

async fn value(store: &impl Store, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let after = [key, b"\0"].concat();
    Ok(store.range(key, &after, 1).await?.pop().map(|entry| entry.value))
}

async fn stored_revision(store: &impl Store, key: &[u8]) -> Result<u64, StoreError> {
    let stored = value(store, key)
        .await?
        .and_then(|value| <[u8; 8]>::try_from(value).ok());
    let revision = stored.map(u64::from_be_bytes);
    revision.ok_or_else(|| StoreError::Corrupt("the revision of an unfinished import is missing".to_owned()))
}

fn check_place(prefix: &[u8], revision_key: &[u8]) -> Result<(), StoreError> {
    match revision_key.starts_with(prefix) {
        true => Ok(()),
        false => Err(StoreError::Invalid(
            "the revision key does not lie under the prefix".to_owned(),
        )),
    }
}

fn mark(prefix: &[u8]) -> Vec<u8> {
    [prefix, MARK].concat()
}

fn too_large() -> StoreError {
    StoreError::Invalid("the store answered with an entry outside its contract".to_owned())
}
