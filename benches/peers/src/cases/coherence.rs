//! How long another process goes on serving what was invalidated.

use super::Effort;
use crate::children::Process;
use crate::measure::{quantile, turns};
use crate::report::Side::{self, Ours, Theirs};
use crate::report::{Chapter, Group, Row, Table, Unit, amount};
use crate::user::KEYS;
use test_servers::RedisServer;

const EVENTS: u64 = 100;
/// For one that is never told: each takes as long as patience lasts.
const FEW: u64 = 3;

const CANDIDATES: [(Side, &str, &str); 4] = [
    (Ours, "`invalidate_tag`, bounded", "ours-tag"),
    (Ours, "`delete`, bounded", "ours-key"),
    (Theirs, "cached, client-side caching (RESP3)", "cached"),
    (Theirs, "multi-tier-cache `invalidate`", "multi-tier"),
];

/// Microseconds from the call, and from its return, to the last moment at which the old value was served.
#[derive(Default)]
struct Delays {
    from_call: Vec<f64>,
    from_return: Vec<f64>,
}

pub(super) async fn measure(server: &RedisServer, effort: Effort) -> Chapter {
    let url = server.url();
    let (mut reader, mut writer) = (Process::start(&url), Process::start(&url));
    let mut pair = Pair {
        reader: &mut reader,
        writer: &mut writer,
        next: 0,
    };
    for (_, _, name) in CANDIDATES {
        pair.some(name, 10).await;
    }
    let mut all: Vec<Vec<Delays>> = CANDIDATES.iter().map(|_| Vec::new()).collect();
    for round in effort.rounds(15, 40).numbers() {
        for which in turns(round, CANDIDATES.len()) {
            all[which].push(pair.some(CANDIDATES[which].2, EVENTS).await);
        }
    }
    let mut middle = rows(&all, 0.5);
    middle.push(never(&mut pair).await);
    let table = |title: &str, rows| Table {
        title: title.to_owned(),
        unit: Unit::Microseconds,
        columns: vec!["of all, from the call", "of all, from its return", "events"],
        groups: vec![Group {
            label: String::new(),
            rows,
        }],
    };
    Chapter {
        name: "coherence",
        title: "How long another process serves what was invalidated",
        what: "One process asks for a value again and again, and gets it from its local tier; another one invalidates it, \
               and the time is that from the begin of this call to the last moment at which the first one still got the \
               old value, on the clock that both share. From the return of the call it is the same without the call: \
               less than nothing means that nobody got the old value any more when it returned."
            .to_owned(),
        absent: &["hitbox, which has no message to other processes: it serves what it has until that expires."],
        tables: vec![
            table("The median of a round", middle),
            table("The 99th percentile of a round", rows(&all, 0.99)),
        ],
    }
}

/// Of every candidate, so large a share of each of its rounds, and of all of them together.
fn rows(all: &[Vec<Delays>], share: f64) -> Vec<Row> {
    let rows = CANDIDATES.iter().zip(all).map(|((side, name, _), rounds)| {
        let mut row = Row::new(*side, name);
        let of_one = |delays: &Delays| quantile(&delays.from_call, share);
        row.rounds = rounds.iter().map(of_one).collect();
        let together = |which: fn(&Delays) -> &Vec<f64>| -> Vec<f64> {
            rounds.iter().flat_map(which).copied().collect()
        };
        let from_call = together(|delays| &delays.from_call);
        let from_return = together(|delays| &delays.from_return);
        row.more = vec![
            amount(quantile(&from_call, share)),
            amount(quantile(&from_return, share)),
            from_call.len().to_string(),
        ];
        row
    });
    rows.collect()
}

struct Pair<'a> {
    reader: &'a mut Process,
    writer: &'a mut Process,
    next: u64,
}

impl Pair<'_> {
    async fn some(&mut self, name: &str, events: u64) -> Delays {
        let mut delays = Delays::default();
        for _ in 0..events {
            let (began, returned, last) = self.one(name).await;
            assert!(last > 0, "{name}: served until the end");
            delays.from_call.push((last - began) as f64 / 1e3);
            delays.from_return.push((last - returned) as f64 / 1e3);
        }
        delays
    }

    /// When the call began and returned, and when the old value was last served; 0 if until the end.
    async fn one(&mut self, name: &str) -> (i64, i64, i64) {
        let id = self.next % KEYS;
        self.next += 1;
        self.reader.tell(&format!("watch {name} {id}")).await;
        let [] = self.reader.hear("ready").await;
        self.writer.tell(&format!("delete {name} {id}")).await;
        let [began, returned] = self.writer.hear("deleted").await;
        let [last] = self.reader.hear("seen").await;
        (began, returned, last)
    }
}

/// One that nobody tells.
async fn never(pair: &mut Pair<'_>) -> Row {
    let mut row = Row::new(Theirs, "cachekit `production`");
    let mut served = 0;
    for _ in 0..FEW {
        let (.., last) = pair.one("cachekit").await;
        served += u64::from(last == 0);
    }
    let what = format!("served for 1 s and more in {served} of {FEW}: until it expires");
    row.more = vec![what, String::new(), FEW.to_string()];
    row
}
