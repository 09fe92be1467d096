//! Other processes: this program, started again.
//!
//! One line is a command, one line a reply.

mod delete;
mod meet;
mod role;
mod watch;

pub(crate) use role::obey;

use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// What makes this program a child; the address of the server follows.
pub(crate) const FLAG: &str = "--child";

/// Longer than anything that a child is asked to do.
const LIMIT: Duration = Duration::from_secs(40);

/// A process that ends with this value.
pub(crate) struct Process {
    _child: Child,
    commands: ChildStdin,
    replies: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub(crate) fn start(url: &str) -> Self {
        let this = std::env::current_exe().expect("this program has a file");
        let mut child = Command::new(this)
            .args([FLAG, url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("starts");
        let commands = child.stdin.take().expect("piped");
        let replies = BufReader::new(child.stdout.take().expect("piped")).lines();
        Process {
            _child: child,
            commands,
            replies,
        }
    }

    pub(crate) async fn tell(&mut self, command: &str) {
        let line = format!("{command}\n");
        let told = self.commands.write_all(line.as_bytes()).await;
        told.expect("it listens");
    }

    /// The words of its next line after the first one, which has to be `what`.
    pub(crate) async fn hear<const N: usize>(&mut self, what: &str) -> [i64; N] {
        let line = timeout(LIMIT, self.replies.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("waited in vain for `{what}`"));
        let line = line.expect("it speaks").expect("it lives");
        let mut words = line.split_whitespace();
        assert_eq!(words.next(), Some(what), "{line}");
        let numbers: Vec<i64> = words.map(|word| word.parse().expect("a number")).collect();
        numbers.try_into().expect("as many as were asked for")
    }
}
