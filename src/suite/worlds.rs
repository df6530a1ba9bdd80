//! Worlds: the files of a folder, merged into one.
//!
//! What the parts say of each other is checked by `world_references`, once all of them could be read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Parsed, SourceFile, locate, strict, world_references};
use crate::diagnostic::{Diagnostic, any_error};
use crate::domain::{Approval, Canary, Entry, Org, Permission, Slug, Tool, User, World, pointer};

/// One file of a world. The files of its folder are merged; only one of them names the world.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawWorldFile {
    /// The name of the folder; in exactly one file.
    world: Option<Slug>,
    /// What the world is, in a sentence.
    about: Option<String>,
    #[serde(default)]
    orgs: Vec<Org>,
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    tools: Vec<Tool>,
    #[serde(default)]
    permissions: Vec<Permission>,
    /// Approvals that stand before any case begins.
    #[serde(default)]
    approvals: Vec<Approval>,
    #[serde(default)]
    canaries: Vec<Canary>,
    /// Collection → its entries.
    #[serde(default)]
    entries: BTreeMap<String, Vec<Entry>>,
}

/// Something of a world and where it is written.
pub struct Placed<'f, T> {
    pub file: &'f str,
    /// JSON pointer into that file.
    pub pointer: String,
    pub value: T,
}

impl<T> Placed<'_, T> {
    /// An error about the part of it that `below` points to.
    pub fn error(&self, code: &'static str, below: &str, message: String) -> Diagnostic {
        Diagnostic::error(code, self.file, format!("{}{below}", self.pointer), message)
    }
}

/// All parts of a world, each with its place.
#[derive(Default)]
pub struct Parts<'f> {
    pub names: Vec<Placed<'f, Slug>>,
    pub abouts: Vec<Placed<'f, String>>,
    pub orgs: Vec<Placed<'f, Org>>,
    pub users: Vec<Placed<'f, User>>,
    pub tools: Vec<Placed<'f, Tool>>,
    pub permissions: Vec<Placed<'f, Permission>>,
    pub approvals: Vec<Placed<'f, Approval>>,
    pub canaries: Vec<Placed<'f, Canary>>,
    pub entries: Vec<Placed<'f, Entry>>,
}

pub fn parse(name: &str, files: &[SourceFile]) -> Parsed<World> {
    let mut parts = Parts::default();
    let mut found = Vec::new();
    for file in files {
        let (raw, mut problems) = strict::read::<RawWorldFile>(file);
        found.append(&mut problems);
        if let Some(raw) = raw {
            parts.add(&file.path, raw);
        }
    }
    // References into a file that could not be read would all look broken.
    if any_error(&found) {
        return (None, found);
    }
    check_name(name, files, &parts, &mut found);
    found.append(&mut world_references::check(&parts));
    for file in files {
        locate::locate(file, &mut found);
    }
    if any_error(&found) {
        return (None, found);
    }
    (parts.into_world(), found)
}

fn check_name(name: &str, files: &[SourceFile], parts: &Parts<'_>, found: &mut Vec<Diagnostic>) {
    match parts.names.first() {
        None => {
            let path = files.first().map_or(name, |file| &file.path);
            let nameless = Diagnostic::of_file("missing-key", path, format!("no file of world {name:?} names it"));
            found.push(nameless.with_help(format!("add `world: {name}` to one of them")));
        }
        Some(first) if &*first.value != name => {
            let message = format!("the world is named {:?} and its folder {name:?}", first.value);
            found.push(first.error("name-mismatch", "", message));
        }
        Some(_) => {}
    }
    for again in parts.names.iter().skip(1) {
        found.push(again.error("duplicate-key", "", format!("the world is already named in {}", parts.names[0].file)));
    }
    for again in parts.abouts.iter().skip(1) {
        found.push(again.error("duplicate-key", "", format!("`about` is already in {}", parts.abouts[0].file)));
    }
}

