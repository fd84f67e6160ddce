//! The evidence store: what was seen once is not looked at again.
//!
//! A key is chosen by the caller and must name everything that the value depends on (the picture's hash and the
//! fingerprint of what looked at it); a value is never changed, only forgotten. Several processes may use one
//! file. Without a file that can be written, the store is [absent](Store::absence): it remembers nothing, says
//! why, and the work goes on.

mod database;

#[cfg(test)]
mod tests;

use crate::{Error, Result};
use database::Database;
use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

/// A size-capped map from bytes to bytes in one SQLite file; the least recently used entries go first.
#[derive(Debug)]
pub struct Store(State);

#[derive(Debug)]
enum State {
    Ready(Mutex<Database>),
    Absent(Error),
}

/// How full a store is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Number of entries.
    pub entries: u64,
    /// Bytes of all keys and values.
    pub bytes: u64,
    /// The most that `bytes` may become.
    pub capacity: u64,
}

impl Store {
    /// Opens or creates the file at `path`, for at most `capacity` bytes of keys and values. Never fails: a store
    /// that cannot be opened is absent.
    #[must_use]
    pub fn open(path: &Path, capacity: u64) -> Self {
        match Database::open(path, capacity) {
            Ok(database) => Self(State::Ready(Mutex::new(database))),
            Err(error) => Self(State::Absent(error)),
        }
    }

    /// A store that remembers nothing, because of `reason`.
    #[must_use]
    pub fn absent(reason: Error) -> Self {
        Self(State::Absent(reason))
    }

    /// Why this store remembers nothing, if it does not.
    #[must_use]
    pub fn absence(&self) -> Option<&Error> {
        match &self.0 {
            State::Ready(_) => None,
            State::Absent(reason) => Some(reason),
        }
    }

    /// The value of `key`, which thereby becomes the most recently used. An absent store has none.
    ///
    /// # Errors
    /// `Internal` when the file cannot be read; the work can go on without it.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.with(|database| database.get(key))
    }

    /// Remembers `value`; forgets the least recently used until all fits. A value larger than the whole capacity
    /// is not remembered, and an absent store remembers nothing.
    ///
    /// # Errors
    /// `Internal` when the file cannot be written; the work can go on without it.
    pub fn put(&self, key: &[u8], value: &[u8]) -> Result<()> {
        self.with(|database| database.put(key, value))
    }

    /// How full it is; all zero when absent.
    ///
    /// # Errors
    /// `Internal` when the file cannot be read.
    pub fn stats(&self) -> Result<Stats> {
        self.with(Database::stats)
    }

    /// Forgets everything, gives the disk space back, and tells how many entries there were.
    ///
    /// # Errors
    /// `Internal` when the file cannot be written.
    pub fn clear(&self) -> Result<u64> {
        self.with(Database::clear)
    }

    fn with<T: Default>(&self, work: impl FnOnce(&mut Database) -> Result<T>) -> Result<T> {
        match &self.0 {
            // A panic elsewhere leaves no transaction open: rolling back is the database's own duty.
            State::Ready(database) => work(&mut database.lock().unwrap_or_else(PoisonError::into_inner)),
            State::Absent(_) => Ok(T::default()),
        }
    }
}
