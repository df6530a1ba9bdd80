//! What tests of the golden folder share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Changes, GoldenFolder, Settled, StoreError, load};
use crate::domain::{Pipeline, Ruling, Slug, SnapshotFields};
use crate::golden::SnapshotKey;
use crate::review::{Decided, Pending};

pub fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

pub fn key(case: &str) -> SnapshotKey {
    SnapshotKey { pipeline: slug("triage"), suite: slug("golden-requests"), case: slug(case) }
}

pub fn pipeline() -> Pipeline {
    Pipeline::sample(SnapshotFields::default())
}

/// Everything that waits.
pub fn pending(folder: &GoldenFolder) -> Vec<Pending> {
    let pipeline = pipeline();
    let (pending, unreadable) = load(folder, |_| Some(&pipeline)).unwrap();
    assert!(unreadable.is_empty(), "{unreadable:?}");
    pending
}

/// A decision about one of them, whatever the rules of a review would say.
pub fn decided<'p>(pending: &'p Pending, ruling: Ruling, reason: Option<&str>) -> Settled<'p> {
    let reason = reason.map(str::to_owned);
    Settled { pending, decided: Decided { ruling, reason, worse: Vec::new(), minutes: None }, merged: None }
}

/// Writes decisions and nothing along with them.
pub fn settle(folder: &GoldenFolder, settled: &[Settled], by: &str) -> Result<(), StoreError> {
    folder.settle(settled, Changes::of(folder.project()), by, Timestamp::UNIX_EPOCH)
}

/// Accepts what waits of a case.
pub fn accept(folder: &GoldenFolder, case: &str, by: &str) {
    let pending = pending(folder);
    let one = pending.iter().find(|one| one.key == key(case)).unwrap();
    settle(folder, &[decided(one, Ruling::Accepted, Some("it is right\n---\nso"))], by).unwrap();
}

/// Every file below a folder with its text, by its path from there.
pub fn files(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => drop(all.insert(path.strip_prefix(root).unwrap().into(), fs::read_to_string(&path).unwrap())),
            }
        }
    }
    all
}
