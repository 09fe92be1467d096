//! What can change between two versions of a function, each change with both versions at work at once.
//!
//! Both have the key `row:{row}` and the tag `row-tag:{row}`. `shared` says whether the old version takes the new one's
//! entry for an answer, and the new one the old one's.

use crate::world::{BOUND, By, Database, Dice, PATIENCE, Process, Promise, ROWS, Version};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_servers::RedisServer;

/// Who takes whose entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shared {
    old_takes_new: bool,
    new_takes_old: bool,
}

const BOTH: Shared = Shared {
    old_takes_new: true,
    new_takes_old: true,
};
const NEITHER: Shared = Shared {
    old_takes_new: false,
    new_takes_old: false,
};
const OLD_ALONE: Shared = Shared {
    old_takes_new: true,
    new_takes_old: false,
};

/// Makes of each change a module with an old and a new version, and the same tests.
macro_rules! changes {
    ($(
        $(#[doc = $doc:literal])*
        $change:ident is $shared:ident {
            $($side:ident [$($option:tt)*] $([and $($tag:literal)+])? { $($item:item)* } $make:expr, $state:expr;)*
        }
    )*) => {$(
        $(#[doc = $doc])*
        mod $change {
            $(pub(super) mod $side {
                #[allow(unused_imports, reason = "not every version derives, or takes its time")]
                use {
                    crate::world::{Process, Version},
                    cache_runtime::cached,
                    serde::{Deserialize, Serialize},
                };

                $($item)*

                #[cached(
                    key = "row:{row}", tags = ["row-tag:{row}" $($(, $tag)+)?],
                    cache = process.cache, skip(process), $($option)*
                )]
                async fn load(process: &Process, row: u32) -> Value {
                    ($make)(row, process.state(row).await)
                }

                pub(crate) struct Side;

                impl Version for Side {
                    type Value = Value;
                    async fn load(process: &Process, row: u32) -> Value {
                        load(process, row).await
                    }
                    fn of(row: u32, state: u32) -> Value {
                        ($make)(row, state)
                    }
                    fn state(value: &Value) -> u32 {
                        ($state)(value)
                    }
                }
            })*

            #[tokio::test]
            async fn each_takes_of_the_other_what_it_can_read_and_replaces_the_rest() {
                super::takes_what_it_can_read::<old::Side, new::Side>(super::$shared).await;
            }

            #[tokio::test]
            async fn what_either_invalidates_both_lose() {
                super::invalidations_reach_both::<old::Side, new::Side>().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn side_by_side_under_load_strict() {
                super::side_by_side::<old::Side, new::Side>(super::Promise::Strict).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn side_by_side_under_load_bounded() {
                super::side_by_side::<old::Side, new::Side>(super::Promise::Bounded).await;
            }
        }
    )*};
}

/// A record with these fields.
macro_rules! record {
    ($($field:ident: $type:ty),* $(,)?) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub(crate) struct Value {
            $(pub(crate) $field: $type),*
        }
    };
}

changes! {
    a_field_is_added is NEITHER {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h"] { record! { row: u32, state: u32, ward: String } }
            |row, state| Value { row, state, ward: format!("ward {row}") }, |it: &Value| it.state;
    }

    a_field_is_added_in_json is NEITHER {
        old [ttl = "1h", codec = json] { record! { row: u32, state: u32, ward: String } }
            |row, state| Value { row, state, ward: format!("ward {row}") }, |it: &Value| it.state;
        new [ttl = "1h", codec = json] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
    }

    /// It would be read from what was written without it, if one let it.
    a_field_with_a_default_is_added is NEITHER {
        old [ttl = "1h", codec = json] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h", codec = json] {
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub(crate) struct Value { row: u32, state: u32, #[serde(default)] visits: u32 }
        } |row, state| Value { row, state, visits: 7 }, |it: &Value| it.state;
    }

    a_field_is_renamed is NEITHER {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h"] { record! { number: u32, state: u32 } }
            |number, state| Value { number, state }, |it: &Value| it.state;
    }

    /// The bytes decode, to another value.
    fields_of_one_type_change_places is NEITHER {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h"] { record! { state: u32, row: u32 } }
            |row, state| Value { state, row }, |it: &Value| it.state;
    }

    /// The bytes decode, to another value.
    a_number_becomes_signed is NEITHER {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h"] { record! { row: u32, state: i64 } }
            |row, state| Value { row, state: -i64::from(state) }, |it: &Value| -it.state as u32;
    }

    /// The bytes decode, to another value.
    a_variant_is_inserted is NEITHER {
        old [ttl = "1h"] {
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub(crate) enum Value { Even(u32), Odd(u32) }
        } |_, state| if state % 2 == 0 { Value::Even(state) } else { Value::Odd(state) },
            |it: &Value| match it { Value::Even(state) | Value::Odd(state) => *state };
        new [ttl = "1h"] {
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub(crate) enum Value { Even(u32), Third(u32), Odd(u32) }
        } |_, state| match state {
            _ if state % 3 == 0 => Value::Third(state),
            _ if state % 2 == 0 => Value::Even(state),
            _ => Value::Odd(state),
        }, |it: &Value| match it { Value::Even(state) | Value::Third(state) | Value::Odd(state) => *state };
    }

    a_field_becomes_optional is NEITHER {
        old [ttl = "1h"] { record! { state: u32, ward: String } }
            |row, state| Value { state, ward: format!("ward {row}") }, |it: &Value| it.state;
        new [ttl = "1h"] { record! { state: u32, ward: Option<String> } }
            |row, state| Value { state, ward: (state % 2 == 0).then(|| format!("ward {row}")) }, |it: &Value| it.state;
    }

    a_type_is_called_otherwise is NEITHER {
        old [ttl = "1h"] {
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub(crate) struct Patient { row: u32, state: u32 }
            pub(crate) type Value = Patient;
        } |row, state| Patient { row, state }, |it: &Value| it.state;
        new [ttl = "1h"] {
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub(crate) struct Client { row: u32, state: u32 }
            pub(crate) type Value = Client;
        } |row, state| Client { row, state }, |it: &Value| it.state;
    }

    another_function_has_the_key is NEITHER {
        old [ttl = "1h"] { pub(crate) type Value = u64; }
            |_, state| u64::from(state), |it: &Value| *it as u32;
        new [ttl = "1h"] { pub(crate) type Value = String; }
            |row, state| format!("{row} {state}"),
            |it: &Value| it.split(' ').nth(1).and_then(|state| state.parse().ok()).expect("a number");
    }

    /// No shape tells it; `version` does.
    a_unit_changes_and_the_version_is_raised is NEITHER {
        old [ttl = "1h"] { record! { row: u32, time: u32 } }
            |row, state| Value { row, time: state }, |it: &Value| it.time;
        new [ttl = "1h", version = 2] { record! { row: u32, time: u32 } }
            |row, state| Value { row, time: state * 1000 }, |it: &Value| {
                assert_eq!(it.time % 1000, 0, "of the old version");
                it.time / 1000
            };
    }

    the_version_is_raised_from_one_to_another is NEITHER {
        old [ttl = "1h", version = 7] { record! { row: u32, time: u32 } }
            |row, state| Value { row, time: state }, |it: &Value| it.time;
        new [ttl = "1h", version = 8] { record! { row: u32, time: u32 } }
            |row, state| Value { row, time: state * 1000 }, |it: &Value| {
                assert_eq!(it.time % 1000, 0, "of the old version");
                it.time / 1000
            };
    }

    the_codec_becomes_postcard is BOTH {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h", codec = postcard] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
    }

    the_codec_becomes_json is BOTH {
        old [ttl = "1h", codec = msgpack] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h", codec = json] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
    }

    /// Both at once: the codec that the entry names would read it, and the type is another.
    the_codec_and_the_type_change is NEITHER {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h", codec = postcard] { record! { state: u32, row: u32 } }
            |row, state| Value { state, row }, |it: &Value| it.state;
    }

    compression_is_switched_off is BOTH {
        old [ttl = "1h"] { record! { state: u32, text: String } }
            |row, state| Value { state, text: format!("{row} ").repeat(2_000) }, |it: &Value| it.state;
        new [ttl = "1h", compress = off] { record! { state: u32, text: String } }
            |row, state| Value { state, text: format!("{row} ").repeat(2_000) }, |it: &Value| it.state;
    }

    the_time_to_live_changes is BOTH {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = forever] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
    }

    /// Entries are kept past their time, die unread, end at different times, are asked for strictly.
    other_policies_are_chosen is BOTH {
        old [ttl = "1h", local = off] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "30m", idle = "10m", jitter = 0.5, consistency = strict] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
    }

    /// Who declares a tag takes no entry that lacks it.
    a_tag_is_added is OLD_ALONE {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h"] [and "wards"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
    }

    /// What was told of it is told by the value now.
    a_tag_comes_from_the_value is OLD_ALONE {
        old [ttl = "1h"] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
        new [ttl = "1h", tags_with = |it| vec![format!("ward:{}", it.row)]] { record! { row: u32, state: u32 } }
            |row, state| Value { row, state }, |it: &Value| it.state;
    }
}

