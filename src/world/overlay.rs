//! What one trial changed, laid over the world as written.
//!
//! Copy on write: an untouched world costs nothing, whatever its size.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::system::System;
use crate::domain::{Change, ChangeKind, Effect, Entry};

/// Changes by the id of the entry.
#[derive(Debug)]
pub(super) struct Overlay {
    changed: BTreeMap<String, Changed>,
}

#[derive(Debug)]
struct Changed {
    /// `None` once it is deleted.
    entry: Option<Entry>,
    /// The gravest among the calls that changed it.
    effect: Effect,
}

/// No changes: the world as written.
pub(super) static AS_WRITTEN: Overlay = Overlay::new();

impl Overlay {
    pub(super) const fn new() -> Self {
        Self { changed: BTreeMap::new() }
    }

    /// The entry as it is now, whatever its org.
    pub(super) fn entry<'a>(&'a self, system: &'a System, id: &str) -> Option<&'a Entry> {
        match self.changed.get(id) {
            Some(changed) => changed.entry.as_ref(),
            None => system.entry(id),
        }
    }

    /// The entries of a collection as they are now, whatever their org: those as written by id, then created ones by id.
    pub(super) fn collection<'a>(&'a self, system: &'a System, name: &'a str) -> impl Iterator<Item = &'a Entry> {
        let written = system.collection(name).filter_map(|entry| self.entry(system, &entry.id));
        let all = self.changed.values().filter_map(|changed| changed.entry.as_ref());
        written.chain(all.filter(move |entry| entry.collection == name && system.entry(&entry.id).is_none()))
    }

    /// Creates or replaces an entry.
    pub(super) fn put(&mut self, entry: Entry, effect: Effect) {
        let effect = self.gravest(&entry.id, effect);
        self.changed.insert(entry.id.clone(), Changed { entry: Some(entry), effect });
    }

    pub(super) fn delete(&mut self, id: &str, effect: Effect) {
        let effect = self.gravest(id, effect);
        self.changed.insert(id.to_owned(), Changed { entry: None, effect });
    }

    /// `<stem>-<n>` with the lowest n from 1 that was never used, deleted entries included.
    pub(super) fn free_id(&self, system: &System, stem: &str) -> String {
        let mut n = 1_u64;
        loop {
            let id = format!("{stem}-{n}");
            if !self.changed.contains_key(&id) && system.entry(&id).is_none() {
                return id;
            }
            n += 1;
        }
    }

    /// What is different from the world as written, ordered by id.
    pub(super) fn changes(&self, system: &System) -> Vec<Change> {
        let changes = self.changed.iter().filter_map(|(id, changed)| {
            let (subject, change, fields) = match (system.entry(id), &changed.entry) {
                (None, None) => return None,
                (None, Some(new)) => (new, ChangeKind::Created, new.fields.clone()),
                (Some(old), None) => (old, ChangeKind::Deleted, Map::new()),
                (Some(old), Some(new)) => {
                    let fields = difference(&old.fields, &new.fields);
                    if fields.is_empty() {
                        return None;
                    }
                    (new, ChangeKind::Updated, fields)
                }
            };
            Some(Change {
                id: id.clone(),
                collection: subject.collection.clone(),
                kind: subject.kind.clone(),
                change,
                effect: changed.effect,
                fields,
            })
        });
        changes.collect()
    }

    fn gravest(&self, id: &str, effect: Effect) -> Effect {
        self.changed.get(id).map_or(effect, |before| before.effect.max(effect))
    }
}

/// Fields of `new` that `old` has not or has differently, and `null` for those that are gone.
fn difference(old: &Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    let set = new.iter().filter(|(name, value)| old.get(*name) != Some(value));
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    set.map(|(name, value)| (name.clone(), value.clone())).chain(gone.map(|name| (name.clone(), Value::Null))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{all_approved, state, state_with, system};
    use super::*;

    #[test]
    fn a_created_entry_is_reported_with_all_its_fields() {
        let mut state = state();
        state.call("draft_note", json!({"subject": "Loop", "body": "see flow"}));
        let changes = state.changes();
        let [change] = changes.as_slice() else { panic!("{changes:?}") };
        assert_eq!((change.id.as_str(), change.collection.as_str()), ("internal-note-1", "drafts"));
        assert_eq!(
            (change.kind.as_str(), change.change, change.effect),
            ("InternalNote", ChangeKind::Created, Effect::Draft)
        );
        assert_eq!(serde_json::to_value(&change.fields).unwrap(), json!({"subject": "Loop", "body": "see flow"}));
    }

    #[test]
    fn an_update_is_reported_with_the_changed_fields_only() {
        let mut state = state_with(all_approved());
        state.call("update_record", json!({"id": "contact:1", "fields": {"Status": "Closed", "Score": 5}}));
        let change = &state.changes()[0];
        assert_eq!((change.change, change.effect), (ChangeKind::Updated, Effect::Write));
        assert_eq!(serde_json::to_value(&change.fields).unwrap(), json!({"Status": "Closed"}));
    }

    #[test]
    fn a_field_that_is_set_back_is_no_change() {
        let mut state = state_with(all_approved());
        for status in ["Closed", "Open"] {
            state.call("update_record", json!({"id": "contact:1", "fields": {"Status": status}}));
        }
        assert_eq!(state.changes(), []);
    }

    #[test]
    fn a_deleted_entry_is_reported_without_fields_and_one_created_and_deleted_not_at_all() {
        let system = system();
        let mut overlay = Overlay::new();
        overlay.delete("contact:1", Effect::Write);
        let mut note = system.entry("contact:2").unwrap().clone();
        note.id = overlay.free_id(&system, "note");
        overlay.put(note, Effect::Draft);
        overlay.delete("note-1", Effect::Draft);
        let changes = overlay.changes(&system);
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].change, changes[0].fields.len()), (ChangeKind::Deleted, 0));
        assert_eq!(overlay.free_id(&system, "note"), "note-2", "ids are never used twice");
    }

    #[test]
    fn a_change_names_the_gravest_effect_behind_it() {
        let system = system();
        let mut overlay = Overlay::new();
        for effect in [Effect::Write, Effect::MoveData, Effect::Draft] {
            let mut entry = system.entry("contact:1").unwrap().clone();
            entry.fields.insert("Status".into(), json!("x"));
            overlay.put(entry, effect);
        }
        assert_eq!(overlay.changes(&system)[0].effect, Effect::MoveData);
    }
}
