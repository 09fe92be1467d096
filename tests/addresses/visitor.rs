//! Goes to the address that it is given, and says whether it got in.

#![forbid(unsafe_code)]

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).expect("an address");
    let got_in = addresses::leads_to_a_server(&url).await;
    println!("{}", if got_in { "in" } else { "out" });
}
