//! Entries as they are stored, in files: what a reader of today makes of them, readers of all times must.
//!
//! `UPDATE_EXPECT=1 cargo test -p cache-runtime --all-features golden` writes them anew, and the seeds of the fuzzer
//! with them. An entry whose bytes differ is a new version of the format, unless only a compressor writes otherwise.

use super::*;
use std::fmt::Write;
use std::path::Path;

/// Two dozen bytes a line, under a line that says what they are.
pub(super) fn hex(what: &str, bytes: &[u8]) -> String {
    let mut text = format!("# {what}\n");
    for line in bytes.chunks(24) {
        let line: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        _ = writeln!(text, "{}", line.join(" "));
    }
    text
}

pub(super) fn from_hex(text: &str) -> Vec<u8> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .flat_map(str::split_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).expect("two digits"))
        .collect()
}

/// Writes `entry` as the file has it, and reads what is in the file.
macro_rules! golden {
    ($name:literal, $what:literal, $entry:expr) => {{
        let entry: Vec<u8> = $entry;
        expect_test::expect_file![concat!("../golden/", $name, ".hex")]
            .assert_eq(&$crate::format::tests::golden::hex($what, &entry));
        $crate::format::tests::golden::is_a_seed($name, &entry);
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(concat!(
            "src/format/golden/",
            $name,
            ".hex"
        ));
        $crate::format::tests::golden::from_hex(
            &std::fs::read_to_string(file).expect("a golden file"),
        )
    }};
}
#[cfg(feature = "encryption")]
pub(super) use golden;

fn seeds() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/entry")
}

pub(super) fn is_a_seed(name: &str, entry: &[u8]) {
    let file = seeds().join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, entry).expect("a seed");
    }
    assert_eq!(std::fs::read(&file).expect("a seed"), entry, "{name}");
}

#[test]
fn plain_entries_of_every_codec_are_pinned() {
    let stored = [
        (
            Codec::Bincode,
            golden!(
                "bincode",
                "a profile under `user:42:profile` with the tags `user:42` and `profiles`, fresh for 5 min, bincode",
                write(KEY, &head(), &payload(Codec::Bincode))
            ),
        ),
        #[cfg(feature = "postcard")]
        (
            Codec::Postcard,
            golden!(
                "postcard",
                "the same, postcard",
                write(KEY, &head(), &payload(Codec::Postcard))
            ),
        ),
        #[cfg(feature = "msgpack")]
        (
            Codec::MessagePack,
            golden!(
                "msgpack",
                "the same, MessagePack",
                write(KEY, &head(), &payload(Codec::MessagePack))
            ),
        ),
        #[cfg(feature = "json")]
        (
            Codec::Json,
            golden!(
                "json",
                "the same, JSON",
                write(KEY, &head(), &payload(Codec::Json))
            ),
        ),
    ];
    for (codec, entry) in stored {
        assert_eq!(read(&entry), Ok(profile()), "{codec}");
        let opened = open(&entry, KEY).expect("an entry");
        assert_eq!(opened.codec(), Some(codec));
        assert_eq!(opened.seal(), SEAL);
        assert_eq!(opened.declared(), None);
        assert_eq!(opened.fresh_for(), Some(Duration::from_secs(300)));
        assert_eq!(opened.made(), 1_700_000_000_000);
        // To an eighth.
        assert_eq!(opened.cost(), Duration::from_micros(20_480));
        assert_eq!(opened.checks(), [1, 2, 3, 4, 5]);
        let guards: Vec<_> = opened.guards().collect();
        assert_eq!(
            guards,
            [
                (Guard::Tag, "user:42".into()),
                (Guard::Tag, "profiles".into())
            ]
        );
        assert!(!opened.is_absent());
        // As a script on the server compares it.
        assert_eq!(fingerprint_in_place(&entry), &entry[3..15]);
    }
}

#[test]
fn compressed_entries_are_pinned() {
    let entry = |compression| {
        let payload = Payload::of(&long_profile(), Codec::Bincode, compression, LIMIT);
        write(KEY, &head(), &payload.expect("written"))
    };
    let lz4 = golden!(
        "lz4",
        "a long profile, bincode, LZ4",
        entry(Compression::Lz4)
    );
    assert_eq!(read(&lz4), Ok(long_profile()));
    #[cfg(feature = "zstd")]
    {
        let zstd = golden!(
            "zstd",
            "a long profile, bincode, Zstandard",
            entry(Compression::Zstd)
        );
        assert_eq!(read(&zstd), Ok(long_profile()));
    }
}

#[test]
fn an_entry_without_a_value_is_pinned() {
    let entry = golden!(
        "absent",
        "nothing was found, for the time being, fresh for 5 min, no guards but the scopes of the key",
        write(
            KEY,
            &Head {
                guards: &[],
                checks: &[1, 2, 3],
                provisional: true,
                ..head()
            },
            &Payload::absent()
        )
    );
    let opened = open(&entry, KEY).expect("an entry");
    assert_eq!(opened.verify(), Ok(()));
    assert!(opened.is_absent() && opened.is_provisional());
    assert_eq!((opened.codec(), opened.payload_len()), (None, 0));
    assert_eq!(opened.guards().len(), 0);
    assert_eq!(
        opened.decode::<Profile>(LIMIT, None),
        Err(Untrusted::Decoding)
    );
}

#[test]
fn an_entry_for_ever_with_every_kind_of_guard_is_pinned() {
    let guards = [
        (Guard::Tag, "user:42:profile:tag"),
        (Guard::Scope, "team:7:"),
        (Guard::Key, "user:4711"),
        (Guard::Tag, "größe"),
        (Guard::Tag, "größer"),
        (Guard::Tag, "grün"),
        (Guard::Tag, ""),
    ];
    let entry = golden!(
        "guards",
        "for ever if it is read every half an hour, with declared tags, and guards that share more or less with the key",
        write(
            KEY,
            &Head {
                made: 0,
                fresh_for: None,
                idle: Some(Duration::from_secs(1_800)),
                cost: Duration::ZERO,
                declared: Some(u64::MAX),
                guards: &guards,
                checks: &[0xff; 10],
                ..head()
            },
            &payload(Codec::Bincode)
        )
    );
    let opened = open(&entry, KEY).expect("an entry");
    assert_eq!(read(&entry), Ok(profile()));
    assert_eq!(opened.fresh_for(), None);
    assert_eq!(opened.idle(), Some(Duration::from_secs(1_800)));
    assert_eq!(
        opened.made(),
        1_577_836_800_000,
        "the first moment there is"
    );
    assert_eq!(opened.cost(), Duration::ZERO);
    assert_eq!(opened.declared(), Some(u64::MAX));
    let read: Vec<_> = opened.guards().collect();
    assert_eq!(read, guards.map(|(guard, name)| (guard, name.into())));
}

#[test]
fn every_seed_and_finding_of_the_fuzzer_is_replayed() {
    let mut replayed = 0;
    for file in std::fs::read_dir(seeds()).expect("a folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("bytes");
        crate::format::fuzz::entry(&bytes);
        replayed += 1;
    }
    assert!(replayed >= 8);
}
