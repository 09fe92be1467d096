//! Invalidating many entries at once.

mod by_hand;
mod ours;
mod way;

use super::Effort;
use super::ping::Pings;
use crate::measure::turns;
use crate::report::{Chapter, Group, Row, Table, Unit};
use std::time::{Duration, Instant};
use test_servers::RedisServer;
use way::Way;

pub(super) async fn measure(server: &RedisServer, effort: Effort) -> Chapter {
    let all = Way::all(&server.url()).await;
    let mut sizes = vec![(10, 61, 6), (1_000, 31, 8), (100_000, 9, 40)];
    if effort.million {
        sizes.push((1_000_000, 3, 0));
    }
    let (mut times, mut blocked) = (Vec::new(), Vec::new());
    for (entries, most, seconds) in sizes {
        let label = format!("{entries} entries");
        let ways: Vec<&Way> = all.iter().filter(|way| way.copes_with(entries)).collect();
        let (mut time, mut block) = (rows(&ways), rows(&ways));
        for round in effort.rounds(most, seconds).numbers() {
            for which in turns(round, ways.len()) {
                let (took, longest) = one(server, ways[which], entries).await;
                time[which].rounds.push(took.as_secs_f64() * 1e3);
                block[which].rounds.push(longest.as_secs_f64() * 1e3);
            }
        }
        times.push(Group {
            label: label.clone(),
            rows: time,
        });
        blocked.push(Group { label, rows: block });
    }
    let table = |title: &str, groups| Table {
        title: title.to_owned(),
        unit: Unit::Milliseconds,
        columns: Vec::new(),
        groups,
    };
    Chapter {
        name: "invalidation",
        title: "Invalidating one tag, or one pattern",
        what: "Invalidates all entries of a tag or of `user:*`, of which there are so many and nothing else on the \
               server (which is the best that can happen to `SCAN`, as it walks over all keys). Beside it a thread sends \
               `PING`, with a pause of 0.1 ms in between: the longest that one answer took is for how long others were \
               held up, the noise of the machine included."
            .to_owned(),
        absent: &[
            "cachekit and hitbox, which have neither tags nor patterns.",
            "multi-tier-cache with a million entries: it gives up waiting for the reply to its `DEL` of all of them.",
            "cached, which can only clear all that a function has stored, by `SCAN`.",
        ],
        tables: vec![
            table("Until it has returned", times),
            table("Longest answer to a `PING` meanwhile", blocked),
        ],
    }
}

fn rows(ways: &[&Way]) -> Vec<Row> {
    let rows = ways.iter().map(|way| Row::new(way.side(), way.name()));
    rows.collect()
}

/// How long it took, and how long others waited at most.
async fn one(server: &RedisServer, way: &Way, entries: u64) -> (Duration, Duration) {
    server.command(&["FLUSHALL"]).await;
    way.fill(entries).await;
    assert!(way.is_there(entries - 1).await, "{}: filled", way.name());
    let pings = Pings::start(server.port());
    tokio::time::sleep(Duration::from_millis(5)).await;
    let began = Instant::now();
    way.invalidate().await;
    let took = began.elapsed();
    let longest = pings.stop();
    for entry in [0, entries / 2, entries - 1] {
        assert!(
            !way.is_there(entry).await,
            "{}: {entry} is gone",
            way.name()
        );
    }
    (took, longest)
}
