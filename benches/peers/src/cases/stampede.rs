//! Everybody asks for the same thing at once, and nobody has it.

use super::Effort;
use crate::children::Process;
use crate::clock;
use crate::measure::{median, turns};
use crate::peers::BODY;
use crate::report::Side::{self, Ours, Theirs};
use crate::report::{Chapter, Group, Row, Table, Unit};
use test_servers::RedisServer;

const PROCESSES: usize = 4;
const CALLERS: u64 = 2_500;

const CANDIDATES: [(Side, &str, &str); 8] = [
    (Ours, "`#[cached]`, bounded", "ours-bounded"),
    (Ours, "`#[cached]`, strict", "ours-strict"),
    (Theirs, "`GET`, else the body and `SET`, by hand", "bare"),
    (Theirs, "moka `get_with`, each process for itself", "moka"),
    (Theirs, "cached on Redis", "cached"),
    (Theirs, "hitbox on Redis, with its broadcast", "hitbox"),
    (Theirs, "cachekit `production`", "cachekit"),
    (Theirs, "multi-tier-cache", "multi-tier"),
];

/// What all processes together report.
struct Outcome {
    milliseconds: f64,
    runs: i64,
    failed: i64,
}

pub(super) async fn measure(server: &RedisServer, effort: Effort) -> Chapter {
    let url = server.url();
    // Each has processes of its own, so that none is held up by what another does in the background.
    let team = |_| (0..PROCESSES).map(|_| Process::start(&url)).collect();
    let mut teams: Vec<Vec<Process>> = CANDIDATES.iter().map(team).collect();
    let mut outcomes: Vec<Vec<Outcome>> = CANDIDATES.iter().map(|_| Vec::new()).collect();
    // The first one connects; it is not counted.
    for (team, (_, _, name)) in teams.iter_mut().zip(CANDIDATES) {
        meet(team, name, 0).await;
    }
    for round in effort.rounds(15, 40).numbers() {
        for which in turns(round, CANDIDATES.len()) {
            let id = 1 + round as u64;
            outcomes[which].push(meet(&mut teams[which], CANDIDATES[which].2, id).await);
        }
    }
    let rows = CANDIDATES.iter().zip(&outcomes);
    let rows = rows.map(|((side, name, _), outcomes)| row(*side, name, outcomes));
    Chapter {
        name: "stampede",
        title: "A stampede",
        what: format!(
            "{} callers in {PROCESSES} processes, its own, ask at one moment for a value that nobody has, and whose body takes \
             {} ms; all are connected before. The time is that from the signal until the last of them has the value, on \
             one clock; the best is one run of the body, and as much time.",
            CALLERS * PROCESSES as u64,
            BODY.as_millis(),
        ),
        absent: &["cached with `sync_writes`: only its macro for memory has it."],
        tables: vec![Table {
            title: "Until the last caller has returned".to_owned(),
            unit: Unit::Milliseconds,
            columns: vec!["times the body", "runs of the body", "calls that failed"],
            groups: vec![Group {
                label: String::new(),
                rows: rows.collect(),
            }],
        }],
    }
}

fn row(side: Side, name: &str, outcomes: &[Outcome]) -> Row {
    let figures = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).collect::<Vec<_>>();
    let times = figures(|outcome| outcome.milliseconds);
    let runs = figures(|outcome| outcome.runs as f64);
    let failed = figures(|outcome| outcome.failed as f64);
    let mut row = Row::new(side, name);
    let body = BODY.as_secs_f64() * 1e3;
    row.more = vec![
        format!("{:.2}", median(&times) / body),
        range(&runs),
        range(&failed),
    ];
    row.rounds = times;
    row
}

/// The median of counts, and the most.
fn range(counts: &[f64]) -> String {
    let most = counts.iter().copied().fold(0.0, f64::max);
    if most == median(counts) {
        return format!("{most}");
    }
    format!("{} (at most {most})", median(counts))
}

/// All processes, at one moment.
async fn meet(processes: &mut [Process], name: &str, id: u64) -> Outcome {
    for process in &mut *processes {
        process.tell(&format!("meet {name} {id} {CALLERS}")).await;
    }
    for process in &mut *processes {
        let [] = process.hear("ready").await;
    }
    let released = clock::now();
    for process in &mut *processes {
        process.tell("go").await;
    }
    let (mut runs, mut failed, mut last) = (0, 0, 0);
    for process in processes {
        let [ran, missed, returned] = process.hear("done").await;
        runs += ran;
        failed += missed;
        last = last.max(returned);
    }
    assert!(runs > 0, "{name}: it was there already");
    Outcome {
        milliseconds: (last - released) as f64 / 1e6,
        runs,
        failed,
    }
}
