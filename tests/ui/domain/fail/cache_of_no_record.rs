use cache_runtime::DomainRecord;

struct User;

fn prefix<R: DomainRecord>() -> &'static str {
    R::PREFIX
}

fn main() {
    prefix::<User>();
}
