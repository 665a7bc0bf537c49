//! What is left in the memory of the process once an engine is dropped: neither its seed, nor what it derived from it.
//!
//! The memory is read as the system shows it, all that can be written but the stack: what was there is overwritten by the next
//! function, and no library can wipe what the compiler copies on it. So there is one thread, and no test harness.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used
)]

#[path = "../../../core/tests/common/mod.rs"]
mod common;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{read_to_string, File};
    use std::hint::black_box;
    use std::io::{Read, Seek, SeekFrom};

    use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};
    use invreq::engine::{ReplyPath, SendOutcome};
    use invreq::store::MemoryStore;
    use invreq::Preimage;

    use crate::common::host::route;
    use crate::common::{config, error_bytes, params, Host, PaysWith, Request};

    /// Secrets are kept masked, or the test would find its own.
    const MASK: u8 = 0x5a;

    type Masked = [u8; 32];

    fn seed() -> [u8; 32] {
        core::array::from_fn(|place| MASK ^ masked_seed()[place])
    }

    fn masked_seed() -> Masked {
        core::array::from_fn(|place| u8::try_from((place * 37 + 11) % 251).unwrap())
    }

    /// HMAC-SHA256 of the seed over version, purpose, chain and the parts, masked.
    fn derived(purpose: &str, parts: &[&[u8]]) -> Masked {
        let chain = bitcoin::constants::ChainHash::using_genesis_block(config().network);
        let mut mac = HmacEngine::<sha256::Hash>::new(&seed());
        mac.input(b"invreq/1/");
        mac.input(purpose.as_bytes());
        mac.input(&[0]);
        mac.input(&chain.to_bytes());
        parts.iter().for_each(|part| mac.input(part));
        Hmac::from_engine(mac).to_byte_array().map(|byte| byte ^ MASK)
    }

    /// How often the secret lies in writable memory apart from the stack.
    fn copies(secret: &Masked) -> usize {
        let maps = read_to_string("/proc/self/maps").unwrap();
        let mut memory = File::open("/proc/self/mem").unwrap();
        let mut found = 0;
        for line in maps
            .lines()
            .filter(|line| line.contains(" rw") && !line.contains("[stack]"))
        {
            let (from, rest) = line.split_once('-').unwrap();
            let to = rest.split(' ').next().unwrap();
            let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
            found += copies_between(&mut memory, number(from), number(to), secret);
        }
        found
    }

    fn copies_between(memory: &mut File, from: u64, to: u64, secret: &Masked) -> usize {
        // On the stack, which is not looked at.
        let mut page = [0u8; 4096 + 31];
        let mut found = 0;
        for start in (from..to).step_by(4096) {
            let end = (start + 4096 + 31).min(to);
            let len = usize::try_from(end - start).unwrap();
            memory.seek(SeekFrom::Start(start)).unwrap();
            if memory.read_exact(&mut page[..len]).is_err() {
                continue;
            }
            let is_secret = |window: &[u8]| {
                window
                    .iter()
                    .zip(secret)
                    .all(|(byte, masked)| byte ^ MASK == *masked)
            };
            found += page[..len].windows(32).filter(|window| is_secret(window)).count();
        }
        found
    }

    /// What the host's dice show next.
    fn next_entropy(host: &Host) -> [u8; 32] {
        let mut bytes = [0xd1; 32];
        bytes[24..].copy_from_slice(&(host.dice + 1).to_be_bytes());
        bytes
    }

    /// An invoice is made, delivered, refused, claimed and paid; another waits.
    #[inline(never)]
    fn live() -> [[u8; 32]; 2] {
        let mut host = Box::new(Host::unopened(config(), seed(), MemoryStore::new()));
        // The host of this test has one of its own, which is not the engine's to wipe.
        host.seed = [0; 32];
        assert!(
            copies(&masked_seed()) > 0,
            "an engine that is at work has its seed"
        );
        host.default_route = route(ReplyPath::Ours { via: Vec::new() });
        host.restore().unwrap();
        host.send(params(&Request::number(1).text(), "a")).unwrap();
        host.delivered(SendOutcome::Accepted);
        let hash = host.get("a").payment_hash;
        assert!(host.claim(hash, 50_000).unwrap().preimage.is_some());
        host.default_route = route(ReplyPath::Host);
        host.wait(250);
        let nonce = next_entropy(&host);
        host.send(params(&Request::number(2).text(), "b")).unwrap();
        let copy = host.delivered(SendOutcome::Accepted);
        host.payer_error(copy.reply_path_id.unwrap(), error_bytes("no", None));
        // The host's own preimage is sealed, and opened again for a claim.
        host.wait(250);
        host.source.with = PaysWith::Given([9; 32]);
        let sealed_with = next_entropy(&host);
        host.send(params(&Request::number(3).text(), "c")).unwrap();
        let hash = host.get("c").payment_hash;
        assert!(host.claim(hash, 50_000).unwrap().preimage.is_some());
        let preimage = Preimage::new(derived("preimage", &[&nonce]).map(|byte| byte ^ MASK));
        assert_eq!(
            preimage.payment_hash(),
            host.get("b").payment_hash,
            "it is this preimage that is looked for"
        );
        [nonce, sealed_with]
    }

    pub fn main() {
        let kept = black_box(seed().to_vec());
        assert!(copies(&masked_seed()) > 0, "a copy is found");
        let mut kept = kept;
        kept.fill(0);
        black_box(&kept);
        assert_eq!(copies(&masked_seed()), 0, "a copy that was wiped is not found");

        let [nonce, sealed_with] = live();
        assert_eq!(copies(&masked_seed()), 0, "the seed");
        assert_eq!(
            copies(&derived("preimage", &[&nonce])),
            0,
            "a preimage that nobody claimed"
        );
        assert_eq!(
            copies(&derived("invoice-node-id", &[&nonce, &[0]])),
            0,
            "the key of an invoice"
        );
        assert_eq!(copies(&derived("reply-key", &[&[0]])), 0, "the key of replies");
        let sealing = copies(&derived("seal", &[&sealed_with]));
        assert_eq!(sealing, 0, "the key that seals");
        println!("nothing is left in memory");
    }
}

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
    #[cfg(not(target_os = "linux"))]
    println!("could not be run here: it reads the memory as Linux shows it");
}
