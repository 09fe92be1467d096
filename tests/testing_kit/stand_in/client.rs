//! As much of a client as it takes to compare servers: RESP3, replies apart from pushes.

use std::io;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    Status(String),
    /// Its code: what comes after it is for people.
    Error(String),
    Int(i64),
    Bulk(String),
    Nil,
    Array(Vec<Value>),
    Push(Vec<Value>),
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

pub(crate) struct Client {
    stream: BufReader<Box<dyn Stream>>,
}

/// A reply, the news before it, and those after it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) before: Vec<Value>,
    pub(crate) reply: Value,
}

impl Client {
    pub(crate) async fn new(stream: impl Stream + 'static) -> Self {
        let stream: Box<dyn Stream> = Box::new(stream);
        let mut client = Client {
            stream: BufReader::new(stream),
        };
        client.command(&parts("HELLO 3")).await;
        client
    }

    /// Sends a command, and reads until its reply.
    pub(crate) async fn command(&mut self, command: &[Vec<u8>]) -> Heard {
        let mut bytes = format!("*{}\r\n", command.len()).into_bytes();
        for part in command {
            bytes.extend(format!("${}\r\n", part.len()).into_bytes());
            bytes.extend_from_slice(part);
            bytes.extend_from_slice(b"\r\n");
        }
        self.stream.write_all(&bytes).await.expect("it listens");
        let mut before = Vec::new();
        loop {
            match self.value().await.expect("it answers") {
                Value::Push(push) => before.push(Value::Push(push)),
                reply => return Heard { before, reply },
            }
        }
    }

    /// The news that have not been read yet.
    pub(crate) async fn news(&mut self) -> Vec<Value> {
        self.command(&parts("PING")).await.before
    }

    async fn value(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let line = line.trim_end_matches("\r\n");
        let (kind, rest) = line
            .split_at_checked(1)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let number = || rest.parse::<usize>().expect("a number");
        Ok(match kind {
            "+" => Value::Status(rest.to_owned()),
            "-" => Value::Error(rest.split(' ').next().unwrap_or_default().to_owned()),
            ":" => Value::Int(rest.parse().expect("a number")),
            "_" => Value::Nil,
            "$" | "=" => {
                let mut bytes = vec![0; number() + 2];
                self.stream.read_exact(&mut bytes).await?;
                bytes.truncate(bytes.len() - 2);
                Value::Bulk(String::from_utf8(bytes).expect("all of it is text"))
            }
            "*" => Value::Array(self.values(number()).await?),
            "%" => Value::Array(self.values(2 * number()).await?),
            ">" => Value::Push(self.values(number()).await?),
            _ => panic!("{line:?}"),
        })
    }

    async fn values(&mut self, count: usize) -> io::Result<Vec<Value>> {
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(Box::pin(self.value()).await?);
        }
        Ok(values)
    }
}

/// The words of a command.
pub(crate) fn parts(command: &str) -> Vec<Vec<u8>> {
    command
        .split(' ')
        .map(|part| part.as_bytes().to_vec())
        .collect()
}
