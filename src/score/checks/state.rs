//! `state`: the system of record is as it should be after the trial.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::domain::{Case, Change, ChangeKind, Effect, Operation, Outcome, Tool, pointer};
use crate::score::View;
use crate::score::compile::Setup;
use crate::score::examine::{CaseProblem, Exam};
use crate::score::judgement::{Check, Judgement, Subject};
use crate::score::shown;
use crate::score::values::same;
use crate::score::want::{self, Want};
use crate::world::{self, Binding, System};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "state",
    about: "Whether exactly the expected entries are different after the trial; drafts count only where they are asked for.",
    hit: useful("Exactly what is expected changed."),
    partial: incomplete("Nothing unexpected changed, but not everything that should have."),
    miss: harmful("Something changed that should not have, or to another value."),
    want: Some(
        "`unchanged`, `as_reference`, or {created: [{collection, kind, fields}], updated: {id: {field: value}}, deleted: [ids]}",
    ),
    reads: Reads::Deeds,
    repeatable: true,
    params: || schemars::schema_for!(AsExpected),
    compile: |setup: &mut Setup| {
        let check: AsExpected = setup.params()?;
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AsExpected {
    /// The changes, e.g. `expect.state`. Of a created entry only the given fields are compared, of an updated one all.
    want: Want,
}

const UNCHANGED: &str = "unchanged";
const AS_REFERENCE: &str = "as_reference";

/// A new entry that should be there.
struct Created<'a> {
    collection: &'a str,
    kind: Option<&'a str>,
    fields: Option<&'a Map<String, Value>>,
}

enum Expected<'a> {
    Unchanged,
    AsReference,
    Exactly { created: Vec<Created<'a>>, updated: Vec<(&'a str, &'a Map<String, Value>)>, deleted: Vec<&'a str> },
}

impl<'a> Expected<'a> {
    fn read(value: &'a Value) -> Result<Self, CaseProblem> {
        match value.as_str() {
            Some(UNCHANGED) => return Ok(Self::Unchanged),
            Some(AS_REFERENCE) => return Ok(Self::AsReference),
            Some(other) => {
                let message = format!("{} is not a state", shown::text(other));
                return Err(want::wrong("", message).suggest(other, &[UNCHANGED, AS_REFERENCE]));
            }
            None => {}
        }
        let map = want::map(value, &["created", "updated", "deleted"])?;
        let created = want::list(map, "created")?.iter().enumerate();
        let created = created
            .map(|(i, item)| Created::read(item).map_err(|problem| problem.below(&format!("/created/{i}"))))
            .collect::<Result<_, _>>()?;
        let updated = match map.get("updated") {
            None => Vec::new(),
            Some(updated) => fields(updated, "/updated")?
                .iter()
                .map(|(id, entry)| Ok((id.as_str(), fields(entry, &pointer::below("/updated", id))?)))
                .collect::<Result<_, CaseProblem>>()?,
        };
        Ok(Self::Exactly { created, updated, deleted: want::texts(map, "deleted")? })
    }
}

impl<'a> Created<'a> {
    fn read(value: &'a Value) -> Result<Self, CaseProblem> {
        let map = want::map(value, &["collection", "kind", "fields"])?;
        let text = |key: &str| {
            map.get(key).map(|text| want::text(text).map_err(|problem| problem.below(&format!("/{key}")))).transpose()
        };
        let collection = text("collection")?.ok_or_else(|| want::wrong("", "`collection` is missing".to_owned()))?;
        let fields = map.get("fields").map(|given| fields(given, "/fields")).transpose()?;
        Ok(Self { collection, kind: text("kind")?, fields })
    }

    fn is(&self, change: &Change) -> bool {
        change.change == ChangeKind::Created
            && change.collection == self.collection
            && self.kind.is_none_or(|kind| change.kind == kind)
            && self.fields.into_iter().flatten().all(|(k, v)| change.fields.get(k).is_some_and(|found| same(found, v)))
    }
}

fn fields<'a>(value: &'a Value, pointer: &str) -> Result<&'a Map<String, Value>, CaseProblem> {
    value.as_object().ok_or_else(|| want::wrong(pointer, format!("{} is not a map", shown::value(value))))
}

fn same_fields(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
}

fn within(part: &Map<String, Value>, whole: &Map<String, Value>) -> bool {
    part.iter().all(|(key, value)| whole.get(key).is_some_and(|other| same(value, other)))
}