async fn both<V, W>(server: &RedisServer, promise: Promise) -> (Arc<Process>, Arc<Process>)
where
    V: Version,
    W: Version,
{
    let database = Arc::new(Database::default());
    let old = Process::start(server, &database, promise).await;
    let new = Process::start(server, &database, promise).await;
    // Of another database.
    old.cache.clear().await;
    (old, new)
}

/// Stores by one, looks by the other: takes it, or replaces it and then has it.
async fn takes_what_it_can_read<Old: Version, New: Version>(shared: Shared) {
    let server = RedisServer::start().await;
    for promise in Promise::BOTH {
        let (old, new) = both::<Old, New>(&server, promise).await;
        takes::<Old, New>(&old, &new, shared.new_takes_old).await;
        // By both: whoever has not heard of it keeps what he has for as long as the bound.
        old.cache.clear().await;
        new.cache.clear().await;
        takes::<New, Old>(&new, &old, shared.old_takes_new).await;
    }
}

async fn takes<Writer: Version, Reader: Version>(
    writer: &Process,
    reader: &Process,
    is_taken: bool,
) {
    for row in 0..ROWS {
        writer.read::<Writer>(row).await;
        assert_eq!(writer.ran(), 1, "nobody has stored it");
        reader.read::<Reader>(row).await;
        assert_eq!(reader.ran(), usize::from(!is_taken), "row {row}");
        for _ in 0..3 {
            reader.read::<Reader>(row).await;
            assert_eq!(reader.ran(), 0, "it was replaced");
        }
    }
}

