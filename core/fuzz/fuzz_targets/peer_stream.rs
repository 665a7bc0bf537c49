#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| invreq_fuzz::peer_stream(data));
