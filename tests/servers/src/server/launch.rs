//! From a site to a server that answers.

use super::builder::Tls;
use super::directory::Directory;
use super::process::Process;
use crate::port::free_port;
use crate::resp::{Blocking, Reply};
use crate::rights;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to start: seconds more than it needs, for machines with much to do.
const START: Duration = Duration::from_secs(30);

/// How many ports to try.
const PORTS: usize = 10;

/// All that remains the same when a server restarts.
pub(super) struct Site {
    pub(super) port: u16,
    /// Zero without TLS.
    pub(super) tls_port: u16,
    pub(super) directory: Directory,
    pub(super) arguments: Vec<String>,
    pub(super) password: Option<String>,
    pub(super) unix_socket: bool,
    pub(super) tls: Option<Tls>,
    /// Of a Sentinel.
    pub(super) watches: Option<Watched>,
}

/// What a Sentinel watches.
pub(super) struct Watched {
    pub(super) port: u16,
    pub(super) password: Option<String>,
    pub(super) quorum: usize,
}

/// Somebody else listens on the port.
#[derive(Debug)]
struct PortTaken;

impl Site {
    /// Starts a server on some port, which becomes the site's.
    pub(super) fn launch_on_a_free_port(&mut self) -> Process {
        for _ in 0..PORTS {
            self.port = free_port();
            if self.tls.is_some() {
                self.tls_port = free_port();
            }
            if let Some(watched) = &self.watches {
                // It writes there what it finds out, and reads that after a restart.
                let configuration = self.watching(watched);
                fs::write(self.directory.configuration_path(), configuration)
                    .expect("the folder is ours");
            }
            if let Ok(process) = self.try_launch() {
                return process;
            }
        }
        panic!("{PORTS} ports were free and then taken");
    }

    /// Starts a server on the port of the site.
    pub(super) fn launch(&self) -> Process {
        let port = self.port;
        self.try_launch()
            .unwrap_or_else(|PortTaken| panic!("somebody took port {port} meanwhile"))
    }

    pub(super) fn unix_socket(&self) -> Option<PathBuf> {
        self.unix_socket
            .then(|| self.directory.path().join("redis.sock"))
    }

    fn try_launch(&self) -> Result<Process, PortTaken> {
        let log = File::create(self.directory.log_path()).expect("the folder is ours");
        let mut process = Process::spawn(&mut self.server(), log, self.directory.path())
            .unwrap_or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => panic!(
                    "`redis-server` is not installed; run tests/run, or install the package \
                     redis-server (apt) or redis (dnf, brew)"
                ),
                _ => panic!("cannot start redis-server: {error}"),
            });
        let deadline = Instant::now() + START;
        loop {
            if let Some(status) = process.ended() {
                let log = self.directory.log();
                if log.contains("Address already in use") {
                    return Err(PortTaken);
                }
                panic!("redis-server ended at once, {status}; {}", end_of(&log));
            }
            let answer = match self.asked_for_its_id() {
                Ok(id) if id == process.id() => return Ok(process),
                other => other,
            };
            assert!(
                Instant::now() < deadline,
                "redis-server did not answer within {START:?}, last {answer:?}; {}",
                end_of(&self.directory.log())
            );
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn watching(&self, watched: &Watched) -> String {
        let Watched { port, quorum, .. } = watched;
        let mut lines = vec![
            format!("port {}", self.port),
            "bind 127.0.0.1".to_owned(),
            format!("dir {}", self.directory.path().display()),
            format!("sentinel monitor mymaster 127.0.0.1 {port} {quorum}"),
            "sentinel down-after-milliseconds mymaster 500".to_owned(),
            "sentinel failover-timeout mymaster 3000".to_owned(),
        ];
        if let Some(password) = &watched.password {
            lines.push(format!("sentinel auth-pass mymaster {password}"));
        }
        if let Some(password) = &self.password {
            lines.push(format!("requirepass {password}"));
        }
        lines.join("\n") + "\n"
    }

    fn server(&self) -> Command {
        let mut command = Command::new("redis-server");
        if self.watches.is_some() {
            command
                .arg(self.directory.configuration_path())
                .arg("--sentinel")
                .args(self.tls_arguments())
                .args(&self.arguments);
            return command;
        }
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            // A primary would wait five seconds for more replicas to come.
            .args(["--repl-diskless-sync-delay", "0"])
            .arg("--dir")
            .arg(self.directory.path());
        if let Some(socket) = self.unix_socket() {
            command.arg("--unixsocket").arg(socket);
        }
        if let Some(password) = &self.password {
            command.args(["--requirepass", password]);
        }
        command.args(self.tls_arguments()).args(&self.arguments);
        command.args(rights::arguments());
        command
    }

    fn tls_arguments(&self) -> Vec<OsString> {
        let Some(tls) = &self.tls else {
            return Vec::new();
        };
        let (yes, no) = (OsString::from("yes"), OsString::from("no"));
        let asks_clients = if tls.asks_clients { &yes } else { &no };
        let arguments = [
            ("--tls-port", self.tls_port.to_string().into()),
            ("--tls-cert-file", tls.certificate.clone().into()),
            ("--tls-key-file", tls.key.clone().into()),
            ("--tls-ca-cert-file", tls.authority.clone().into()),
            ("--tls-auth-clients", asks_clients.clone()),
            ("--tls-replication", yes.clone()),
        ];
        let pairs = arguments.into_iter();
        pairs
            .flat_map(|(name, value)| [name.into(), value])
            .collect()
    }

    /// The process that answers on the port once it has loaded its data: another's server may be there.
    fn asked_for_its_id(&self) -> io::Result<u32> {
        let mut connection = Blocking::open(self.port, Duration::from_secs(1))?;
        connection.authenticate(self.password.as_deref())?;
        match connection.command(&["PING"])? {
            Reply::Simple(_) => {}
            other => return Err(io::Error::other(format!("{other:?}"))),
        }
        let info = connection.command(&["INFO", "server"])?;
        let id = info
            .text()
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"))
            .and_then(|id| id.parse().ok());
        id.ok_or_else(|| io::Error::other("INFO has no process_id"))
    }
}

/// The last lines of a log.
fn end_of(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let end = &lines[lines.len().saturating_sub(20)..];
    format!("its log ends with\n{}", end.join("\n"))
}
