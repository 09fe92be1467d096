//! What a server answers.

use std::io::{self, BufRead, Read};

/// A reply, as RESP2 knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A status, such as `OK`.
    Simple(String),
    /// An error, such as `ERR unknown command`.
    Error(String),
    /// A number.
    Integer(i64),
    /// Bytes.
    Bulk(Vec<u8>),
    /// Replies in a row.
    Array(Vec<Reply>),
    /// No value: a nil bulk or a nil array.
    Nil,
}

impl Reply {
    /// Whether this is the status `OK`.
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Simple(status) if status == "OK")
    }

    /// The text of a status or of bytes.
    ///
    /// # Panics
    ///
    /// If it is anything else, or is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        match self {
            Self::Simple(text) => text,
            Self::Bulk(bytes) => std::str::from_utf8(bytes).expect("the reply is UTF-8"),
            other => panic!("expected a text, the server said {other:?}"),
        }
    }

    /// The number.
    ///
    /// # Panics
    ///
    /// If it is anything else.
    #[track_caller]
    pub fn integer(&self) -> i64 {
        match self {
            Self::Integer(number) => *number,
            other => panic!("expected a number, the server said {other:?}"),
        }
    }

    /// The texts of replies in a row.
    ///
    /// # Panics
    ///
    /// If it is anything else.
    #[track_caller]
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Array(replies) => replies.iter().map(|it| it.text().to_owned()).collect(),
            other => panic!("expected an array, the server said {other:?}"),
        }
    }

    /// Its texts and numbers as they are written, whatever else is among them.
    pub(crate) fn words(&self) -> Vec<String> {
        match self {
            Self::Array(replies) => replies.iter().flat_map(Self::words).collect(),
            Self::Bulk(bytes) => vec![String::from_utf8_lossy(bytes).into_owned()],
            Self::Simple(text) | Self::Error(text) => vec![text.clone()],
            Self::Integer(number) => vec![number.to_string()],
            Self::Nil => Vec::new(),
        }
    }

    /// Reads one reply.
    pub(super) fn read(from: &mut impl BufRead) -> io::Result<Self> {
        let line = read_line(from)?;
        let (kind, rest) = line
            .split_at_checked(1)
            .ok_or_else(|| malformed("an empty line"))?;
        Ok(match kind {
            "+" => Self::Simple(rest.to_owned()),
            "-" => Self::Error(rest.to_owned()),
            ":" => Self::Integer(parse(rest)?),
            "$" => match length(rest)? {
                None => Self::Nil,
                Some(length) => Self::Bulk(read_bulk(from, length)?),
            },
            "*" => match length(rest)? {
                None => Self::Nil,
                Some(length) => (0..length)
                    .map(|_| Self::read(from))
                    .collect::<io::Result<_>>()
                    .map(Self::Array)?,
            },
            _ => return Err(malformed(&line)),
        })
    }
}

/// A line without its end; an end of the stream in the middle of one is an error.
fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn read_bulk(from: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length + 2];
    from.read_exact(&mut bytes)?;
    if !bytes.ends_with(b"\r\n") {
        return Err(malformed("bytes longer than announced"));
    }
    bytes.truncate(length);
    Ok(bytes)
}

fn length(text: &str) -> io::Result<Option<usize>> {
    match parse(text)? {
        -1 => Ok(None),
        number => usize::try_from(number)
            .map(Some)
            .map_err(|_| malformed(text)),
    }
}

fn parse(text: &str) -> io::Result<i64> {
    text.parse().map_err(|_| malformed(text))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not RESP2: {what:?}"))
}

#[cfg(test)]
mod tests {
    use super::Reply;
    use std::io::ErrorKind;

    #[test]
    fn every_kind_of_reply_is_read() {
        let mut bytes = &b"*7\r\n+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*0\r\n"[..];
        let expected = Reply::Array(vec![
            Reply::Simple("OK".to_owned()),
            Reply::Error("ERR no".to_owned()),
            Reply::Integer(-7),
            Reply::Bulk(b"a\r\n".to_vec()),
            Reply::Nil,
            Reply::Nil,
            Reply::Array(Vec::new()),
        ]);
        assert_eq!(Reply::read(&mut bytes).expect("a reply"), expected);
        assert!(bytes.is_empty());
    }

    #[test]
    fn a_truncated_reply_is_an_unexpected_end_wherever_it_ends() {
        let whole = b"*2\r\n$3\r\nabc\r\n:12\r\n";
        for end in 0..whole.len() {
            let error = Reply::read(&mut &whole[..end]).expect_err("truncated");
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "at {end}");
        }
    }
}