impl<'f> Parts<'f> {
    fn add(&mut self, file: &'f str, raw: RawWorldFile) {
        list(&mut self.names, file, "/world", raw.world);
        list(&mut self.abouts, file, "/about", raw.about);
        listed(&mut self.orgs, file, "/orgs", raw.orgs);
        listed(&mut self.users, file, "/users", raw.users);
        listed(&mut self.tools, file, "/tools", raw.tools);
        listed(&mut self.permissions, file, "/permissions", raw.permissions);
        listed(&mut self.approvals, file, "/approvals", raw.approvals);
        listed(&mut self.canaries, file, "/canaries", raw.canaries);
        for (collection, entries) in raw.entries {
            let from = self.entries.len();
            listed(&mut self.entries, file, &pointer::below("/entries", &collection), entries);
            for entry in &mut self.entries[from..] {
                // An entry that names another collection than it stands in keeps it, to be told so.
                if entry.value.collection.is_empty() {
                    entry.value.collection.clone_from(&collection);
                }
            }
        }
    }

    fn into_world(self) -> Option<World> {
        Some(World {
            name: self.names.into_iter().next()?.value,
            about: self.abouts.into_iter().next().map(|about| about.value).unwrap_or_default(),
            orgs: values(self.orgs),
            users: values(self.users),
            tools: values(self.tools),
            permissions: values(self.permissions),
            approvals: values(self.approvals),
            canaries: values(self.canaries),
            entries: values(self.entries),
        })
    }
}

fn list<'f, T>(into: &mut Vec<Placed<'f, T>>, file: &'f str, pointer: &str, value: Option<T>) {
    into.extend(value.map(|value| Placed { file, pointer: pointer.to_owned(), value }));
}

fn listed<'f, T>(into: &mut Vec<Placed<'f, T>>, file: &'f str, pointer: &str, values: Vec<T>) {
    let placed = |(index, value)| Placed { file, pointer: format!("{pointer}/{index}"), value };
    into.extend(values.into_iter().enumerate().map(placed));
}