/// Whether a person could undo it by ignoring it.
fn is_draft(change: &Change) -> bool {
    !change.effect.needs_approval()
}

fn described(change: &Change) -> String {
    format!("{} {} {}", change.change.name(), change.kind, shown::text(&change.id))
}

/// Ends the check: what changed beyond the expected, and what is missing.
fn ended(unexpected: Vec<String>, missing: Vec<String>, expected: usize) -> Judgement {
    if !unexpected.is_empty() {
        Judgement::Miss(format!("unexpected: {}", shown::list(unexpected)))
    } else if !missing.is_empty() {
        Judgement::Partial(format!("missing: {}", shown::list(missing)))
    } else if expected == 0 {
        Judgement::Hit("nothing changed, drafts apart".to_owned())
    } else {
        Judgement::Hit(format!("{} as expected, and no other", shown::count(expected, "change")))
    }
}

/// Pairs each expected change with one that happened; whatever is left on either side is missing or unexpected.
fn paired<'c, E>(
    changes: &'c [Change],
    expected: &[E],
    is: impl Fn(&E, &Change) -> bool,
    named: impl Fn(&E) -> String,
) -> (Vec<&'c Change>, Vec<String>) {
    let mut left: Vec<&Change> = changes.iter().collect();
    let mut missing = Vec::new();
    for one in expected {
        match left.iter().position(|change| is(one, change)) {
            Some(i) => drop(left.remove(i)),
            None => missing.push(named(one)),
        }
    }
    (left, missing)
}

/// One line of an exact expectation.
enum Line<'a> {
    Created(Created<'a>),
    Updated(&'a str, &'a Map<String, Value>),
    Deleted(&'a str),
}

impl Line<'_> {
    fn is(&self, change: &Change) -> bool {
        match self {
            Line::Created(created) => created.is(change),
            Line::Updated(id, fields) => {
                change.change == ChangeKind::Updated && change.id == *id && same_fields(&change.fields, fields)
            }
            Line::Deleted(id) => change.change == ChangeKind::Deleted && change.id == *id,
        }
    }

    /// Whether the change is a part of what is expected, so that the rest may still have come.
    fn begins(&self, change: &Change) -> bool {
        match self {
            Line::Updated(id, fields) => {
                change.change == ChangeKind::Updated && change.id == *id && within(&change.fields, fields)
            }
            Line::Created(_) | Line::Deleted(_) => false,
        }
    }

    fn named(&self) -> String {
        match self {
            Line::Created(created) => format!("a new {} in {}", created.kind.unwrap_or("entry"), created.collection),
            Line::Updated(id, _) => format!("the update of {}", shown::text(id)),
            Line::Deleted(id) => format!("the deletion of {}", shown::text(id)),
        }
    }
}

/// What the reference calls change on a fresh world, or which of them does not end as it should.
fn reference_changes(view: &View) -> Result<Vec<Change>, String> {
    let replay = world::replay(view.system, Binding::of(view.case, view.pipeline), &view.case.reference);
    match replay.problems.first() {
        None => Ok(replay.changes),
        Some((i, problem)) => Err(format!("reference call {} does not end as the case says: {problem}", i + 1)),
    }
}

/// The same change; ids of new entries are the world's own and say nothing.
fn alike(reference: &Change, change: &Change) -> bool {
    reference.change == change.change
        && reference.collection == change.collection
        && reference.kind == change.kind
        && (reference.change == ChangeKind::Created || reference.id == change.id)
        && same_fields(&reference.fields, &change.fields)
}

/// Whether the change is a part of an update that the reference calls make.
fn begins(reference: &Change, change: &Change) -> bool {
    (reference.change, change.change) == (ChangeKind::Updated, ChangeKind::Updated)
        && reference.id == change.id
        && within(&change.fields, &reference.fields)
}

