use cache_runtime::{Cache, http::Admin};
use std::time::Instant;
use tower_service::Service;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    for n in [1_000u32, 100_000, 1_000_000] {
        let cache = Cache::builder()
            .max_entries(2_000_000)
            .max_bytes(2 << 30)
            .build()
            .await
            .unwrap();
        for id in 0..n {
            cache.set(format!("user:{id}:profile"), id).await;
        }
        let mut admin = Admin::new(&cache).authorize(|_| true);
        for _ in 0..3 {
            let began = Instant::now();
            let r = admin
                .call(
                    http::Request::get("/stats")
                        .body(http_body_util::Empty::<bytes::Bytes>::new())
                        .unwrap(),
                )
                .await
                .unwrap();
            let whole = began.elapsed();
            let b = Instant::now();
            let _ = cache.stats();
            let stats = b.elapsed();
            let b = Instant::now();
            let _ = cache.key_families();
            let fam = b.elapsed();
            println!(
                "{n}: {whole:?} stats {stats:?} families {fam:?} {}",
                r.status()
            );
        }
    }
}
