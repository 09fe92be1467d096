//! Entries that are damaged, foreign, of another time, or forged.

use super::*;
use crate::codec::EncodeError;
use crate::format::checksum::checksum;
use crate::format::layout::{CHECKSUM, DECLARED, EPOCH, FRESH_FOR, IDLE, LZ4, MAGIC};
use proptest::prelude::*;

fn entry() -> Vec<u8> {
    write(KEY, &head(), &payload(Codec::Bincode))
}

/// With the checksum that a forger would give it.
fn forged(mut entry: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&entry, KEY).to_le_bytes();
    entry[CHECKSUM].copy_from_slice(&sum);
    entry
}

fn change(at: usize, change: impl Fn(u8) -> u8) -> Vec<u8> {
    let mut entry = entry();
    entry[at] = change(entry[at]);
    forged(entry)
}

#[test]
fn every_kind_of_mistrust_is_told_apart() {
    let whole = entry();
    assert_eq!(read(&whole), Ok(profile()));
    for foreign in [&b""[..], b"{\"a\":1}", b"\x93abc", &[0; 64]] {
        assert_eq!(read(foreign), Err(Untrusted::Foreign));
    }
    assert_eq!(read(&change(1, |_| 0x21)), Err(Untrusted::Version));
    for codec in [5, 15] {
        assert_eq!(read(&change(1, |_| 0x10 | codec)), Err(Untrusted::Codec));
    }
    // Nothing was found, and here it is.
    assert_eq!(read(&change(1, |_| 0x10)), Err(Untrusted::Length));
    let mut nothing = change(1, |_| 0x10);
    nothing[2] |= LZ4;
    assert_eq!(read(&forged(nothing)), Err(Untrusted::Codec));
    assert_eq!(read(&change(16, |byte| byte ^ 1)), Err(Untrusted::Schema));
    for short in [1, 2, 3, 23, 24, 27, 41] {
        assert_eq!(read(&whole[..short]), Err(Untrusted::Length), "{short}");
    }
    assert_eq!(read(&whole[..whole.len() - 1]), Err(Untrusted::Checksum));
    assert_eq!(
        read(&forged(whole[..whole.len() - 1].to_vec())),
        Err(Untrusted::Decoding)
    );
    assert_eq!(
        read(&forged([&whole[..], &[0]].concat())),
        Err(Untrusted::Trailing)
    );
    let absent = Head {
        guards: &[],
        checks: &[0; 3],
        ..head()
    };
    let mut absent = write(KEY, &absent, &Payload::absent());
    absent.push(0);
    assert_eq!(read(&forged(absent)), Err(Untrusted::Length));
    // A third algorithm, and bytes that are no block.
    assert_eq!(
        read(&change(2, |flags| flags | 3)),
        Err(Untrusted::Compression)
    );
    assert_eq!(
        read(&change(2, |flags| flags | LZ4)),
        Err(Untrusted::Compression)
    );
    #[cfg(not(feature = "zstd"))]
    assert_eq!(
        read(&change(2, |flags| flags | 2)),
        Err(Untrusted::Compression)
    );
}

#[test]
fn an_entry_under_another_key_is_not_that_keys() {
    let entry = entry();
    for key in ["user:43:profile", "user:42:profile:", "user:42:Profile"] {
        let opened = open(&entry, key).map(|opened| opened.verify());
        assert!(!matches!(opened, Ok(Ok(()))), "{key}");
    }
    // For each key there is one written.
    let payload = payload(Codec::Bincode);
    let other = write(
        "mail:ada:",
        &Head {
            checks: &[0; 5],
            ..head()
        },
        &payload,
    );
    let opened = open(&other, "mail:ada:").expect("an entry");
    assert_eq!(opened.verify(), Ok(()));
    assert_eq!(opened.decode(LIMIT, None), Ok(profile()));
}

#[test]
fn a_limit_holds_for_what_is_stored_and_for_what_it_becomes() {
    let long = long_profile();
    for compression in [Compression::Off, Compression::Lz4] {
        let payload = Payload::of(&long, Codec::Bincode, compression, LIMIT).expect("written");
        let entry = write(KEY, &head(), &payload);
        let opened = open(&entry, KEY).expect("an entry");
        assert_eq!(
            opened.decode::<Profile>(2_000, None),
            Err(Untrusted::Length)
        );
        assert_eq!(opened.decode(3_000, None), Ok(long.clone()));
        let refused = Payload::of(&long, Codec::Bincode, compression, 2_000).err();
        assert_eq!(refused, Some(EncodeError::TooLarge { limit: 2_000 }));
    }
}

