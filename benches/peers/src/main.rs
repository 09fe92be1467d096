//! This cache beside its peers, measured in turn in one run, which writes its report itself.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml                 # all cases; writes docs/benchmarks.md
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- stampede     # one of them; prints it
//! ```
//!
//! It starts Redis servers of its own on free ports, and itself as other processes.

mod cases;
mod children;
mod clock;
mod measure;
mod options;
mod peers;
mod report;
mod user;

use options::Options;
use report::Environment;
use std::process::ExitCode;
use test_servers::RedisServer;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == children::FLAG).is_some() {
        let url = arguments.next().expect("an address");
        // There are more of them than cores.
        let one_thread = Builder::new_current_thread().enable_all().build();
        one_thread
            .expect("a runtime")
            .block_on(children::obey(&url));
        return ExitCode::SUCCESS;
    }
    let two_threads = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    match Options::read(arguments) {
        Ok(options) => two_threads.block_on(run(&options)),
        Err(wrong) => {
            eprintln!("{wrong}");
            ExitCode::from(2)
        }
    }
}

async fn run(options: &Options) -> ExitCode {
    let environment = Environment::at_start();
    let server = RedisServer::start().await;
    // It is emptied again and again.
    let emptied = RedisServer::start().await;
    let mut chapters = Vec::new();
    for &name in &options.names {
        eprintln!("{name} …");
        let server = if name == "invalidation" {
            &emptied
        } else {
            &server
        };
        chapters.push(cases::measure(name, server, options.effort).await);
    }
    let folder = options.out.as_ref().and_then(|out| out.file_stem());
    let folder = folder.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let report = report::write(&chapters, &environment, &options.command, &folder);
    let Some(out) = &options.out else {
        println!("{}", report.text);
        return ExitCode::SUCCESS;
    };
    match report.save(out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", out.display());
            ExitCode::FAILURE
        }
    }
}
