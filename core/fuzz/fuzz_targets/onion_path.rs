#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| invreq_fuzz::onion_path(data));
