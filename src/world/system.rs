//! A world made ready for use: indexed, its tool schemas compiled, checked for ids that are used twice.
//!
//! Owns what all trials share and nothing that one of them changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::Validator;

use super::approval::{self, ApprovalFault};
use super::permission;
use super::search::Index;
use crate::domain::{Approval, Canary, Entry, Org, SHARED_ORG, Tool, User, World};

/// A world made ready for use. Built once, shared by all trials.
pub struct System {
    pub world: World,
    /// One for each tool, in the world's order.
    validators: Vec<Validator>,
    /// Positions of the entries, ordered by id.
    by_id: Vec<usize>,
    /// Positions of a collection's entries, ordered by id.
    by_collection: BTreeMap<String, Vec<usize>>,
    views: BTreeMap<String, View>,
    /// What an org unknown to the world sees: the shared entries.
    outsider: View,
    offers: Mutex<Vec<Offer>>,
}

/// Names of tools, and those of them that the world has.
type Offer = (Vec<String>, Arc<[Tool]>);

/// Why a world cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SystemError {
    #[error("the id {id:?} is used by more than one {what}")]
    Twice { what: &'static str, id: String },
    #[error("the input of tool {tool:?} is not a JSON Schema: {why}")]
    ToolSchema { tool: String, why: String },
}

/// What an org may not see: the terms a leak is recognised by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Foreign {
    /// Ids of other orgs' entries, ordered.
    pub entries: Vec<String>,
    /// The other orgs, in the world's order.
    pub orgs: Vec<Org>,
}

/// What one org sees and does not see; made when first asked for.
#[derive(Default)]
struct View {
    index: OnceLock<Index>,
    foreign: OnceLock<Foreign>,
}

impl System {
    /// Errors name the tool whose schema is not a JSON Schema, or the id that is used twice.
    pub fn new(world: World) -> Result<Self, SystemError> {
        unique("tool", world.tools.iter().map(|tool| tool.name.as_str()))?;
        unique("org", world.orgs.iter().map(|org| org.id.as_str()))?;
        unique("user", world.users.iter().map(|user| user.id.as_str()))?;
        unique("entry", world.entries.iter().map(|entry| entry.id.as_str()))?;
        let validators = world.tools.iter().map(compile).collect::<Result<_, _>>()?;

        let mut by_id: Vec<usize> = (0..world.entries.len()).collect();
        by_id.sort_unstable_by(|&a, &b| world.entries[a].id.cmp(&world.entries[b].id));
        let mut by_collection: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for &at in &by_id {
            by_collection.entry(world.entries[at].collection.clone()).or_default().push(at);
        }
        let orgs = world.orgs.iter().map(|org| &org.id).chain(world.entries.iter().map(|entry| &entry.org));
        let views = orgs.map(|org| (org.clone(), View::default())).collect();
        Ok(Self { validators, by_id, by_collection, views, outsider: View::default(), offers: Mutex::default(), world })
    }

    /// The entry with this id as the world was written, whatever its org.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        let at = self.by_id.binary_search_by(|&at| self.world.entries[at].id.as_str().cmp(id)).ok()?;
        Some(&self.world.entries[self.by_id[at]])
    }

    /// Whether `org` may see the entry: its own, or shared. `false` where there is no such entry.
    pub fn visible(&self, id: &str, org: &str) -> bool {
        self.entry(id).is_some_and(|entry| sees(org, entry))
    }

    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.world.tools.iter().find(|tool| tool.name == name)
    }

    /// The tools of these names that the world has, in the world's order. The same names get the same tools, shared.
    pub fn offered(&self, names: &[String]) -> Arc<[Tool]> {
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tools)) = offers.iter().find(|(known, _)| known == names) {
            return Arc::clone(tools);
        }
        let tools: Arc<[Tool]> = self.world.tools.iter().filter(|tool| names.contains(&tool.name)).cloned().collect();
        offers.push((names.to_vec(), Arc::clone(&tools)));
        tools
    }

    pub fn user(&self, id: &str) -> Option<&User> {
        self.world.users.iter().find(|user| user.id == id)
    }

    /// The reason why this approval permits nothing, or `None` if it permits `action` on `target` for `org`.
    pub fn approval_fault(&self, approval: &Approval, action: &str, target: &str, org: &str) -> Option<ApprovalFault> {
        approval::fault(self, approval, action, target, org)
    }

    /// The ids and orgs that `org` may not see; computed once for each org.
    pub fn foreign(&self, org: &str) -> &Foreign {
        self.view(org).foreign.get_or_init(|| Foreign {
            entries: self.ordered(&self.by_id).filter(|entry| !sees(org, entry)).map(|e| e.id.clone()).collect(),
            orgs: self.world.orgs.iter().filter(|o| o.id != org && o.id != SHARED_ORG).cloned().collect(),
        })
    }

    /// Every planted value and the entry that holds it; `None` where the world names an entry that is not there.
    pub fn canaries(&self) -> impl Iterator<Item = (&Canary, Option<&Entry>)> {
        self.world.canaries.iter().map(|canary| (canary, self.entry(&canary.entry)))
    }

    /// The entries of a collection as written, whatever their org, ordered by id.
    pub(super) fn collection(&self, name: &str) -> impl Iterator<Item = &Entry> {
        self.ordered(self.by_collection.get(name).map_or(&[], Vec::as_slice))
    }

    /// The search index over what `org` may see; built on first use.
    pub(super) fn index(&self, org: &str) -> &Index {
        self.view(org).index.get_or_init(|| {
            let visible = self.ordered(&self.by_id).filter(|entry| sees(org, entry));
            Index::new(visible.filter_map(|entry| {
                let shown = permission::shown(&self.world, entry, |id| self.visible(id, org))?;
                Some((entry, shown))
            }))
        })
    }

    /// Compiled schema of a tool's arguments.
    pub(super) fn validator(&self, tool: &Tool) -> Option<&Validator> {
        let at = self.world.tools.iter().position(|known| known.name == tool.name)?;
        self.validators.get(at)
    }

    fn ordered<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = &'a Entry> {
        positions.iter().map(|&at| &self.world.entries[at])
    }

    fn view(&self, org: &str) -> &View {
        self.views.get(org).unwrap_or(&self.outsider)
    }
}

