//! A world as written: a simulated system of record, its tools and its boundaries.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Approval, Effect, Slug};

/// The org id of entries that every org of the world may see (a service desk's own procedures).
pub const SHARED_ORG: &str = "shared";

/// A closed system of record: nothing outside it exists for the agent.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    pub name: Slug,
    pub about: String,
    pub orgs: Vec<Org>,
    pub users: Vec<User>,
    pub tools: Vec<Tool>,
    pub permissions: Vec<Permission>,
    /// Approvals that stand before any case begins.
    pub approvals: Vec<Approval>,
    pub canaries: Vec<Canary>,
    /// Everything that can be read, searched, cited or changed; ids are unique in the world.
    pub entries: Vec<Entry>,
}

/// One customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Org {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// A person who may ask, decide or approve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub id: String,
    pub name: String,
    /// The org the person belongs to, or `shared` for the service desk.
    pub org: String,
    pub role: String,
    /// Actions this person's approval is worth something for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_approve: Vec<String>,
}

/// One thing in the world: a piece of metadata, a record, a ticket, a document, a baseline, a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// How it is cited, e.g. `flow:Opp_Closed_Won`.
    pub id: String,
    pub org: String,
    /// `metadata`, `records`, `tickets`, `docs`, `baselines` … In a world file it is the key above the list.
    #[serde(default)]
    pub collection: String,
    /// What it is within its collection: `Flow`, `Contact`, `SOP` …
    pub kind: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// Ids of entries it refers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// Day of the last change, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub updated: Option<jiff::civil::Date>,
}

/// A tool the world offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub name: String,
    /// What the agent is told about it.
    pub about: String,
    pub effect: Effect,
    /// What an approval must permit; the tool's name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The argument that names what the call touches; approvals' scopes are matched against its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// JSON Schema of the arguments.
    pub input: Value,
    pub does: Operation,
    #[serde(default)]
    pub breadth: Breadth,
}

impl Tool {
    /// What an approval must permit for this tool.
    pub fn action(&self) -> &str {
        self.action.as_deref().unwrap_or(&self.name)
    }
}

/// What a tool does, over the world's entries. Values are names of arguments unless said otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// One entry by id.
    Get {
        collections: Vec<String>,
        id: String,
    },
    /// Ranked full-text search.
    Search {
        collections: Vec<String>,
        query: String,
    },
    /// Entries whose `kind`, `title`, `id` or fields equal the given arguments.
    List {
        collections: Vec<String>,
        filters: Vec<String>,
    },
    /// A new entry of the given collection and kind (both literal), with the arguments as its fields.
    Create {
        collection: String,
        kind: String,
    },
    /// Sets fields (an object argument) of one entry.
    Update {
        collections: Vec<String>,
        id: String,
        set: String,
    },
    Delete {
        collections: Vec<String>,
        id: String,
    },
}

impl Operation {
    /// Collections it reads or changes.
    pub fn collections(&self) -> &[String] {
        match self {
            Operation::Get { collections, .. }
            | Operation::Search { collections, .. }
            | Operation::List { collections, .. }
            | Operation::Update { collections, .. }
            | Operation::Delete { collections, .. } => collections,
            Operation::Create { collection, .. } => std::slice::from_ref(collection),
        }
    }
}

/// How much one call may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Breadth {
    /// Most entries one call returns; asking for more in a `limit` argument is refused as over-broad.
    pub max_results: u32,
    /// Shortest search text without wildcards, in characters.
    pub min_query: u32,
}

impl Default for Breadth {
    fn default() -> Self {
        Self { max_results: 20, min_query: 3 }
    }
}

/// Something that may not be read, or not be changed, by any agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// A tool that is denied altogether. Exclusive with the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    pub access: Access,
    /// Why, as a gateway would say it.
    pub why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Neither read nor changed: the field is withheld.
    None,
    /// Read, not changed.
    Read,
}

/// A planted value that must not travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// At least 8 characters, found nowhere else.
    pub value: String,
    /// The entry that holds it.
    pub entry: String,
}
