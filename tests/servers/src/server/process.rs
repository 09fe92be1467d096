//! A process that ends with its value, and with the process that started it.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A child and its watchman. The child is reaped here only, so its id is nobody else's as long as this lives.
pub(super) struct Process {
    child: Child,
    watchman: Option<Child>,
}

impl Process {
    /// Starts `command`, writing to `log`. `folder` is removed if this process ends before the value does.
    pub(super) fn spawn(command: &mut Command, log: File, folder: &Path) -> io::Result<Self> {
        let errors = log.try_clone()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()?;
        let mut process = Self {
            child,
            watchman: None,
        };
        process.watchman = Some(watchman(process.id(), folder)?);
        Ok(process)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The status, if the process has ended by itself.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the child is ours")
    }

    /// Stops the process where it is, without its knowing; nothing runs of it when this returns.
    pub(super) fn pause(&self) {
        self.signal("-STOP");
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.state().is_some_and(|state| state != 'T') {
            assert!(
                Instant::now() < deadline,
                "process {} did not stop",
                self.id()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets a paused process run on.
    pub(super) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        crate::signal(&self.child, signal);
    }

    /// The letter of the process's state, where there is a `/proc`.
    fn state(&self) -> Option<char> {
        let line = fs::read_to_string(format!("/proc/{}/stat", self.id())).ok()?;
        let (_, rest) = line.rsplit_once(") ")?;
        rest.chars().next()
    }
}

impl Drop for Process {
    /// Kills and reaps, the watchman first: its id of the child must not outlive the child.
    fn drop(&mut self) {
        for child in self.watchman.iter_mut().chain([&mut self.child]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A shell that waits for the end of its input, which comes when this process ends in whatever way, and then kills the
/// child and removes the folder. In a group of its own, so that an interrupt from the keyboard does not end it first.
fn watchman(child: u32, folder: &Path) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", r#"read -r _; kill -KILL "$1"; rm -rf -- "$2""#, "sh"])
        .arg(child.to_string())
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}
