//! Whatever the body is, the expansion adds no warning to it.

#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::cached;

#[cached]
async fn one_expression(id: u64) -> u64 {
    id
}

#[cached]
async fn one_return(id: u64) -> u64 {
    return id;
}

#[cached(key = "todo:{id}")]
async fn not_written_yet(id: u64) -> Result<String, std::io::Error> {
    todo!()
}

#[cached(key = "diverging:{id}")]
async fn diverging(id: u64) -> String {
    loop {
        std::future::pending::<()>().await;
    }
}

#[cached(key = "failing:{id}")]
async fn failing(id: u64) -> Option<u64> {
    panic!("always")
}

#[cached]
async fn returning_early(id: u64) -> Result<Option<u64>, std::num::ParseIntError> {
    if id == 0 {
        return Ok(None);
    }
    let parsed: u64 = "7".parse()?;
    Ok(Some(parsed + id))
}

#[cached]
async fn changing_its_arguments(mut id: u64, mut names: Vec<String>) -> usize {
    id += 1;
    names.push(id.to_string());
    names.len()
}

#[cached(key = "unused:{id}", skip(_db, _ctx))]
async fn using_none_of_its_arguments(id: u64, _db: &str, (_ctx, _): (u8, u8), _: u8) -> u64 {
    1
}

#[cached(key = "items:{id}")]
async fn with_items_and_blocks(id: u64) -> u64 {
    const STEP: u64 = 1;
    fn next(id: u64) -> u64 {
        id + STEP
    }
    let doubled = { id * 2 };
    match doubled {
        0 => 0,
        other => next(other),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(one_expression(1).await, 1);
    assert_eq!(one_return(1).await, 1);
    drop(not_written_yet(1));
    drop(diverging(1));
    drop(failing(1));
    assert_eq!(returning_early(1).await, Ok(Some(8)));
    assert_eq!(changing_its_arguments(1, Vec::new()).await, 1);
    assert_eq!(using_none_of_its_arguments(1, "", (1, 2), 3).await, 1);
    assert_eq!(with_items_and_blocks(1).await, 3);
}
