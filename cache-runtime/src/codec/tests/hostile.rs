//! Bytes that were made to hurt.

use super::{Codec, LIMIT};
use crate::codec::{DecodeError, decode};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Everything that a length could lie about.
#[derive(Debug, Serialize, Deserialize)]
#[allow(dead_code, reason = "only read")]
struct Target {
    text: String,
    numbers: Vec<u64>,
    nested: Vec<Vec<Vec<Target>>>,
    map: HashMap<String, Vec<Target>>,
    sorted: BTreeMap<u8, Tree>,
    nothing: Vec<()>,
    wide: Vec<Option<[u64; 32]>>,
    tree: Tree,
}

#[derive(Debug, Serialize, Deserialize)]
#[allow(dead_code, reason = "only read")]
enum Tree {
    Leaf,
    Not(Box<Tree>),
    Maybe(Option<Box<Tree>>),
    All(Vec<Tree>),
    Both(Box<Tree>, Box<Tree>),
    Named { tree: Box<Tree> },
    Wrapped(Wrapped),
}

#[derive(Debug, Serialize, Deserialize)]
#[allow(dead_code, reason = "only read")]
struct Wrapped(Box<Tree>);

/// Recursion that needs no bytes.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only read")]
struct Endless(Box<Endless>);

/// An element of no size.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

/// Decodes on a small stack, and returns what it has allocated at most.
fn cost<T: DeserializeOwned + 'static>(bytes: &[u8], codec: Codec, limit: usize) -> u64 {
    let mut read = None;
    let info = allocation_counter::measure(|| {
        read = Some(decode::<T>(bytes, codec, limit).is_ok());
    });
    info.bytes_max
}

/// Three times what elements may cost, since a growing list is copied; and the payload several times over, in texts
/// and in the words of errors.
fn allowed(bytes: usize, limit: usize) -> u64 {
    let elements = 3 * (2 * limit + (64 << 10));
    // The lists that grow at the same time were allocated at once up to a mebibyte.
    (elements + 16 * bytes + (1 << 20)) as u64
}

fn varint(n: u64) -> Vec<u8> {
    crate::codec::encode(&n, Codec::Bincode, LIMIT).expect("a number")
}

const HUGE: [u64; 6] = [
    1 << 16,
    1 << 24,
    1 << 32,
    1 << 60,
    u64::MAX,
    i64::MAX as u64,
];

/// Lengths for a sequence, a text, a map in the languages of all codecs.
fn bombs() -> Vec<Vec<u8>> {
    let mut bombs = Vec::new();
    for length in HUGE {
        // bincode.
        bombs.push(varint(length));
        bombs.push([varint(length), varint(length), varint(length)].concat());
        bombs.push([varint(3), varint(length), varint(1), varint(length)].concat());
        bombs.push(varint(length).repeat(2_000));
        // postcard.
        let mut postcard = Vec::new();
        let mut rest = length;
        while rest > 0x7f {
            postcard.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        postcard.push(rest as u8);
        bombs.push(postcard.clone());
        bombs.push(postcard.repeat(2_000));
        // MessagePack: array, map, text, bytes, extension.
        for marker in [0xdd, 0xdf, 0xdb, 0xc6, 0xc9] {
            let mut one = vec![marker];
            one.extend((length.min(u32::MAX.into()) as u32).to_be_bytes());
            bombs.push(one.clone());
            bombs.push(one.repeat(2_000));
        }
    }
    bombs.push(b"[".repeat(20_000));
    bombs.push(b"{\"a\":".repeat(20_000));
    bombs
}

fn is_cheap<T: DeserializeOwned + 'static>(bytes: &[u8]) {
    for codec in Codec::all() {
        for limit in [0, 1 << 10, 1 << 20] {
            let cost = cost::<T>(bytes, codec, limit);
            let allowed = allowed(bytes.len(), limit);
            assert!(
                cost <= allowed,
                "{codec}: {} for {} bytes and {limit}: {cost} > {allowed}",
                std::any::type_name::<T>(),
                bytes.len()
            );
        }
    }
}

#[test]
fn a_length_that_lies_is_never_allocated() {
    for bomb in bombs() {
        is_cheap::<String>(&bomb);
        is_cheap::<Vec<u8>>(&bomb);
        is_cheap::<Vec<u64>>(&bomb);
        is_cheap::<Vec<[u64; 32]>>(&bomb);
        is_cheap::<Vec<Vec<Vec<String>>>>(&bomb);
        is_cheap::<HashMap<String, u8>>(&bomb);
        is_cheap::<BTreeMap<u64, u64>>(&bomb);
        is_cheap::<HashSet<u128>>(&bomb);
        is_cheap::<std::ffi::CString>(&bomb);
        is_cheap::<Target>(&bomb);
    }
}

#[test]
fn elements_of_no_size_are_not_counted_for_ever() {
    for length in HUGE {
        let read = decode::<Vec<()>>(&varint(length), Codec::Bincode, LIMIT);
        assert_eq!(read, Err(DecodeError::Exceeding));
        for bomb in [
            varint(length),
            [varint(2), varint(length), varint(length)].concat(),
        ] {
            is_cheap::<Vec<Nothing>>(&bomb);
            is_cheap::<Vec<[u8; 0]>>(&bomb);
            is_cheap::<Vec<Vec<()>>>(&bomb);
            is_cheap::<HashMap<(), ()>>(&bomb);
            is_cheap::<Vec<std::marker::PhantomData<u8>>>(&bomb);
        }
    }
}

