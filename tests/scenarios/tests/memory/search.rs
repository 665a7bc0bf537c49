//! Looks through the memory of the process.

use std::fs::{read_to_string, File};
use std::io::{Read, Seek, SeekFrom};

use bitcoin::hashes::{sha256, Hash, HashEngine, Hmac, HmacEngine};

use crate::common::config;

/// Secrets are kept masked, or the test would find its own.
pub const MASK: u8 = 0x5a;

pub type Masked = [u8; 32];

pub fn seed() -> [u8; 32] {
    core::array::from_fn(|place| MASK ^ masked_seed()[place])
}

pub fn masked_seed() -> Masked {
    core::array::from_fn(|place| u8::try_from((place * 37 + 11) % 251).unwrap())
}

/// HMAC-SHA256 of the seed over version, purpose, chain and the parts, masked.
pub fn derived(purpose: &str, parts: &[&[u8]]) -> Masked {
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
pub fn copies(secret: &Masked) -> usize {
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
