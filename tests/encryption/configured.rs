//! Keys from the environment of a process.

use crate::world::*;
use std::process::Command;
use test_servers::RedisServer;

/// Runs the test below in a process with these variables, and returns what it says.
fn run(variables: &[(&str, &str)]) -> String {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args([
            "configured::stores_a_diagnosis",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .envs(variables.iter().copied())
        .output()
        .expect("runs");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[tokio::test]
#[ignore = "started by another test, in a process of its own"]
async fn stores_a_diagnosis() {
    match cache_runtime::Cache::from_env().await {
        Ok(cache) => {
            diagnosis(&cache, 1).await;
            weather(&cache, 1).await;
            println!("stored");
        }
        Err(error) => println!("refused: {error}"),
    }
}

#[tokio::test]
async fn keys_come_from_the_environment() {
    let server = RedisServer::start().await;
    let keys = format!("2026-11:{},2026-05:{}", "5e".repeat(32), "07".repeat(32));
    let url = server.url();
    let variables = [("REDIS_URL", &*url), ("CACHE_ENCRYPTION_KEYS", &keys)];
    assert!(run(&variables).contains("stored"));
    assert!(contains(&bytes(&server, "diagnosis:1").await, "2026-11"));
    assert!(contains(&bytes(&server, "weather:1").await, "sunshine"));
    server.command(&["FLUSHALL"]).await;
    let everything = [
        variables[0],
        variables[1],
        ("CACHE_ENCRYPT_EVERYTHING", "true"),
    ];
    assert!(run(&everything).contains("stored"));
    assert!(!contains(&bytes(&server, "weather:1").await, "sunshine"));
}

#[tokio::test]
async fn what_is_no_ring_of_keys_is_refused_and_not_quoted() {
    let secret = "5e".repeat(32);
    for (keys, why) in [
        (secret.clone(), "a ring of keys is `{name}:{key}`"),
        (String::new(), "a ring of keys is `{name}:{key}`"),
        (format!("2026-11:{secret}00"), "64 hexadecimal digits"),
        (format!("2026 11:{secret}"), "a key's name"),
    ] {
        let said = run(&[("CACHE_ENCRYPTION_KEYS", &keys)]);
        assert!(
            said.contains("refused: CACHE_ENCRYPTION_KEYS cannot be used") && said.contains(why),
            "{said}"
        );
        assert!(!said.contains("5e5e"), "{said}");
    }
}

#[tokio::test]
async fn to_encrypt_everything_takes_keys() {
    let server = RedisServer::start().await;
    let url = server.url();
    let said = run(&[("REDIS_URL", &*url), ("CACHE_ENCRYPT_EVERYTHING", "true")]);
    assert!(
        said.contains("refused: everything is to be encrypted"),
        "{said}"
    );
    assert!(
        said.contains("there are no keys; set CACHE_ENCRYPTION_KEYS"),
        "{said}"
    );
    let keys = format!("2026-11:{}", "5e".repeat(32));
    let said = run(&[("CACHE_ENCRYPT_EVERYTHING", &keys)]);
    assert!(said.contains("expected `true` or `false`"), "{said}");
    assert!(!said.contains("5e5e"), "{said}");
    let by_hand = cache_runtime::Cache::builder().encrypt_everything(true);
    assert!(by_hand.build().await.is_err());
}

#[test]
#[should_panic(expected = "two keys have the name `a`")]
fn a_ring_has_a_name_once() {
    ring(&["a", "a"]);
}