#[test]
fn elements_of_few_bytes_and_much_memory_are_paid_for() {
    // A byte an element, 264 in memory.
    let bomb = [varint(500_000), vec![0; 500_000]].concat();
    assert_eq!(
        decode::<Vec<Option<[u64; 32]>>>(&bomb, Codec::Bincode, LIMIT).err(),
        Some(DecodeError::Exceeding)
    );
    is_cheap::<Vec<Option<[u64; 32]>>>(&bomb);
    let bomb = [varint(500_000), vec![0; 1_000_000]].concat();
    let read = decode::<BTreeMap<u8, Option<[u64; 32]>>>(&bomb, Codec::Bincode, LIMIT);
    assert_eq!(read.err(), Some(DecodeError::Exceeding));
    // And in lists of lists, each of which is within bounds.
    let row = [varint(1_000), vec![0; 1_000]].concat();
    let bomb = [varint(500), row.repeat(500)].concat();
    is_cheap::<Vec<Vec<Option<[u64; 32]>>>>(&bomb);
    // JSON tells no lengths.
    is_cheap::<Vec<Vec<Option<[u64; 32]>>>>(
        format!("[{}[]]", "[null,null],".repeat(50_000)).as_bytes(),
    );
}

/// In a thread with the stack that tokio's have.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .expect("a thread")
        .join()
        .expect("no panic");
}

#[test]
fn recursion_ends_before_the_stack_does() {
    on_a_small_stack(|| {
        for step in [
            &[1u8][..],
            &[2, 1],
            &[3, 1],
            &[4],
            &[5],
            &[6],
            &[3, 2],
            &[1, 2, 1, 3, 1, 5, 6],
        ] {
            let bytes = step.repeat(100_000);
            for codec in Codec::all() {
                assert!(decode::<Tree>(&bytes, codec, LIMIT).is_err());
                assert!(decode::<Target>(&bytes, codec, LIMIT).is_err());
            }
            assert_eq!(
                decode::<Tree>(&bytes, Codec::Bincode, LIMIT).err(),
                Some(DecodeError::Exceeding)
            );
        }
        for codec in Codec::all() {
            assert!(decode::<Endless>(b"", codec, LIMIT).is_err());
            assert!(decode::<Endless>(b"1", codec, LIMIT).is_err());
        }
        for (open, close) in [
            ("[", "]"),
            ("{\"Not\":", "}"),
            ("{\"Named\":{\"tree\":", "}}"),
            ("{\"All\":[", "]}"),
        ] {
            let text = open.repeat(50_000) + "\"Leaf\"" + &close.repeat(50_000);
            for codec in Codec::all() {
                assert!(decode::<Tree>(text.as_bytes(), codec, LIMIT).is_err());
                assert!(decode::<serde_json::Value>(text.as_bytes(), codec, LIMIT).is_err());
            }
        }
        // MessagePack: arrays in arrays, maps in maps, extensions.
        for step in [
            &[0x91][..],
            &[0x81, 0xa1, b'a'],
            &[0xd4, 0],
            &[0x81, 0xa3, b'N', b'o', b't'],
        ] {
            let bytes = step.repeat(100_000);
            for codec in Codec::all() {
                assert!(decode::<Tree>(&bytes, codec, LIMIT).is_err());
                assert!(decode::<serde_json::Value>(&bytes, codec, LIMIT).is_err());
                assert!(decode::<serde::de::IgnoredAny>(&bytes, codec, LIMIT).is_err());
            }
        }
    });
}

/// Panics at what it does not like.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(from = "u8")]
struct Touchy;

impl From<u8> for Touchy {
    fn from(value: u8) -> Self {
        assert!(value < 3, "too much");
        Touchy
    }
}

#[test]
fn a_panic_while_decoding_is_no_more_than_a_miss() {
    assert_eq!(decode::<Touchy>(&[1], Codec::Bincode, LIMIT), Ok(Touchy));
    assert_eq!(
        decode::<Touchy>(&[9], Codec::Bincode, LIMIT),
        Err(DecodeError::Malformed)
    );
}

fn tree() -> impl Strategy<Value = Vec<u8>> {
    // Small numbers are variants, options and lengths; large ones begin longer numbers.
    let byte = prop_oneof![6 => 0u8..8, 1 => 248u8.., 1 => any::<u8>(), 1 => 0x80u8..0xa0];
    prop::collection::vec(byte, 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_are_cheap(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        is_cheap::<Target>(&bytes);
        is_cheap::<serde_json::Value>(&bytes);
    }

    #[test]
    fn bytes_that_look_like_something_are_cheap(bytes in tree()) {
        is_cheap::<Target>(&bytes);
        is_cheap::<Tree>(&bytes);
        is_cheap::<Vec<Vec<Option<Wrapped>>>>(&bytes);
    }
}
