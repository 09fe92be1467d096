//! Entries of a format that is older or younger than ours, and what else may stand where an entry is looked for. Each is a
//! miss that is counted, and is replaced.

use crate::world::{By, Database, Dice, PATIENCE, Process, Promise, Version, bytes};
use cache_runtime::{Ttl, cached, key};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_servers::{RedisServer, wait_until};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Long enough to be compressed, if that is chosen.
fn text(number: u32) -> String {
    format!("note {number}; ").repeat(200)
}

#[cached(ttl = "1h", key = "note:{number}", tags = ["notes"], cache = process.cache, skip(process), compress = off)]
async fn note(process: &Process, number: u32) -> String {
    process.state(0).await;
    text(number)
}

#[cached(ttl = "1h", key = "note:{number}", tags = ["notes"], cache = process.cache, skip(process), negative = "1h")]
async fn found(process: &Process, number: u32) -> Option<String> {
    process.state(0).await;
    Some(text(number))
}

/// Reads a note within a computation of its own.
#[cached(ttl = "1h", key = "folder:{number}", cache = process.cache, skip(process))]
async fn folder(process: &Process, number: u32) -> usize {
    note(process, number).await.len()
}

#[cached(ttl = "1h", key = "note:{number}", tags = ["notes"], batch(number in numbers), cache = process.cache, skip(process))]
async fn notes(process: &Process, numbers: &[u32]) -> std::collections::HashMap<u32, String> {
    process.state(0).await;
    numbers
        .iter()
        .map(|number| (*number, text(*number)))
        .collect()
}

/// Changes an entry, so that nothing but the change speaks against it; see `docs/entry-format.md`.
fn reformed(entry: &[u8], key: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut entry = entry.to_vec();
    change(&mut entry);
    let first = u64::from_le_bytes([entry[0], entry[1], entry[2], 0, 0, 0, 0, 0]);
    let seed = xxh3_64_with_seed(key.as_bytes(), first);
    let sum = xxh3_64_with_seed(&entry[7..], seed) as u32;
    entry[3..7].copy_from_slice(&sum.to_le_bytes());
    entry
}

type Change = fn(&mut Vec<u8>);

/// Changes of what an entry of a string with one tag is.
const CHANGES: &[(&str, Change)] = &[
    ("of the format before ours", |it| it[1] &= 0x0f),
    ("of the format after ours", |it| it[1] = it[1] & 0x0f | 0x20),
    ("of the last format", |it| it[1] |= 0xf0),
    ("of codec 5", |it| it[1] = it[1] & 0xf0 | 5),
    ("of codec 7", |it| it[1] = it[1] & 0xf0 | 7),
    ("encrypted with no key of ours", |it| it[1] |= 8),
    ("of an encrypted codec of a later version", |it| it[1] |= 15),
    ("of no codec, with a payload", |it| it[1] &= 0xf0),
    ("of a compression of a later version", |it| it[2] |= 3),
    ("said to be compressed", |it| it[2] |= 1),
    ("said to be idle", |it| it[2] |= 1 << 2),
    ("said to declare its tags", |it| it[2] |= 1 << 4),
    ("of another schema", |it| it[15] ^= 1),
    ("with a byte more", |it| it.push(0)),
    ("with a byte less", |it| it.truncate(it.len() - 1)),
    ("with its header alone", |it| it.truncate(24)),
    ("without a magic", |it| it[0] = b'{'),
];

/// What no change of an entry makes.
const OTHERS: &[(&str, &[u8])] = &[
    ("nothing", b""),
    ("a text", b"note 1"),
    ("a document", b"{\"value\": \"note 1\"}"),
    ("the beginning of an entry", b"\xc1"),
    (
        "the beginning of an entry of the next format",
        b"\xc1\x21\x60",
    ),
];

async fn set(server: &RedisServer, name: &str, value: &[u8]) {
    // As escapes of Lua, since commands here are texts.
    let escaped: String = value.iter().map(|byte| format!("\\{byte:03}")).collect();
    let script = format!("return redis.call('SET', KEYS[1], \"{escaped}\")");
    assert!(server.command(&["EVAL", &script, "1", name]).await.is_ok());
}

struct World {
    server: RedisServer,
    writer: Arc<Process>,
    reader: Arc<Process>,
}

impl World {
    async fn start(promise: Promise) -> Self {
        let server = RedisServer::start().await;
        let database = Arc::new(Database::default());
        World {
            writer: Process::start(&server, &database, promise).await,
            reader: Process::start(&server, &database, promise).await,
            server,
        }
    }

    /// Stores a note, and puts something else in its place.
    async fn with(&self, number: u32, change: impl FnOnce(&mut Vec<u8>)) {
        note(&self.writer, number).await;
        let key = key!("note:{number}").to_string();
        let name = format!("app:{key}");
        let entry = bytes(&self.server, &name).await.expect("stored");
        let changed = reformed(&entry, &key, change);
        set(&self.server, &name, &changed).await;
    }

