//! What the stand-in does not know.

use super::client::{Client, Value, parts};
use cache_runtime::testing::{__server, Network};

async fn told(command: &[&str]) -> Network {
    let network = Network::new();
    let mut client = Client::new(network.connection()).await;
    let command: Vec<_> = command
        .iter()
        .map(|part| part.as_bytes().to_vec())
        .collect();
    let reply = client.command(&command).await.reply;
    assert_eq!(reply, Value::Error("ERR".to_owned()));
    network
}

#[tokio::test]
#[should_panic(expected = "does not know `SUBSCRIBE news`")]
async fn a_command_that_it_does_not_know_fails_the_test() {
    told(&["SUBSCRIBE", "news"]).await;
}

#[tokio::test]
#[should_panic(expected = "does not know `SET key`, or not with these arguments")]
async fn so_does_an_option() {
    told(&["SET", "key", "value", "KEEPTTL"])
        .await
        .settle()
        .await;
}

#[tokio::test]
#[should_panic(expected = "has no native form of the script")]
async fn so_does_a_script_that_was_changed() {
    let text = format!("{}\n-- changed", __server::scripts()[0]);
    told(&["SCRIPT", "LOAD", &text]).await;
}

#[tokio::test]
async fn a_connection_of_ones_own_looks_at_what_nodes_have_stored() {
    let network = Network::new();
    network.node("a").await.set("answer", 42).await;
    let mut client = Client::new(network.connection()).await;
    let exists = client.command(&parts("EXISTS answer ~scope:")).await;
    assert_eq!(exists.reply, Value::Int(2));
}