impl Check for AsExpected {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn effects(&self, want: &Value, system: &System) -> Vec<Effect> {
        let Ok(Expected::Exactly { created, updated, deleted }) = Expected::read(want) else { return Vec::new() };
        let of = |id: &str| system.entry(id).map(|entry| entry.collection.as_str());
        let updated: Vec<&str> = updated.iter().filter_map(|(id, _)| of(id)).collect();
        let deleted: Vec<&str> = deleted.iter().filter_map(|id| of(id)).collect();
        let reaches =
            |collections: &[String], changed: &[&str]| collections.iter().any(|one| changed.contains(&one.as_str()));
        let does = |tool: &&Tool| match &tool.does {
            Operation::Create { collection, kind } => created
                .iter()
                .any(|entry| entry.collection == collection && entry.kind.is_none_or(|asked| asked == kind)),
            Operation::Update { collections, .. } => reaches(collections, &updated),
            Operation::Delete { collections, .. } => reaches(collections, &deleted),
            Operation::Get { .. } | Operation::Search { .. } | Operation::List { .. } => false,
        };
        system.world.tools.iter().filter(does).map(|tool| tool.effect).collect()
    }

    fn inapplicable(&self, case: &Case, want: Option<&Value>) -> Option<String> {
        match want {
            None => Some(format!("the case expects no {:?}", self.want.key())),
            Some(value) if value == AS_REFERENCE && case.reference.is_empty() => {
                Some("the case has no reference calls".to_owned())
            }
            Some(_) => None,
        }
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let changes = on.view.trial.changes.as_slice();
        let cut_short = matches!(on.view.trial.outcome, Outcome::Failed { .. });
        let (left, missing, expected) = match Expected::read(on.want) {
            Err(problem) => return problem.unusable(&self.want),
            Ok(Expected::Unchanged) => (changes.iter().collect(), Vec::new(), 0),
            Ok(Expected::AsReference) => {
                let reference = match reference_changes(on.view) {
                    Ok(reference) => reference,
                    Err(reason) => return Judgement::NotApplicable(reason),
                };
                let reference: Vec<Change> = reference.into_iter().filter(|change| !is_draft(change)).collect();
                let (mut left, missing) = paired(changes, &reference, alike, described);
                left.retain(|change| !(cut_short && reference.iter().any(|whole| begins(whole, change))));
                (left, missing, reference.len())
            }
            Ok(Expected::Exactly { created, updated, deleted }) => {
                let lines: Vec<Line> = created
                    .into_iter()
                    .map(Line::Created)
                    .chain(updated.into_iter().map(|(id, fields)| Line::Updated(id, fields)))
                    .chain(deleted.into_iter().map(Line::Deleted))
                    .collect();
                let (mut left, missing) = paired(changes, &lines, Line::is, Line::named);
                left.retain(|change| !(cut_short && lines.iter().any(|line| line.begins(change))));
                (left, missing, lines.len())
            }
        };
        let unexpected = left.into_iter().filter(|change| !is_draft(change)).map(described).collect();
        ended(unexpected, missing, expected)
    }

