//! As much of a client for HTTP/1.1 as it takes here: one connection, one request after the other, answers of a known length.

use super::stream::Request;
use crate::error::Error;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request, and reads the whole answer: its status, and its body.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<(u16, Vec<u8>), Error> {
        let Request {
            method,
            path,
            session,
            body,
        } = request;
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {session}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(text.as_bytes()).await?;
        let status = self.line().await?;
        let status = status.split(' ').nth(1).and_then(|it| it.parse().ok());
        let mut length = 0;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        let status = status.ok_or("an answer without a status")?;
        Ok((status, body))
    }

    async fn line(&mut self) -> Result<String, Error> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err("the server has closed the connection".into());
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}
