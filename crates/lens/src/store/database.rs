//! The SQLite file under the store.

use super::Stats;
use crate::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Layout of the tables, kept in the file. A file of another layout is left alone.
const LAYOUT: i64 = 1;

/// How long a process waits for another one's write.
const BUSY: Duration = Duration::from_secs(10);

/// `used` counts accesses, so that the order does not depend on clocks. The index answers the size of all
/// entries and the least recently used one without touching the values.
const SCHEMA: &str = "
    CREATE TABLE evidence (key BLOB PRIMARY KEY, used INTEGER NOT NULL, bytes INTEGER NOT NULL, value BLOB NOT NULL);
    CREATE INDEX evidence_by_use ON evidence (used, bytes);
    PRAGMA user_version = 1;";

#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    connection: Connection,
    capacity: u64,
}

impl Database {
    pub(super) fn open(path: &Path, capacity: u64) -> Result<Self> {
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder).map_err(|error| unusable(path, error))?;
        }
        let connection = Connection::open(path).map_err(|error| unusable(path, error))?;
        prepare(&connection).map_err(|error| unusable(path, error))?;
        let mut database = Self { path: path.to_path_buf(), connection, capacity };
        let layout = database.write(create_if_new)?;
        if layout == LAYOUT {
            return Ok(database);
        }
        Err(Error::new(ErrorKind::Config, path.display().to_string())
            .expected(format!("an evidence store of layout {LAYOUT}"))
            .found(format!("layout {layout}, of another version of LENS"))
            .hint("remove the file, or set LENS_HOME to another folder"))
    }

    pub(super) fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let value = self
            .connection
            .prepare_cached("SELECT value FROM evidence WHERE key = ?1")
            .and_then(|mut select| select.query_row([key], |row| row.get(0)).optional())
            .map_err(|error| unusable(&self.path, error))?;
        if value.is_some() {
            // The order of use is a hint: a hit counts even where it cannot be noted.
            let _ = self.write(|transaction| {
                let newest = newest_use(transaction)?;
                transaction.execute(
                    "UPDATE evidence SET used = ?2 + 1 WHERE key = ?1 AND used < ?2",
                    params![key, newest],
                )
            });
        }
        Ok(value)
    }

    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let (capacity, bytes) = (self.capacity, (key.len() + value.len()) as u64);
        if bytes > capacity {
            return Ok(());
        }
        self.write(|transaction| {
            let used = newest_use(transaction)? + 1;
            transaction.execute(
                "INSERT OR REPLACE INTO evidence (key, used, bytes, value) VALUES (?1, ?2, ?3, ?4)",
                params![key, used, bytes as i64, value],
            )?;
            forget_down_to(transaction, capacity)
        })
    }

    pub(super) fn stats(&mut self) -> Result<Stats> {
        let (entries, bytes) = self
            .connection
            .query_row("SELECT count(*), total(bytes) FROM evidence", [], |row| {
                Ok((row.get::<_, i64>(0)? as u64, row.get::<_, f64>(1)? as u64))
            })
            .map_err(|error| unusable(&self.path, error))?;
        Ok(Stats { entries, bytes, capacity: self.capacity })
    }

    pub(super) fn clear(&mut self) -> Result<u64> {
        let entries = self.write(|transaction| transaction.execute("DELETE FROM evidence", []))?;
        self.connection
            .execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
            .map_err(|error| unusable(&self.path, error))?;
        Ok(entries as u64)
    }

    /// Takes the write lock at the start, so that a transaction never has to be begun again half-way.
    fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let attempt = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        attempt().map_err(|error: rusqlite::Error| unusable(&self.path, error))
    }
}

/// The mode is part of the file and the others of the connection. Two processes that both make the file may
/// collide when they set the mode, which SQLite does not wait for by itself.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    let mut tries = 0;
    loop {
        match connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;") {
            Err(error) if is_busy(&error) && tries < 100 => tries += 1,
            outcome => return outcome,
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

/// Returns the layout of the file, after making the tables in an empty one.
fn create_if_new(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    let layout = |t: &Transaction<'_>| t.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if layout(transaction)? == 0 && tables == 0 {
        transaction.execute_batch(SCHEMA)?;
    }
    layout(transaction)
}

fn newest_use(transaction: &Transaction<'_>) -> rusqlite::Result<i64> {
    transaction.prepare_cached("SELECT coalesce(max(used), 0) FROM evidence")?.query_row([], |row| row.get(0))
}

fn forget_down_to(transaction: &Transaction<'_>, capacity: u64) -> rusqlite::Result<()> {
    let total: i64 =
        transaction.query_row("SELECT coalesce(sum(bytes), 0) FROM evidence", [], |row| row.get(0))?;
    let mut excess = total.saturating_sub_unsigned(capacity);
    let mut forget = transaction.prepare_cached(
        "DELETE FROM evidence WHERE key = (SELECT key FROM evidence ORDER BY used LIMIT 1) RETURNING bytes",
    )?;
    while excess > 0 {
        excess -= forget.query_row([], |row| row.get::<_, i64>(0))?;
    }
    Ok(())
}

fn unusable(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Internal, path.display().to_string())
        .expected("a usable evidence store")
        .found(error.to_string())
        .hint("make its folder writable, remove a damaged file, or set LENS_HOME to another folder")
        .because(error)
}
