//! What an entry costs beside its value.

use super::*;
use xxhash_rust::xxh3::xxh3_64;

#[test]
fn what_stands_around_a_value_takes_at_most_45_bytes() {
    let payload = Payload::of(
        &vec![7u8; 198],
        Codec::Bincode,
        Compression::default(),
        LIMIT,
    );
    let payload = payload.expect("written");
    let entry = write(KEY, &head(), &payload);
    assert_eq!(payload.len(), 199);
    assert!(
        entry.len() - payload.len() <= 45,
        "{}",
        entry.len() - payload.len()
    );
}

#[test]
fn an_entry_is_allocated_once_and_a_small_value_is_read_without_more_than_itself() {
    let payload = Payload::of(&[7u64; 16], Codec::Bincode, Compression::default(), LIMIT);
    let payload = payload.expect("written");
    let (mut entry, head) = (Vec::new(), head());
    let writing = allocation_counter::measure(|| entry = write(KEY, &head, &payload));
    assert_eq!(writing.count_total, 1);
    assert_eq!(writing.bytes_total, entry.len() as u64);
    assert_eq!(entry.capacity(), entry.len());
    let reading = allocation_counter::measure(|| {
        let opened = open(&entry, KEY).expect("an entry");
        opened.verify().expect("undamaged");
        let names = opened.guards().map(|(_, name)| name.len());
        assert_eq!(names.sum::<usize>(), 15);
        assert_eq!(opened.decode::<[u64; 16]>(LIMIT, None), Ok([7; 16]));
    });
    assert_eq!(reading.count_total, 0);
}

#[test]
fn a_payload_is_compressed_if_that_saves_an_eighth() {
    let stored = |value: &Vec<u8>, compression| {
        let payload = Payload::of(value, Codec::Bincode, compression, LIMIT).expect("written");
        let entry = write(KEY, &head(), &payload);
        let read = open(&entry, KEY).and_then(|opened| opened.decode::<Vec<u8>>(LIMIT, None));
        assert_eq!(read.as_ref(), Ok(value));
        payload.len()
    };
    let noise: Vec<u8> = (0..4_000u64)
        .map(|n| xxh3_64(&n.to_le_bytes()) as u8)
        .collect();
    assert_eq!(stored(&vec![7; 1_000], Compression::Lz4), 1_003);
    assert!(stored(&vec![7; 1_100], Compression::Lz4) < 50);
    assert_eq!(stored(&vec![7; 1_100], Compression::Off), 1_103);
    assert_eq!(stored(&noise, Compression::Lz4), 4_003);
    // Less than an eighth is repeated, then more.
    let mixed = |zeros| [&noise[..], &vec![0; zeros]].concat();
    assert_eq!(stored(&mixed(500), Compression::Lz4), 4_503);
    assert!(stored(&mixed(700), Compression::Lz4) < 4_100);
    #[cfg(feature = "zstd")]
    assert!(stored(&vec![7; 1_100], Compression::Zstd) < 50);
}
