//! Every form of address leads to a server: host and port, with user and password, a Unix socket, TLS.

#![forbid(unsafe_code)]

mod encrypted;
mod plain;
