//! The shop's database: SQLite, in memory, and a count of what it is asked.

use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) const CATEGORIES: u32 = 150;
pub(crate) const PER_CATEGORY: u32 = 12;
pub(crate) const PRODUCTS: u32 = CATEGORIES * PER_CATEGORY;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: u32,
    pub(crate) price: u32,
}

/// A handle; clones share the connection.
#[derive(Clone)]
pub(crate) struct Db(Arc<Mutex<Counted>>);

struct Counted {
    connection: Connection,
    queries: u64,
}

impl Db {
    pub(crate) fn open() -> rusqlite::Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        connection.execute_batch(
            "CREATE TABLE products (id INTEGER PRIMARY KEY, category INTEGER NOT NULL, price INTEGER NOT NULL);
             CREATE INDEX by_category ON products (category);",
        )?;
        let filling = connection.transaction()?;
        for id in 0..PRODUCTS {
            let row = params![id, id / PER_CATEGORY, 100 + id];
            filling.execute("INSERT INTO products VALUES (?, ?, ?)", row)?;
        }
        filling.commit()?;
        Ok(Db(Arc::new(Mutex::new(Counted {
            connection,
            queries: 0,
        }))))
    }

    pub(crate) fn queries(&self) -> u64 {
        self.with(|counted| counted.queries)
    }

    /// One query.
    pub(crate) fn product(&self, id: u32) -> Option<Product> {
        self.query(|sqlite| truth(sqlite, id))
    }

    /// One query, however many there are.
    pub(crate) fn products(&self, ids: &[u32]) -> Vec<Product> {
        self.query(|sqlite| {
            let places = vec!["?"; ids.len()].join(", ");
            let select = format!("SELECT id, price FROM products WHERE id IN ({places})");
            let mut select = sqlite.prepare_cached(&select)?;
            let rows = select.query_map(params_from_iter(ids), product)?;
            rows.collect()
        })
    }

    /// One query.
    pub(crate) fn category(&self, category: u32) -> Vec<u32> {
        self.query(|sqlite| {
            let select = "SELECT id FROM products WHERE category = ? ORDER BY id";
            let mut select = sqlite.prepare_cached(select)?;
            let rows = select.query_map([category], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// A change, which is no query.
    pub(crate) fn reprice(&self, id: u32, price: u32) {
        self.with(|counted| {
            let change = "UPDATE products SET price = ? WHERE id = ?";
            let changed = counted.connection.execute(change, [price, id]);
            changed.expect("a table of our own");
        });
    }

    /// What is there: for the tally, which counts nothing.
    pub(crate) fn truth(&self, id: u32) -> Option<Product> {
        self.with(|counted| truth(&counted.connection, id).expect("a table of our own"))
    }

    fn query<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        self.with(|counted| {
            counted.queries += 1;
            query(&counted.connection).expect("a table of our own")
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Counted) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn truth(sqlite: &Connection, id: u32) -> rusqlite::Result<Option<Product>> {
    let select = "SELECT id, price FROM products WHERE id = ?";
    let mut select = sqlite.prepare_cached(select)?;
    select.query_row([id], product).optional()
}

fn product(row: &Row<'_>) -> rusqlite::Result<Product> {
    Ok(Product {
        id: row.get(0)?,
        price: row.get(1)?,
    })
}
