//! Encryption of what is on a server: what somebody sees there, who can read it, and what happens to what nobody can.

mod at_rest;
mod configured;
mod keys;
mod world;
