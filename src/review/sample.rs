//! Changes for the tests of this module.

use serde_json::{Value, json};

use super::pending::Pending;
use crate::domain::{Area, FieldClass, Slug, Trit};
use crate::golden::{
    Behaviour, Comparison, Difference, FieldDiff, MarkDiff, Marks, Seen, Snapshot, SnapshotKey, Stored,
};

pub fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

/// One mark of a criterion `c`, and an output `{"x": …, "own": …}` of which `own` did not change.
pub fn snapshot(x: &Value, own: &str, mark: Option<(Area, Trit)>) -> Snapshot {
    let mut marks = Marks::new();
    if let Some((area, trit)) = mark {
        marks.entry(area).or_default().insert(slug("c"), trit);
    }
    let output = Some(json!({ "x": x, "own": own }));
    Snapshot { behaviour: Behaviour { output, calls: Vec::new(), marks }, ..Snapshot::default() }
}

/// A change of `x`; `before` is the accepted mark.
pub fn changed(case: &str, area: Area, before: Trit, after: Trit, x: &str) -> Pending {
    let old = snapshot(&json!("old"), case, Some((area, before)));
    let new = snapshot(&json!(x), case, Some((area, after)));
    let seen = |snapshot: &Snapshot| Seen::of(&Stored::new(snapshot.to_text(case)).unwrap()).unwrap();
    let difference = Difference {
        fields: vec![FieldDiff {
            pointer: "/x".into(),
            class: FieldClass::Exact,
            old: Some(json!("old")),
            new: Some(json!(x)),
        }],
        calls: None,
        marks: match before == after {
            true => Vec::new(),
            false => vec![MarkDiff { area, criterion: slug("c"), old: Some(before), new: Some(after) }],
        },
    };
    let key = SnapshotKey { pipeline: slug("triage"), suite: slug("requests"), case: slug(case) };
    let comparison = Comparison::Changed(difference);
    Pending::new(key, format!("About {case}"), (seen(&new), &new), Some((seen(&old), &old)), comparison)
}
