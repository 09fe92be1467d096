use cache_runtime::cached;

#[cached(codec = jsn, compress = of)]
async fn misspelled(id: u64) -> u64 {
    id
}

#[cached(codec = protobuf, compress = gzip)]
async fn unheard_of(id: u64) -> u64 {
    id
}

#[cached(codec = "json", compress = 9)]
async fn no_words(id: u64) -> u64 {
    id
}

#[cached(codec, compress = codec::off)]
async fn no_value(id: u64) -> u64 {
    id
}

fn main() {}
