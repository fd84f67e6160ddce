use super::{Stats, Store};
use proptest::prelude::*;
use std::{collections::VecDeque, path::PathBuf, thread};
use tempfile::TempDir;

const LARGE: u64 = 1 << 30;
const VALUE: [u8; 100] = [5; 100];

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home/evidence.sqlite");
    (folder, path)
}

#[track_caller]
fn open(path: &std::path::Path, capacity: u64) -> Store {
    let store = Store::open(path, capacity);
    assert!(store.absence().is_none(), "{:?}", store.absence());
    store
}

#[test]
fn what_was_put_is_there_after_reopening() {
    let (_folder, path) = file();
    let store = open(&path, LARGE);
    assert_eq!(store.get(b"a").unwrap(), None);
    store.put(b"a", b"first").unwrap();
    store.put(b"a", b"second").unwrap();
    store.put(b"b", b"").unwrap();
    drop(store);
    let store = open(&path, LARGE);
    assert_eq!(store.get(b"a").unwrap().as_deref(), Some(b"second".as_slice()));
    assert_eq!(store.get(b"b").unwrap().as_deref(), Some(b"".as_slice()));
    assert_eq!(store.stats().unwrap(), Stats { entries: 2, bytes: 8, capacity: LARGE });
    assert_eq!(store.clear().unwrap(), 2);
    assert_eq!(store.stats().unwrap().entries, 0);
}

#[test]
fn clearing_gives_the_disk_space_back() {
    let (_folder, path) = file();
    let store = open(&path, LARGE);
    store.put(b"large", &vec![7; 1 << 20]).unwrap();
    store.clear().unwrap();
    let kept: u64 = fs_err::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(kept < 100_000, "{kept} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The same as a list whose front is the least recently used.
    #[test]
    fn the_least_recently_used_goes_first(
        accesses in prop::collection::vec((any::<bool>(), 0_u8..12, 0_usize..40), 1..60)
    ) {
        const CAPACITY: usize = 100;
        let (_folder, path) = file();
        let store = open(&path, CAPACITY as u64);
        let mut expected: VecDeque<(u8, Vec<u8>)> = VecDeque::new();
        for (write, key, length) in accesses {
            let known = expected.iter().position(|(k, _)| *k == key).and_then(|at| expected.remove(at));
            let value = if write { Some(vec![key; length]) } else { known.clone().map(|(_, value)| value) };
            if write {
                store.put(&[key], value.as_deref().unwrap()).unwrap();
            } else {
                prop_assert_eq!(store.get(&[key]).unwrap(), value.clone());
            }
            expected.extend(value.map(|value| (key, value)));
            while expected.iter().map(|(_, value)| value.len() + 1).sum::<usize>() > CAPACITY {
                expected.pop_front();
            }
        }
        prop_assert_eq!(store.stats().unwrap().entries, expected.len() as u64);
        for (key, value) in expected {
            prop_assert_eq!(store.get(&[key]).unwrap(), Some(value));
        }
    }
}

#[test]
fn a_value_larger_than_the_store_pushes_nothing_out() {
    let (_folder, path) = file();
    let store = open(&path, 10);
    store.put(b"a", b"small").unwrap();
    store.put(b"b", b"far too large").unwrap();
    assert!(store.get(b"a").unwrap().is_some());
    assert!(store.get(b"b").unwrap().is_none());
}

/// Each thread has its own connection, as processes have: the file is made, written and trimmed at once.
#[test]
fn several_connections_share_one_file() {
    let (_folder, path) = file();
    thread::scope(|scope| {
        for worker in 0..6_u8 {
            let path = &path;
            scope.spawn(move || {
                let store = open(path, 2_000);
                for step in 0..40_u8 {
                    store.put(&[worker, step], &VALUE).unwrap();
                    let read = store.get(&[worker.wrapping_add(1) % 6, step]).unwrap();
                    assert!(read.is_none_or(|value| value == VALUE));
                }
            });
        }
    });
    let stats = open(&path, 2_000).stats().unwrap();
    assert_eq!((stats.entries, stats.bytes), (19, 19 * 102));
}

#[test]
fn without_a_usable_file_the_work_goes_on() {
    let (folder, path) = file();
    let occupied = folder.path().join("occupied");
    fs_err::write(&occupied, b"a file where a folder must be").unwrap();
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(&path, b"this is no database, and it is longer than a header of one ".repeat(20)).unwrap();
    let later = folder.path().join("later.sqlite");
    rusqlite::Connection::open(&later).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    for (path, reason) in [
        (occupied.join("evidence.sqlite"), "exists"),
        (path, "not a database"),
        (later, "of another version of LENS"),
    ] {
        let store = Store::open(&path, LARGE);
        let absence = store.absence().expect("the store must be absent");
        assert!(absence.to_string().contains(reason), "{absence}");
        assert!(absence.advice().is_some());
        store.put(b"a", b"b").unwrap();
        assert_eq!(store.get(b"a").unwrap(), None);
        assert_eq!(store.stats().unwrap(), Stats::default());
    }
}

/// Root may write everywhere, so the folder is one that nobody can write to.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_home_is_an_absent_store() {
    let store = Store::open(std::path::Path::new("/proc/lens/evidence.sqlite"), LARGE);
    assert!(store.absence().is_some());
}
