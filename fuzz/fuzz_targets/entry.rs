//! Bytes from a server, as an entry and as every kind of value.
//!
//!     cargo +nightly fuzz run entry fuzz/corpus/entry fuzz/seeds/entry -- -malloc_limit_mb=64
//!
//! What it finds goes to `seeds/entry`, where a test of cache-runtime replays it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cache_runtime::__fuzz::entry(bytes));
