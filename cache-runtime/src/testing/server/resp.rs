//! The protocol: commands as clients send them, and replies in both versions.

use super::Bytes;
use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// No command of ours is longer than the largest entry, and whoever says otherwise is none of ours.
const LONGEST: usize = 1 << 30;

/// What a command is answered with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    Status(&'static str),
    Error(String),
    Int(i64),
    Bulk(Bytes),
    /// Text for people.
    Text(String),
    Nil,
    Array(Vec<Reply>),
    Map(Vec<(&'static str, Reply)>),
}

impl Reply {
    pub(super) fn ok() -> Self {
        Reply::Status("OK")
    }

    pub(super) fn error(why: impl Into<String>) -> Self {
        Reply::Error(format!("ERR {}", why.into()))
    }

    pub(super) fn count(of: usize) -> Self {
        Reply::Int(i64::try_from(of).unwrap_or(i64::MAX))
    }

    pub(super) fn bulk(value: Option<&Bytes>) -> Self {
        value.map_or(Reply::Nil, |value| Reply::Bulk(value.clone()))
    }

    pub(super) fn write(&self, resp3: bool, to: &mut Bytes) {
        match self {
            Reply::Status(status) => line(to, '+', status),
            Reply::Error(why) => line(to, '-', why),
            Reply::Int(number) => line(to, ':', number),
            Reply::Bulk(bytes) => bulk(to, bytes),
            Reply::Text(text) if resp3 => {
                line(to, '=', text.len() + 4);
                to.extend_from_slice(format!("txt:{text}\r\n").as_bytes());
            }
            Reply::Text(text) => bulk(to, text.as_bytes()),
            Reply::Nil if resp3 => to.extend_from_slice(b"_\r\n"),
            Reply::Nil => to.extend_from_slice(b"$-1\r\n"),
            Reply::Array(replies) => {
                line(to, '*', replies.len());
                replies.iter().for_each(|reply| reply.write(resp3, to));
            }
            Reply::Map(pairs) => {
                let (kind, length) = if resp3 { ('%', 1) } else { ('*', 2) };
                line(to, kind, length * pairs.len());
                for (name, reply) in pairs {
                    bulk(to, name.as_bytes());
                    reply.write(resp3, to);
                }
            }
        }
    }
}

/// The news that a name has changed; `None`: all have.
pub(super) fn invalidation(name: Option<&[u8]>) -> Bytes {
    let mut push = b">2\r\n$10\r\ninvalidate\r\n".to_vec();
    match name {
        Some(name) => {
            line(&mut push, '*', 1);
            bulk(&mut push, name);
        }
        None => push.extend_from_slice(b"_\r\n"),
    }
    push
}

fn line(to: &mut Bytes, kind: char, what: impl std::fmt::Display) {
    to.extend_from_slice(format!("{kind}{what}\r\n").as_bytes());
}

fn bulk(to: &mut Bytes, bytes: &[u8]) {
    line(to, '$', bytes.len());
    to.extend_from_slice(bytes);
    to.extend_from_slice(b"\r\n");
}

/// Reads a command; `None` at the end of the stream.
pub(super) async fn command(
    from: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<Vec<Bytes>>> {
    let Some(parts) = header(from, b'*').await? else {
        return Ok(None);
    };
    let mut command = Vec::new();
    for _ in 0..parts {
        let Some(length) = header(from, b'$').await? else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let mut part = vec![0; length + 2];
        from.read_exact(&mut part).await?;
        part.truncate(length);
        command.push(part);
    }
    Ok(Some(command))
}

/// The number of parts, or the length of one.
async fn header(from: &mut (impl AsyncBufRead + Unpin), kind: u8) -> io::Result<Option<usize>> {
    let mut line = Vec::new();
    if from.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    let number = line
        .strip_prefix(&[kind])
        .and_then(|line| line.strip_suffix(b"\r\n"));
    let number = number.and_then(|number| std::str::from_utf8(number).ok()?.parse().ok());
    match number {
        Some(number) if number <= LONGEST => Ok(Some(number)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
