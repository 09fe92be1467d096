//! Where encoded bytes go: a vector that grows to a limit and no further.

use std::io::{self, Write};

pub(super) struct Sink {
    bytes: Vec<u8>,
    limit: usize,
    is_full: bool,
}

impl Sink {
    pub(super) fn new(limit: usize) -> Self {
        Sink {
            bytes: Vec::with_capacity(128.min(limit)),
            limit,
            is_full: false,
        }
    }

    /// Whether more was written than there is room for.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Write for Sink {
    #[inline]
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.write_all(more).map(|()| more.len())
    }

    #[inline]
    fn write_all(&mut self, more: &[u8]) -> io::Result<()> {
        if more.len() > self.limit - self.bytes.len() {
            self.is_full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
