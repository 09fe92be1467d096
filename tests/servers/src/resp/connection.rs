//! A connection that sends commands and reads their replies, blocking and not.

use super::Reply;
use crate::wait::off_thread;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

/// How long a reply may take unless a test says otherwise.
const LIMIT: Duration = Duration::from_secs(10);

/// A connection to a server, or to a proxy before it. After an error it is of no more use.
pub struct Connection {
    /// Away while a command is under way.
    blocking: Option<Blocking>,
}

impl Connection {
    /// Connects to a port of 127.0.0.1.
    pub async fn open(port: u16) -> io::Result<Self> {
        Ok(off_thread(move || Blocking::open(port, LIMIT))
            .await?
            .into())
    }

    /// How long replies may take from now on; past it, a command fails with [`io::ErrorKind::TimedOut`].
    pub fn limit(&mut self, limit: Duration) {
        if let Some(blocking) = &mut self.blocking {
            blocking.limit = limit;
        }
    }

    /// Sends a command and reads its reply.
    pub async fn command(&mut self, command: &[&str]) -> io::Result<Reply> {
        let mut replies = self.pipeline(&[command]).await?;
        Ok(replies.remove(0))
    }

    /// Sends commands in one write, then reads their replies.
    pub async fn pipeline(&mut self, commands: &[&[&str]]) -> io::Result<Vec<Reply>> {
        let mut blocking = self.blocking.take().ok_or(io::ErrorKind::NotConnected)?;
        let batch = encode(commands);
        let count = commands.len();
        let (blocking, replies) = off_thread(move || {
            let replies = blocking.exchange(&batch, count);
            (blocking, replies)
        })
        .await;
        self.blocking = Some(blocking);
        replies
    }
}

impl From<Blocking> for Connection {
    fn from(blocking: Blocking) -> Self {
        Self {
            blocking: Some(blocking),
        }
    }
}

/// The connection itself, for threads that may block.
pub(crate) struct Blocking {
    stream: BufReader<TcpStream>,
    limit: Duration,
}

impl Blocking {
    pub(crate) fn open(port: u16, limit: Duration) -> io::Result<Self> {
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            limit,
        })
    }

    /// Says the password, if there is one.
    pub(crate) fn authenticate(&mut self, password: Option<&str>) -> io::Result<()> {
        let Some(password) = password else {
            return Ok(());
        };
        match self.command(&["AUTH", password])? {
            reply if reply.is_ok() => Ok(()),
            other => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("{other:?}"),
            )),
        }
    }

    pub(crate) fn command(&mut self, command: &[&str]) -> io::Result<Reply> {
        Ok(self.exchange(&encode(&[command]), 1)?.remove(0))
    }

    fn exchange(&mut self, batch: &[u8], replies: usize) -> io::Result<Vec<Reply>> {
        let deadline = Instant::now() + self.limit;
        self.stream.get_ref().set_write_timeout(Some(self.limit))?;
        self.stream
            .get_mut()
            .write_all(batch)
            .map_err(say_timed_out)?;
        (0..replies)
            .map(|_| {
                let rest = deadline
                    .checked_duration_since(Instant::now())
                    .filter(|rest| !rest.is_zero())
                    .ok_or(io::ErrorKind::TimedOut)?;
                self.stream.get_ref().set_read_timeout(Some(rest))?;
                Reply::read(&mut self.stream).map_err(say_timed_out)
            })
            .collect()
    }
}

/// A socket whose time is over says `WouldBlock` on Unix.
fn say_timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

fn encode(commands: &[&[&str]]) -> Vec<u8> {
    let mut batch = Vec::new();
    for command in commands {
        batch.extend(format!("*{}\r\n", command.len()).into_bytes());
        for argument in *command {
            batch.extend(format!("${}\r\n{argument}\r\n", argument.len()).into_bytes());
        }
    }
    batch
}
