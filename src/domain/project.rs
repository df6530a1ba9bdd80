//! The project file: targets and defaults.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Slug;

/// `evalgate.yaml`, the marker of a project's root.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Format version; 1.
    pub version: u32,
    pub name: Slug,
    /// What can be put under test, by name.
    pub targets: BTreeMap<Slug, TargetSpec>,
    /// The target of `run` without `--target`.
    pub default_target: Slug,
    /// The policy of `run` without `--policy`: a file name in `rubrics/policies/` without `.yaml`.
    pub policy: Slug,
    /// Models that answer the questions of criteria of the kind `judge`, by name: of the kinds `chat` and `messages`, with the
    /// settings that a target has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judges: BTreeMap<Slug, TargetSpec>,
    /// The judge of criteria that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<Slug>,
    /// Targets that are known to be bad and kept to show that the suites notice. Those of kind `foil` need no mention.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub must_not_pass: Vec<Slug>,
    /// Groups of tags that are counted tag by tag, by what the tags begin with: `owasp` for `owasp-llm01`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tag_classes: Vec<Slug>,
    /// Areas of the systems, each with the kinds of the worlds' entries that belong to it:
    /// `automations: [Flow, ApexTrigger]`. A kind is in one area at most. The trend report tells by them what cases
    /// touch, or only in which world they are asked when absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub system_areas: BTreeMap<Slug, Vec<String>>,
    #[serde(default)]
    pub defaults: Defaults,
    /// What models cost, by model id as it stands in a target's `model`. A model without a price has an unknown cost.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
    /// The history that several machines share: `postgres://user@host/database`, without a password. The variable
    /// `EVALGATE_STORE` goes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
}

impl Project {
    /// Whether a target reads the file, given by its path in the folder of a pipeline.
    pub fn reads(&self, file: &str) -> bool {
        let settings = self.targets.values().flat_map(|spec| spec.0.values());
        settings.filter_map(|settings| settings.get("file")?.as_str()).any(|named| named == file)
    }
}

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: f64,
    pub output: f64,
    /// Input read from the provider's cache; as `input` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Input written to the provider's cache; as `input` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

/// One key, the target's kind, with its settings: `{rules: {file: rules.yaml}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TargetSpec(pub Map<String, Value>);

/// Defaults for flags of `run`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// Trials at once, 1..=256; as many as the target can have under way, else one a core, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u16>,
    /// Repeats of each case, 1..=1000; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
}

impl Defaults {
    /// Most trials at once, here and by the flag.
    pub const MOST_JOBS: u16 = 256;
}
