//! Every form of address leads to a server: host and port, with user and password, a Unix socket, TLS.

#![forbid(unsafe_code)]

mod certificates;
mod encrypted;
mod files;
mod mutual;
mod own_authority;
mod plain;
#[cfg(unix)]
mod socket;
mod watched;