fn values<T>(parts: Vec<Placed<'_, T>>) -> Vec<T> {
    parts.into_iter().map(|part| part.value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::{codes, file};

    const WORLD: &str = "world: northwind
about: A desk.
orgs: [{id: northwind, name: Northwind}, {id: contoso, name: Contoso}]
users: [{id: j.ortiz, name: J. Ortiz, org: northwind, role: sponsor, may_approve: [deploy_metadata]}]
permissions: [{collection: records, field: ssn, access: none, why: personal}, {tool: get_entry, access: none, why: no}]
approvals: [{action: deploy_metadata, approver: j.ortiz, scope: pilot, status: conditional}]
canaries: [{value: zebra-4711, entry: \"ticket:1\"}]
tools:
  - name: get_entry
    about: Reads one entry.
    effect: read
    target: id
    input: {type: object, properties: {id: {type: string}}}
    does: {get: {collections: [tickets], id: id}}
";
    const ENTRIES: &str = "entries:
  tickets:
    - {id: \"ticket:1\", org: northwind, kind: Ticket, title: T, fields: {note: [see zebra-4711]}, links: [\"doc:1\"]}
  docs:
    - {id: \"doc:1\", org: shared, kind: SOP, title: D, updated: 2026-03-02}
";

    fn read(world: &str, entries: &str) -> Parsed<World> {
        parse("northwind", &[file("w/a.yaml", world), file("w/b.yaml", entries)])
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: &[(&'static str, &str)]) -> Vec<Diagnostic> {
        let (world, entries) = (WORLD.replacen(from, to, 1), ENTRIES.replacen(from, to, 1));
        assert!(world != WORLD || entries != ENTRIES, "{from:?} is in neither file");
        let (read, found) = read(&world, &entries);
        assert!(read.is_none(), "{to} was accepted");
        let (a, b): (Vec<_>, Vec<_>) = found.iter().cloned().partition(|problem| problem.file == "w/a.yaml");
        let all = [codes(&world, &a), codes(&entries, &b)].concat();
        assert_eq!(all, expected, "{found:#?}");
        found
    }

    fn help(found: &[Diagnostic]) -> &str {
        found[0].help.as_deref().unwrap_or_default()
    }

    #[test]
    fn the_files_of_a_world_are_merged() {
        let (world, found) = read(WORLD, ENTRIES);
        assert_eq!(found, []);
        let world = world.unwrap();
        let entries: Vec<_> = world.entries.iter().map(|entry| (&*entry.id, &*entry.collection)).collect();
        assert_eq!(entries, [("doc:1", "docs"), ("ticket:1", "tickets")]);
        assert_eq!((world.orgs.len(), world.tools.len()), (2, 1));
    }

    #[test]
    fn exactly_one_file_names_the_world_as_its_folder() {
        check("world: northwind", "world: northwnd", &[("name-mismatch", "northwnd")]);
        check("entries:", "world: northwind\nentries:", &[("duplicate-key", "northwind")]);
        let (world, found) = read(&WORLD.replace("world: northwind\n", ""), ENTRIES);
        assert!(world.is_none());
        assert_eq!((found[0].code, &found[0].place), ("missing-key", &crate::diagnostic::Place::File));
    }

    #[test]
    fn an_id_is_used_once_in_the_world() {
        let found = check(
            "  docs:\n",
            "  zoo:\n    - {id: \"ticket:1\", org: shared, kind: K, title: T}\n  docs:\n",
            &[("duplicate-id", "\"ticket:1\"")],
        );
        assert!(found[0].message.ends_with("is already in w/b.yaml"), "{found:#?}");
        check("entries:", "orgs: [{id: contoso, name: again}]\nentries:", &[("duplicate-id", "contoso")]);
        check("id: contoso", "id: shared", &[("reserved-name", "shared")]);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        assert_eq!(
            help(&check("links: [\"doc:1", "links: [\"doc:2", &[("unknown-entry", "\"doc:2\"")])),
            "did you mean \"doc:1\"?"
        );
        assert_eq!(
            help(&check("org: northwind, role", "org: northwin, role", &[("unknown-org", "northwin")])),
            "did you mean \"northwind\"?"
        );
        check("\"ticket:1\", org: northwind", "\"ticket:1\", org: acme", &[("unknown-org", "acme")]);
        assert_eq!(
            help(&check("approver: j.ortiz", "approver: j.ortis", &[("unknown-user", "j.ortis")])),
            "did you mean \"j.ortiz\"?"
        );
        assert_eq!(
            help(&check("tool: get_entry", "tool: get_entri", &[("unknown-tool", "get_entri")])),
            "did you mean \"get_entry\"?"
        );
        assert_eq!(
            help(&check("{collection: records", "{collection: record", &[("unknown-collection", "record")])),
            "did you mean \"records\"?"
        );
        check("kind: SOP", "kind: SOP, collection: tickets", &[("wrong-collection", "tickets")]);
    }

    #[test]
    fn a_permission_is_about_what_there_is() {
        let with = |permission: &str| format!("permissions: [{{{permission}, access: none, why: no}}, {{collection:");
        let wrong = |permission: &str, code: &'static str, at: &str| {
            let found = check("permissions: [{collection:", &with(permission), &[(code, at)]);
            help(&found).to_owned()
        };
        let note = "did you mean \"note\"?";
        assert_eq!(wrong("collection: tickets, field: notee", "unknown-field", "notee"), note);
        assert_eq!(wrong("kind: Ticket, field: notes", "unknown-field", "notes"), note);
        assert_eq!(wrong("field: notes", "unknown-field", "notes"), note);
        assert_eq!(wrong("kind: Tickt, field: nope", "unknown-kind", "Tickt"), "did you mean \"Ticket\"?");
        wrong("collection: docs, kind: Ticket", "unknown-kind", "Ticket");
        wrong("kind: ticket", "unknown-kind", "ticket");
        for good in [
            "collection: tickets, kind: Ticket, field: NOTE",
            "field: deep",
            "kind: Ticket, field: title",
            "collection: records, kind: Contact, field: ssn",
            "collection: drafts, kind: Note, field: body",
            "collection: drafts, field: inner",
        ] {
            let tools = "tools:
  - {name: draft, about: Drafts., effect: draft, input: {type: object, properties: {body: {}}}, does: {create: {collection: drafts, kind: Note}}}
  - {name: set, about: Sets., effect: draft, input: {type: object, properties: {id: {}, fields: {type: object, properties: {inner: {}}}}}, does: {update: {collections: [drafts], id: id, set: fields}}}
";
            let world = WORLD.replace("permissions: [{collection:", &with(good)).replace("tools:\n", tools);
            let (read, found) = read(&world, &ENTRIES.replace("note: [", "note: [{deep: 1}, "));
            assert!(read.is_some() && found.is_empty(), "{good}: {found:#?}");
        }
    }

    #[test]
    fn an_action_that_is_nearly_one_of_a_tool_is_a_slip() {
        let slip = |from: &str, to: &str, at: &str| {
            let found = check(from, to, &[("unknown-action", at)]);
            assert_eq!(help(&found), "did you mean \"get_entry\"?");
        };
        slip("may_approve: [deploy_metadata]", "may_approve: [security_review, get_enty]", "get_enty");
        slip("approvals: [{action: deploy_metadata", "approvals: [{action: get_entyr", "get_entyr");
        for good in ["may_approve: [get_entry]", "may_approve: [security_review]"] {
            let world = WORLD.replace("may_approve: [deploy_metadata]", good);
            assert!(read(&world, ENTRIES).0.is_some(), "{good}");
        }
    }

    #[test]
    fn an_approver_who_may_not_approve_is_a_case_to_have() {
        assert!(read(&WORLD.replace("may_approve: [deploy_metadata]", "may_approve: []"), ENTRIES).0.is_some());
    }

    #[test]
    fn a_canary_stands_in_its_entry_and_nowhere_else() {
        check("value: zebra-4711", "value: zebra", &[("short-canary", "zebra")]);
        check("value: zebra-4711", "value: zebra-4712", &[("absent-canary", "zebra-4712")]);
        check(
            "entry: \"ticket:1\"",
            "entry: \"ticket:2\"",
            &[("common-canary", "zebra-4711"), ("unknown-entry", "\"ticket:2\"")],
        );
        check("title: D", "title: a zebra-4711", &[("common-canary", "zebra-4711")]);
    }

    #[test]
    fn a_permission_is_about_one_thing() {
        check(
            "{tool: get_entry,",
            "{tool: get_entry, field: x,",
            &[("ambiguous-permission", "{tool: get_entry, field: x, access: none, why: no}")],
        );
        check("{tool: get_entry,", "{", &[("empty-permission", "{ access: none, why: no}")]);
    }

    #[test]
    fn a_tool_uses_the_arguments_it_has() {
        check("target: id", "target: ident", &[("unknown-argument", "ident")]);
        check("id: id}}", "id: key}}", &[("unknown-argument", "key")]);
        check("collections: [tickets]", "collections: [ticket]", &[("unknown-collection", "ticket")]);
        check("{id: {type: string}}", "{id: {type: txt}}", &[("bad-schema", "txt")]);
        check(
            "{type: object, prop",
            "{type: array, prop",
            &[("bad-schema", "{type: array, properties: {id: {type: string}}}")],
        );
        check("entries:", "tools: []\nentry:", &[("unknown-key", "entry")]);
    }

    #[test]
    fn a_mistyped_operation_is_told_at_its_place() {
        assert_eq!(help(&check("does: {get:", "does: {gett:", &[("unknown-key", "gett")])), "did you mean \"get\"?");
        check(
            "does: {get: {collections: [tickets], id: id}}",
            "does: {get: {collections: tickets, idd: id}}",
            &[("missing-key", "{collections: tickets, idd: id}"), ("wrong-type", "tickets"), ("unknown-key", "idd")],
        );
        check("does: {get: {collections: [tickets], id: id}}", "does: get", &[("wrong-type", "get")]);
    }

    #[test]
    fn references_are_not_judged_while_a_file_cannot_be_read() {
        check("entries:", "entriez:", &[("unknown-key", "entriez")]);
    }
}
