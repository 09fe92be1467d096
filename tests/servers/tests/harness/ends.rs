//! Nothing is left behind, as `/proc` tells.

use crate::LONG;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use test_servers::{RedisServer, wait_until};

const DIE: &str = "TEST_SERVERS_DIE_WITH_A_SERVER";

/// Whether somebody of this id runs; who is dead and not yet buried does not.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

async fn folder(server: &RedisServer) -> PathBuf {
    match server.command(&["CONFIG", "GET", "dir"]).await {
        test_servers::Reply::Array(pair) => pair[1].text().into(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn dropping_a_server_leaves_no_process_and_no_folder() {
    let server = RedisServer::start().await;
    let (pid, folder) = (server.pid().expect("it runs"), folder(&server).await);
    assert!(runs(pid) && folder.exists());
    drop(server);
    assert!(!runs(pid) && !folder.exists());
}

#[tokio::test]
async fn a_paused_server_ends_when_its_test_panics() {
    let server = RedisServer::start().await;
    let pid = server.pid().expect("it runs");
    server.pause();
    let panicking = tokio::spawn(async move {
        assert_eq!(server.port(), 0, "on purpose");
    });
    assert!(panicking.await.expect_err("it panics").is_panic());
    assert!(!runs(pid));
}

/// Run by [`a_server_ends_with_the_process_that_started_it`], in a process of its own.
#[tokio::test]
async fn die_with_a_server() {
    let Ok(file) = std::env::var(DIE) else { return };
    let server = RedisServer::start().await;
    let pid = server.pid().expect("it runs");
    server.pause();
    let folder = folder_of(pid);
    fs::write(file, format!("{pid} {}", folder.display())).expect("written");
    std::process::abort();
}

fn folder_of(pid: u32) -> PathBuf {
    fs::read_link(format!("/proc/{pid}/cwd")).expect("its folder")
}

#[tokio::test]
async fn a_server_ends_with_the_process_that_started_it() {
    let file = std::env::temp_dir().join(format!("die-with-a-server-{}", std::process::id()));
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "ends::die_with_a_server"])
        .env(DIE, &file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(!status.expect("it ran").success());
    let said = fs::read_to_string(&file).expect("it wrote");
    fs::remove_file(&file).expect("removed");
    let (pid, folder) = said.split_once(' ').expect("an id and a folder");
    let pid = pid.parse().expect("an id");
    wait_until("the server has ended", LONG, || async {
        !runs(pid) && !Path::new(folder).exists()
    })
    .await;
}