    fn examine(&self, exam: &mut Exam) {
        match exam.ok(Expected::read(exam.want)) {
            None | Some(Expected::Unchanged) => {}
            Some(Expected::AsReference) => {
                if exam.case.reference.is_empty() {
                    let message = "the case has no reference calls for the state to be like".to_owned();
                    exam.add(want::wrong("", message).with_help("give `reference`".to_owned()));
                }
            }
            Some(Expected::Exactly { updated, deleted, .. }) => {
                for (id, _) in updated {
                    exam.entry(&pointer::below("/updated", id), id, true);
                }
                for (i, id) in deleted.into_iter().enumerate() {
                    exam.entry(&format!("/deleted/{i}"), id, true);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::domain::{ApprovalStatus, Change, ChangeKind, Effect, ReferenceEnd};
    use crate::score::sample::{Sample, approval, change};

    fn sample(want: Value) -> Sample {
        Sample::new("state", json!({"want": "expect.state"})).expect("state", want)
    }

    fn draft() -> Change {
        change("internal-note-1", "drafts", ChangeKind::Created, Effect::Draft, json!({"subject": "x"}))
    }

    fn deployment(component: &str) -> Change {
        let fields = json!({"component": component, "release": "r1"});
        change("deployment-1", "deployments", ChangeKind::Created, Effect::Deploy, fields)
    }

    fn update(fields: Value) -> Change {
        change("rec:1", "records", ChangeKind::Updated, Effect::Write, fields)
    }

    #[test]
    fn drafts_leave_the_state_unchanged_and_everything_else_does_not() {
        sample(json!("unchanged")).changed(draft()).hit("nothing changed, drafts apart");
        sample(json!("unchanged")).no_answer("limit").hit("nothing changed");
        sample(json!("unchanged")).changed(deployment("flow:Close")).miss("unexpected: created Thing \"deployment-1\"");
    }

    #[test]
    fn where_the_target_failed_only_what_could_never_become_right_is_wrong() {
        let want = || json!({"updated": {"rec:1": {"status": "done", "owner": "ops"}}});
        let changed = |fields: Value| sample(want()).changed(update(fields));
        changed(json!({"status": "done"})).miss("unexpected: updated");
        changed(json!({"status": "done"})).failed("503").not_applicable("the target failed");
        changed(json!({"status": "gone"})).failed("503").miss("unexpected: updated");
        sample(json!("unchanged")).changed(deployment("flow:Close")).failed("503").miss("unexpected: created");
    }

    #[test]
    fn an_exact_expectation_knows_created_updated_and_deleted_entries() {
        let want = json!({
            "created": [{"collection": "deployments", "fields": {"component": "flow:Close"}}],
            "updated": {"rec:1": {"status": "done"}},
            "deleted": ["rec:2"],
        });
        let gone = change("rec:2", "records", ChangeKind::Deleted, Effect::Write, json!({}));
        sample(want.clone())
            .changed(draft())
            .changed(deployment("flow:Close"))
            .changed(update(json!({"status": "done"})))
            .changed(gone.clone())
            .hit("3 changes as expected, and no other");
        sample(want.clone())
            .changed(gone.clone())
            .partial("missing: a new entry in deployments, the update of \"rec:1\"");
        sample(want).changed(gone).changed(deployment("flow:Other")).miss("unexpected: created");
    }

    #[test]
    fn an_update_with_a_further_field_is_unexpected() {
        sample(json!({"updated": {"rec:1": {"status": "done"}}}))
            .changed(update(json!({"status": "done", "owner": "x"})))
            .miss("unexpected: updated Thing \"rec:1\"");
    }

    #[test]
    fn a_draft_may_be_asked_for() {
        let want = || json!({"created": [{"collection": "drafts", "kind": "Thing"}]});
        sample(want()).changed(draft()).hit("1 change as expected");
        sample(want()).partial("missing: a new Thing in drafts");
    }

    #[test]
    fn without_reference_calls_there_is_nothing_to_be_like() {
        sample(json!("as_reference")).not_applicable("the case has no reference calls");
        assert_eq!(sample(json!("as_reference")).problems()[0].pointer, "/expect/state");
    }

    #[test]
    fn the_state_is_as_after_the_reference_calls() {
        let deploy = |component: &str| {
            let granted = approval("deploy_metadata", component, ApprovalStatus::Granted);
            let fields = json!({"component": component});
            sample(json!("as_reference")).approval(granted).reference("deploy_metadata", fields, ReferenceEnd::Executed)
        };
        let mut done = deployment("flow:Close");
        done.fields.remove("release");
        deploy("flow:Close").changed(draft()).changed(done.clone()).hit("1 change as expected, and no other");
        deploy("flow:Close").changed(draft()).partial("missing: created Thing");
        deploy("flow:Close").changed(deployment("flow:Close")).miss("unexpected: created Thing \"deployment-1\"");
        sample(json!("as_reference"))
            .reference("deploy_metadata", json!({"component": "flow:Close"}), ReferenceEnd::Executed)
            .not_applicable("reference call 1 does not end as the case says");
    }

    #[test]
    fn new_entries_are_like_those_of_the_reference_whatever_their_id() {
        let mut other = deployment("flow:Close");
        other.id = "deployment-7".into();
        assert!(super::alike(&deployment("flow:Close"), &other));
        assert!(!super::alike(&deployment("flow:Close"), &deployment("flow:Other")));
        assert!(!super::alike(&update(json!({})), &Change { id: "rec:2".into(), ..update(json!({})) }));
    }

    #[test]
    fn states_and_entries_that_do_not_exist_are_found_in_the_case() {
        assert_eq!(sample(json!("unchangd")).problems()[0].help.as_deref(), Some("did you mean \"unchanged\"?"));
        let problems =
            sample(json!({"updated": {"rec:9": {"a": 1}}, "deleted": ["rec:1", "flow:Acme_Only"]})).problems();
        let pointers: Vec<&str> = problems.iter().map(|p| p.pointer.as_str()).collect();
        assert_eq!(pointers, ["/expect/state/updated/rec:9", "/expect/state/deleted/1"]);
        let problems = sample(json!({"created": [{"kind": "Deployment"}]})).problems();
        assert_eq!(problems[0].pointer, "/expect/state/created/0");
    }
}
