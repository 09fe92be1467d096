use cache_runtime::cached;

#[cached(ttl = forever, swr = "1m", stale_if_error = "1h")]
async fn never_old() -> Result<u32, String> {
    Ok(1)
}

#[cached(ttl = 60, throttle = "5s")]
async fn nothing_stands_in() -> u32 {
    1
}

#[cached(ttl = 60, soft_timeout = "100ms")]
async fn nothing_older() -> u32 {
    1
}

#[cached(ttl = 60, stale_if_error = "1h", soft_timeout = "2s", timeout = "1s")]
async fn the_other_way_round() -> Result<u32, String> {
    Ok(1)
}

#[cached(idle = "30m")]
async fn how_long_at_most() -> u32 {
    1
}

#[cached(ttl = "10m", idle = "30m")]
async fn never_idle() -> u32 {
    1
}

fn main() {}