async fn invalidations_reach_both<Old: Version, New: Version>() {
    let server = RedisServer::start().await;
    for promise in Promise::BOTH {
        let (old, new) = both::<Old, New>(&server, promise).await;
        for by in By::ALL {
            ends::<Old, New>(&old, &new, by).await;
            ends::<New, Old>(&new, &old, by).await;
        }
    }
}

/// What `keeper` keeps, on the server and for itself, ends when `ender` says so, that has read it or not.
async fn ends<Keeper: Version, Ender: Version>(keeper: &Process, ender: &Process, by: By) {
    for has_read in [false, true] {
        if has_read {
            ender.read::<Ender>(1).await;
        }
        // Stored, read, kept.
        for _ in 0..3 {
            keeper.read::<Keeper>(1).await;
        }
        keeper.ran();
        ender.write(1, by).await;
        keeper.until_current::<Keeper>(1).await;
        assert_eq!(keeper.ran(), 1, "{by:?} has not ended it");
        ender.until_current::<Ender>(1).await;
    }
}

/// Both versions read and write at once for a while, two processes of each.
async fn side_by_side<Old: Version, New: Version>(promise: Promise) {
    const FOR: Duration = Duration::from_millis(400);

    let server = RedisServer::start().await;
    let database = Arc::new(Database::default());
    let mut processes = Vec::new();
    for _ in 0..4 {
        processes.push(Process::start(&server, &database, promise).await);
    }
    let until = Instant::now()
        + FOR
        + if promise == Promise::Bounded {
            BOUND
        } else {
            FOR
        };
    let mut tasks = Vec::new();
    for (number, process) in processes.iter().enumerate() {
        for task in 0..3 {
            let process = Arc::clone(process);
            let dice = Dice(number as u64 * 10 + task);
            tasks.push(match number % 2 {
                0 => tokio::spawn(at_work::<Old>(process, dice, until)),
                _ => tokio::spawn(at_work::<New>(process, dice, until)),
            });
        }
    }
    for task in tasks {
        let calls = task.await.expect("no call fails");
        assert!(calls > 10, "{calls} calls are no load");
    }
    for (number, process) in processes.iter().enumerate() {
        assert_eq!(
            process.unavailable(),
            0,
            "the server was there all the time"
        );
        for row in 0..ROWS {
            match number % 2 {
                0 => process.until_current::<Old>(row).await,
                _ => process.until_current::<New>(row).await,
            }
        }
    }
}

async fn at_work<V: Version>(process: Arc<Process>, mut dice: Dice, until: Instant) -> usize {
    let mut calls = 0;
    while Instant::now() < until {
        let row = dice.below(ROWS);
        match dice.below(24) {
            0 => process.write(row, By::ALL[dice.below(4) as usize]).await,
            1 => {
                // Several callers of one key.
                let reads = (0..4).map(|_| {
                    let process = Arc::clone(&process);
                    tokio::spawn(async move { process.read::<V>(row).await })
                });
                for read in reads.collect::<Vec<_>>() {
                    let read = tokio::time::timeout(PATIENCE, read).await;
                    read.expect("it hangs").expect("no call fails");
                }
            }
            _ => _ = process.read::<V>(row).await,
        }
        calls += 1;
    }
    calls
}