    /// Looks at what was put there, in every way that there is.
    async fn is_a_counted_miss(&self, number: u32, what: &str) {
        let (cache, reader) = (&self.reader.cache, &self.reader);
        let key = key!("note:{number}").to_string();
        let name = format!("app:{key}");
        let strange = bytes(&self.server, &name).await;

        let untrusted = reader.untrusted();
        assert_eq!(cache.get::<String>(&key).await, None, "{what}");
        assert!(reader.untrusted() > untrusted, "{what}: not counted");
        cache.contains(&key).await;
        cache.ttl(&key).await;
        cache.explain(&key).await;
        assert_eq!(
            bytes(&self.server, &name).await,
            strange,
            "{what}: nobody has computed"
        );

        reader.ran();
        let untrusted = reader.untrusted();
        match number % 4 {
            0 => assert_eq!(note(reader, number).await, text(number), "{what}"),
            1 => assert_eq!(found(reader, number).await, Some(text(number)), "{what}"),
            2 => assert_eq!(folder(reader, number).await, text(number).len(), "{what}"),
            _ => assert_eq!(
                notes(reader, &[number]).await[&number],
                text(number),
                "{what}"
            ),
        }
        assert_eq!(reader.ran(), 1, "{what}");
        assert!(reader.untrusted() > untrusted, "{what}: not counted");
        assert_eq!(note(reader, number).await, text(number), "{what}");
        assert_eq!(reader.ran(), 0, "{what}: not replaced");
    }
}

#[tokio::test]
async fn what_was_not_changed_is_a_hit() {
    let world = World::start(Promise::Strict).await;
    world.with(1, |_| {}).await;
    assert_eq!(note(&world.reader, 1).await, text(1));
    assert_eq!(world.reader.ran(), 0);
}

#[tokio::test]
async fn an_entry_of_another_format_is_a_counted_miss_and_is_replaced() {
    for promise in Promise::BOTH {
        let world = World::start(promise).await;
        let mut number = 0;
        for (what, change) in CHANGES {
            // By each kind of reader.
            for _ in 0..4 {
                world.with(number, *change).await;
                world.is_a_counted_miss(number, what).await;
                number += 1;
            }
        }
        for (what, other) in OTHERS {
            for _ in 0..4 {
                set(&world.server, &format!("app:note:{number}"), other).await;
                world.is_a_counted_miss(number, what).await;
                number += 1;
            }
        }
    }
}

/// It says how to read it, but not to whom.
#[tokio::test]
async fn an_entry_of_another_format_ends_nothing_and_shows_nothing_that_was_set_by_hand() {
    let world = World::start(Promise::Strict).await;
    let cache = &world.writer.cache;
    let set_by_hand = cache.set("note:1", text(1)).ttl(Ttl::hours(1)).await;
    assert!(set_by_hand);
    let entry = bytes(&world.server, "app:note:1").await.expect("stored");
    let later = reformed(&entry, "note:1", |it| it[1] ^= 0x30);
    set(&world.server, "app:note:1", &later).await;
    assert_eq!(world.reader.cache.get::<String>("note:1").await, None);
    assert!(cache.delete("note:1").await);
    assert_eq!(bytes(&world.server, "app:note:1").await, None);
}

/// Somebody writes in the next format whatever he gets hold of, and we go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_somebody_who_writes_the_next_format() {
    struct Side;

    #[cached(ttl = "1h", key = "row:{row}", tags = ["row-tag:{row}"], cache = process.cache, skip(process))]
    async fn load(process: &Process, row: u32) -> (u32, u32) {
        (row, process.state(row).await)
    }

    impl Version for Side {
        type Value = (u32, u32);
        async fn load(process: &Process, row: u32) -> (u32, u32) {
            load(process, row).await
        }
        fn of(row: u32, state: u32) -> (u32, u32) {
            (row, state)
        }
        fn state(value: &(u32, u32)) -> u32 {
            value.1
        }
    }

    for promise in Promise::BOTH {
        let server = RedisServer::start().await;
        let database = Arc::new(Database::default());
        let until = Instant::now() + Duration::from_millis(1_200);
        let mut tasks = Vec::new();
        let mut processes = Vec::new();
        for number in 0..4 {
            let process = Process::start(&server, &database, promise).await;
            processes.push(Arc::clone(&process));
            tasks.push(tokio::spawn(async move {
                let mut dice = Dice(number);
                while Instant::now() < until {
                    let row = dice.below(3);
                    process.read::<Side>(row).await;
                    if dice.below(30) == 0 {
                        process.write(row, By::ALL[dice.below(4) as usize]).await;
                    }
                }
            }));
        }
        let mut written = 0;
        while Instant::now() < until {
            let row = written % 3;
            let (key, name) = (format!("row:{row}"), format!("app:row:{row}"));
            if let Some(entry) = bytes(&server, &name).await {
                let next = reformed(&entry, &key, |it| it[1] = it[1] & 0x0f | 0x20);
                set(&server, &name, &next).await;
                written += 1;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        for task in tasks {
            tokio::time::timeout(PATIENCE, task)
                .await
                .expect("it hangs")
                .expect("no call fails");
        }
        assert!(written > 10, "{written} entries are no load");
        for process in &processes {
            let counted = || async { process.untrusted() > 0 };
            wait_until("it was counted", PATIENCE, counted).await;
            process.until_current::<Side>(1).await;
        }
    }
}
