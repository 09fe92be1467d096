//! Where and when it was measured.

use std::fs::read_to_string;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub(crate) struct Environment {
    began: Instant,
    load: String,
}

impl Environment {
    /// To be called before anything is measured.
    pub(crate) fn at_start() -> Self {
        Environment {
            began: Instant::now(),
            load: load(),
        }
    }

    /// What there is to say, with what it is called.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let took = self.began.elapsed().as_secs();
        vec![
            ("date", today()),
            ("took", format!("{} min {} s", took / 60, took % 60)),
            (
                "this cache",
                said_by("git", &["describe", "--always", "--dirty"]),
            ),
            ("compiler", said_by("rustc", &["--version"])),
            ("Redis", said_by("redis-server", &["--version"])),
            ("kernel", file("/proc/sys/kernel/osrelease")),
            ("processor", processor()),
            ("cores", cores.to_string()),
            ("load average before", self.load.clone()),
            ("load average after", load()),
        ]
    }
}

/// The first line that a program writes.
fn said_by(program: &str, arguments: &[&str]) -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    let said = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output();
    let said = said.ok().filter(|said| said.status.success());
    let text = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    let first = text.as_deref().and_then(|text| text.lines().next());
    first.unwrap_or("unknown").to_owned()
}

fn file(path: &str) -> String {
    let text = read_to_string(path).unwrap_or_default();
    match text.trim() {
        "" => "unknown".to_owned(),
        text => text.to_owned(),
    }
}

fn load() -> String {
    let all = file("/proc/loadavg");
    all.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn processor() -> String {
    let all = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = all.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split(": ").nth(1));
    name.unwrap_or("unknown").to_owned()
}

/// In UTC. The algorithm is `civil_from_days` by Howard Hinnant (chrono-compatible low-level date algorithms).
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = since.map_or(0, |since| since.as_secs() / 86_400) + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
