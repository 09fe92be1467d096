//! Starts the two lives of a process, and ends the first.

use crate::show::{Failure, ensure, note, step};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What the first life says when it has committed.
pub(crate) const COMMITTED: &str = "committed";

pub(crate) fn story() -> Result<(), Failure> {
    let folder = Folder::create()?;
    let file = folder.0.join("people.sqlite");

    step(1, "A process serves, changes a row, commits");
    let mut first = Life::start("first", &file, Stdio::piped())?;
    first.until_committed()?;

    step(2, "kill -9, before it could invalidate anything");
    let id = first.0.id();
    // On Unix this is SIGKILL: no destructor runs, nothing is flushed.
    first.0.kill()?;
    let status = first.0.wait()?;
    note(&format!("process {id} has ended: {status}"));

    step(3, "It is started again");
    let mut second = Life::start("second", &file, Stdio::inherit())?;
    let status = second.0.wait()?;
    ensure(status.success(), || format!("the second life: {status}"))
}

/// A process of this program, which ends with its parent.
struct Life(Child);

impl Life {
    fn start(life: &str, file: &Path, output: Stdio) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let mut command = Command::new(program);
        Ok(Life(command.arg(life).arg(file).stdout(output).spawn()?))
    }

    /// Shows what it says, until it has committed.
    fn until_committed(&mut self) -> Result<(), Failure> {
        let output = self.0.stdout.take().ok_or("its output is not ours")?;
        for line in BufReader::new(output).lines() {
            let line = line?;
            if line == COMMITTED {
                return Ok(());
            }
            println!("{line}");
        }
        Err("the first life has ended by itself".into())
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // Whoever has ended already is not there to be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A temporary folder, removed with all that is in it when it is dropped: also after an error.
struct Folder(PathBuf);

impl Folder {
    fn create() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("outbox-{}", std::process::id()));
        // One of this name was left by a process that was killed.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}