#[test]
fn a_claim_to_decompress_to_much_is_not_allocated() {
    let head = Head {
        guards: &[],
        checks: &[0; 3],
        ..head()
    };
    let empty = write(
        KEY,
        &head,
        &Payload::of(&(), Codec::Bincode, Compression::Off, 9).expect("written"),
    );
    for claim in [
        &[0xff, 0xff, 0x3f][..],
        &[0xff; 9],
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0x80, 0x80, 0x40, 0x10, b'a'],
    ] {
        let mut entry = empty.clone();
        entry[2] |= LZ4;
        entry.extend(claim);
        let entry = forged(entry);
        let info = allocation_counter::measure(|| {
            assert!(
                open(&entry, KEY)
                    .expect("an entry")
                    .decode::<String>(LIMIT, None)
                    .is_err()
            );
        });
        assert!(info.bytes_max < 4_096, "{} for {claim:?}", info.bytes_max);
    }
}

#[test]
fn a_single_bit_is_noticed_everywhere() {
    let whole = entry();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut entry = whole.clone();
            entry[at] ^= 1 << bit;
            assert!(read(&entry).is_err(), "{at} {bit}");
        }
    }
}

fn guards() -> impl Strategy<Value = Vec<(Guard, String)>> {
    let guard = prop_oneof![Just(Guard::Tag), Just(Guard::Scope), Just(Guard::Key)];
    let name = prop_oneof!["[a-c:ä]{0,80}", any::<String>()];
    prop::collection::vec((guard, name), 0..6)
}

proptest! {
    #[test]
    fn whatever_is_written_is_read(
        key in prop_oneof!["[a-c:ä]{0,80}", any::<String>()],
        guards in guards(),
        (schema, seal, declared) in any::<(u32, u64, Option<u64>)>(),
        made in EPOCH..EPOCH + (1 << 40),
        (fresh_for, idle) in prop::option::of((0u64..1 << 62, 0u64..1 << 40)).prop_map(Option::unzip),
        (cost, provisional) in (0u64..8, any::<bool>()),
        check in any::<u8>(),
        text in any::<String>(),
    ) {
        let names: Vec<_> = guards.iter().map(|(guard, name)| (*guard, name.as_str())).collect();
        let checks = vec![check; guards.len() + crate::key::scopes(&key).count()];
        let head = Head {
            schema,
            seal,
            declared,
            made,
            fresh_for: fresh_for.map(Duration::from_millis),
            idle: idle.map(Duration::from_millis),
            provisional,
            cost: Duration::from_micros(cost),
            checks: &checks,
            guards: &names,
        };
        let payload = Payload::of(&text, Codec::Bincode, Compression::default(), LIMIT).expect("written");
        let entry = write(&key, &head, &payload);
        let opened = open(&entry, &key).expect("an entry");
        prop_assert_eq!(opened.verify(), Ok(()));
        prop_assert_eq!(opened.expect_schema(schema), Ok(()));
        prop_assert_eq!(opened.seal(), seal);
        prop_assert_eq!(opened.declared(), declared);
        prop_assert_eq!(opened.made(), head.made);
        prop_assert_eq!(opened.fresh_for(), head.fresh_for);
        prop_assert_eq!(opened.idle(), head.idle);
        prop_assert_eq!(opened.is_provisional(), provisional);
        prop_assert_eq!(opened.cost(), head.cost);
        prop_assert_eq!(opened.checks(), &checks);
        prop_assert_eq!(opened.payload_len(), payload.len());
        prop_assert!(opened.guards().map(|(guard, name)| (guard, name.into_owned())).eq(guards));
        prop_assert_eq!(opened.decode(LIMIT, None), Ok(text));
    }

    #[test]
    fn random_bytes_are_no_entry_and_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        crate::format::fuzz::entry(&bytes);
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn forged_entries_do_no_harm(
        flags in any::<u8>(),
        codec in 0u8..6,
        bytes in prop::collection::vec(prop_oneof![0u8..6, any::<u8>()], 24..400),
    ) {
        let mut entry = vec![MAGIC, 0x10 | codec, flags];
        entry.extend(bytes);
        let entry = forged(entry);
        crate::format::fuzz::entry(&entry);
        let info = allocation_counter::measure(|| {
            if let Ok(opened) = open(&entry, KEY) {
                let _ = opened.decode::<Profile>(1 << 16, None);
            }
        });
        prop_assert!(info.bytes_max < 1 << 20, "{}", info.bytes_max);
    }

    #[test]
    fn forged_payloads_do_no_harm(
        flags in prop_oneof![Just(0), Just(DECLARED), Just(FRESH_FOR), Just(IDLE), Just(LZ4)],
        codec in 1u8..5,
        at in 0usize..100,
        with in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut entry = entry();
        entry[1] = 0x10 | codec;
        entry[2] = flags;
        let at = 24 + at % (entry.len() - 24);
        entry.splice(at..at, with);
        crate::format::fuzz::entry(&forged(entry));
    }

    #[test]
    fn a_damaged_entry_is_never_a_value(
        at in any::<prop::sample::Index>(),
        with in prop::collection::vec(any::<u8>(), 0..4),
        cut in 0usize..4,
    ) {
        let whole = entry();
        let at = at.index(whole.len());
        let mut entry = whole.clone();
        entry.splice(at..(at + cut).min(whole.len()), with);
        prop_assert!(entry == whole || read(&entry).is_err());
        prop_assert!(read(&whole[..at]).is_err());
    }
}