/// Whether `org` may see the entry: its own, or shared.
pub(super) fn sees(org: &str, entry: &Entry) -> bool {
    entry.org == org || entry.org == SHARED_ORG
}

fn compile(tool: &Tool) -> Result<Validator, SystemError> {
    jsonschema::validator_for(&tool.input)
        .map_err(|error| SystemError::ToolSchema { tool: tool.name.clone(), why: error.to_string() })
}

fn unique<'a>(what: &'static str, ids: impl Iterator<Item = &'a str>) -> Result<(), SystemError> {
    let mut seen = std::collections::HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(SystemError::Twice { what, id: id.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample;
    use super::*;

    #[test]
    fn an_id_that_is_used_twice_is_named() {
        let mut world = sample::world();
        let again = world.entries[0].clone();
        let id = again.id.clone();
        world.entries.push(again);
        assert_eq!(System::new(world).err(), Some(SystemError::Twice { what: "entry", id }));
    }

    #[test]
    fn a_tool_whose_input_is_no_schema_is_named() {
        let mut world = sample::world();
        world.tools[1].input = json!({"type": "objekt"});
        let error = System::new(world).err().unwrap().to_string();
        assert!(error.contains("get_entry"), "{error}");
    }

    #[test]
    fn a_schema_that_refers_to_a_file_or_the_network_is_refused() {
        for reference in ["https://schemas.example/x.json", "file:///etc/hostname"] {
            let mut world = sample::world();
            world.tools[0].input = json!({"$ref": reference});
            assert!(System::new(world).is_err(), "{reference}");
        }
    }

    #[test]
    fn an_org_sees_its_own_entries_and_the_shared_ones() {
        let system = sample::system();
        assert!(system.visible("flow:Opp_Closed_Won", "acme"));
        assert!(system.visible("sop:deploys", "acme"));
        assert!(!system.visible("flow:Globex_Pay", "acme"));
        assert!(!system.visible("flow:Opp_Closed_Won", "nobody"));
        assert!(!system.visible("no-such-entry", "acme"));
    }

    #[test]
    fn foreign_terms_are_everything_of_other_orgs_and_nothing_else() {
        let system = sample::system();
        let foreign = system.foreign("acme");
        assert_eq!(foreign.orgs.iter().map(|org| org.id.as_str()).collect::<Vec<_>>(), ["globex"]);
        assert!(foreign.entries.iter().all(|id| !system.visible(id, "acme")));
        let (seen, all) = (system.world.entries.iter().filter(|e| sees("acme", e)).count(), system.world.entries.len());
        assert_eq!(foreign.entries.len(), all - seen);
        assert!(std::ptr::eq(foreign, system.foreign("acme")), "computed twice");
    }

    #[test]
    fn an_org_the_world_does_not_know_sees_what_is_shared() {
        let system = sample::system();
        assert!(system.foreign("nobody").entries.contains(&"flow:Opp_Closed_Won".to_owned()));
        assert!(!system.foreign("nobody").entries.contains(&"sop:deploys".to_owned()));
    }

    #[test]
    fn a_canary_comes_with_the_entry_that_holds_it() {
        let system = sample::system();
        let (canary, entry) = system.canaries().next().unwrap();
        assert_eq!((canary.entry.as_str(), entry.unwrap().org.as_str()), ("contact:9", "globex"));
    }
}
