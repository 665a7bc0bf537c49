use bitcoin::secp256k1::PublicKey;
use zeroize::Zeroizing;

use super::fault::too_large;
use super::keys::{checksum, label, Key, Session, SessionKey, Stream};
use super::packet::{put, HMAC_LEN};
use crate::bolt12::{bigsize_len, write_bigsize};
use crate::Result;

/// What one hop takes off a packet, and whose key takes it off.
pub(super) struct Layer {
    /// The hop's node id, here always a blinded one.
    pub(super) node: PublicKey,
    pub(super) payload: Vec<u8>,
}

/// How much room a hop with a payload of this length takes: the length, the payload, and the next hop's checksum.
pub(super) fn layer_len(payload: usize) -> usize {
    payload
        .saturating_add(bigsize_len(payload))
        .saturating_add(HMAC_LEN)
}

/// Fills `payloads` with these layers, the last one innermost, and returns the packet's public key and checksum
/// (BOLT 4, Packet Construction).
///
/// The session key must be fresh, as everything is encrypted under keys made from it. Onion messages have no
/// `associated_data`; payments do, and with them most of the vectors.
pub(super) fn wrap(
    session: SessionKey,
    layers: &[Layer],
    associated_data: &[u8],
    payloads: &mut [u8],
) -> Result<(PublicKey, [u8; HMAC_LEN])> {
    // What is left of the room looks like payloads of further hops, or the last one could tell how many were before it.
    payloads.fill(0);
    Stream::new(&label::PAD.key(&Zeroizing::new(session.0.secret_bytes()))).apply(payloads);

    let (mut session, public_key) = Session::new(session);
    let mut keys = Vec::with_capacity(layers.len());
    for layer in layers {
        let secret = session.next(&layer.node)?;
        keys.push((secret.rho(), secret.mu()));
    }
    let filler = filler(layers, &keys, payloads.len())?;
    let mut next_hmac = [0; HMAC_LEN];
    for (index, (layer, (rho, mu))) in layers.iter().zip(&keys).enumerate().rev() {
        put_in_front(payloads, layer, &next_hmac)?;
        Stream::new(rho).apply(payloads);
        if index.saturating_add(1) == layers.len() {
            put_at_end(payloads, &filler)?;
        }
        next_hmac = checksum(mu, payloads, associated_data);
    }
    Ok((public_key, next_hmac))
}

/// What the hops before the last will have appended by the time the packet arrives there: zeros in place of what each
/// took off, encrypted by it and by all after it. The last hop's checksum covers them, so they have to be known now.
fn filler(layers: &[Layer], keys: &[(Key, Key)], size: usize) -> Result<Vec<u8>> {
    let mut filler = Vec::new();
    for (layer, (rho, _)) in layers.iter().zip(keys).rev().skip(1).rev() {
        let mut stream = Stream::new(rho);
        stream.seek(size.checked_sub(filler.len()).ok_or_else(too_large)?)?;
        filler.resize(filler.len().saturating_add(layer_len(layer.payload.len())), 0);
        stream.apply(&mut filler);
    }
    Ok(filler)
}

/// Moves everything back and puts the hop's length, payload and checksum before it. What is moved over the end is lost.
fn put_in_front(payloads: &mut [u8], layer: &Layer, next_hmac: &[u8; HMAC_LEN]) -> Result<()> {
    let len = layer_len(layer.payload.len());
    let kept = payloads.len().checked_sub(len).ok_or_else(too_large)?;
    payloads.copy_within(..kept, len);
    let mut head = Vec::with_capacity(3);
    write_bigsize(&mut head, layer.payload.len() as u64);
    let room = put(payloads, &head)?;
    let room = put(room, &layer.payload)?;
    put(room, next_hmac)?;
    Ok(())
}

fn put_at_end(payloads: &mut [u8], filler: &[u8]) -> Result<()> {
    let start = payloads.len().checked_sub(filler.len());
    let place = start.and_then(|start| payloads.get_mut(start..));
    place.ok_or_else(too_large)?.copy_from_slice(filler);
    Ok(())
}
