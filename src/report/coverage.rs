//! What the cases of a project cover: pipelines, kinds, worlds, and every word of every vocabulary.
//!
//! Owns the counting, which sees cases one by one. Knows no pipeline: what the words of an output are is read from its
//! schema, and which of them a case asks for from the rubric.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::words::spelling;
use crate::domain::{Case, CaseKind, CorrectionReason, Effect, NextActor, Priority, RequestType, Risk, Slug};
use crate::plan::Catalog;

/// The name under which effect classes are counted.
const EFFECT: &str = "effect";

/// How many cases there are of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    pub cases: u64,
    /// Every pipeline with every kind.
    pub pipelines: BTreeMap<Slug, BTreeMap<CaseKind, u64>>,
    pub worlds: BTreeMap<Slug, WorldCoverage>,
    /// The request's words, then those of the outputs, then corrections, effects and tags.
    pub vocabularies: Vec<Vocabulary>,
}

/// One world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorldCoverage {
    /// Entries it holds before any trial.
    pub entries: u64,
    /// Every pipeline, with its cases in this world.
    pub cases: BTreeMap<Slug, u64>,
}

/// Words of one sort, and how many cases have each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vocabulary {
    /// `request_type`, `effect`, the key of `expect` that asks for the word, or a class of tags such as `owasp-*`.
    pub name: String,
    /// In the order of the vocabulary; tags in the order of the alphabet.
    pub words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Word {
    pub word: String,
    /// Cases that have it. A case may have several words of one vocabulary.
    pub cases: u64,
}

impl Vocabulary {
    /// Cases that have the word.
    pub fn count(&self, word: &str) -> u64 {
        self.words.iter().find(|known| known.word == word).map_or(0, |known| known.cases)
    }

    /// The words that no case has.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter(|word| word.cases == 0).map(|word| word.word.as_str())
    }

    fn of(name: impl Into<String>, words: impl IntoIterator<Item = String>) -> Self {
        let words = words.into_iter().map(|word| Word { word, cases: 0 }).collect();
        Self { name: name.into(), words }
    }

    fn add(&mut self, word: &str) {
        match self.words.iter_mut().find(|known| known.word == word) {
            Some(known) => known.cases += 1,
            None => self.words.push(Word { word: word.to_owned(), cases: 1 }),
        }
    }
}

impl Coverage {
    pub fn vocabulary(&self, name: &str) -> Option<&Vocabulary> {
        self.vocabularies.iter().find(|vocabulary| vocabulary.name == name)
    }

    /// Cases of a kind in a pipeline.
    pub fn count(&self, pipeline: &str, kind: CaseKind) -> u64 {
        self.pipelines.get(pipeline).and_then(|kinds| kinds.get(&kind)).copied().unwrap_or(0)
    }
}

/// Counts case by case.
pub struct CoverageCounter<'c> {
    catalog: &'c Catalog,
    coverage: Coverage,
}

impl<'c> CoverageCounter<'c> {
    /// Knows every word there is, and has seen no case.
    pub fn new(catalog: &'c Catalog) -> Self {
        let none = |name: &Slug| (name.clone(), 0);
        let kinds = || CaseKind::ALL.into_iter().map(|kind| (kind, 0)).collect();
        let pipelines = catalog.pipelines.keys().map(|name| (name.clone(), kinds())).collect();
        let worlds = catalog.systems.iter().map(|(name, system)| {
            let cases = catalog.pipelines.keys().map(none).collect();
            (name.clone(), WorldCoverage { entries: system.world.entries.len() as u64, cases })
        });
        let coverage = Coverage { cases: 0, pipelines, worlds: worlds.collect(), vocabularies: vocabularies(catalog) };
        Self { catalog, coverage }
    }

    /// Counts a case of the pipeline.
    pub fn add(&mut self, pipeline: &Slug, kind: CaseKind, case: &Case) {
        self.coverage.cases += 1;
        let kinds = self.coverage.pipelines.entry(pipeline.clone()).or_default();
        *kinds.entry(kind).or_default() += 1;
        if let Some(world) = self.coverage.worlds.get_mut(&case.world) {
            *world.cases.entry(pipeline.clone()).or_default() += 1;
        }
        for (name, word) in self.words(pipeline, case) {
            match self.coverage.vocabularies.iter_mut().find(|vocabulary| vocabulary.name == name) {
                Some(vocabulary) => vocabulary.add(&word),
                None => {
                    let mut vocabulary = Vocabulary::of(name, []);
                    vocabulary.add(&word);
                    self.coverage.vocabularies.push(vocabulary);
                }
            }
        }
    }

    pub fn finish(mut self) -> Coverage {
        let classes: Vec<String> = self.catalog.project.tag_classes.iter().map(class).collect();
        for tags in self.coverage.vocabularies.iter_mut().filter(|vocabulary| classes.contains(&vocabulary.name)) {
            tags.words.sort_by(|a, b| a.word.cmp(&b.word));
        }
        self.coverage
    }

    /// Every word of the case, each once, with the name of its vocabulary. What the case expects comes before what its
    /// request says of the same.
    fn words(&self, pipeline: &Slug, case: &Case) -> BTreeSet<(String, String)> {
        let mut words: BTreeSet<(String, String)> = BTreeSet::new();
        let system = self.catalog.systems.get(&case.world);
        let rubric = self.catalog.rubrics.get(pipeline);
        let schema = self.catalog.pipelines.get(pipeline).map(|pipeline| &pipeline.output_schema);
        let mut effects: BTreeSet<Effect> = BTreeSet::new();
        for criterion in rubric.into_iter().flat_map(|rubric| rubric.rubric.criteria()) {
            if let Some(system) = system {
                effects.extend(criterion.effects(case, system));
            }
            let is_vocabulary = schema.is_some_and(|schema| criterion.vocabulary(schema).is_some());
            if let Some(key) = criterion.want().filter(|_| is_vocabulary) {
                words.extend(criterion.right(case).into_iter().map(|word| (key.to_owned(), word.to_owned())));
            }
        }
        let called = case.reference.iter().filter_map(|call| system?.tool(&call.tool));
        effects.extend(called.map(|tool| tool.effect));
        words.extend(effects.into_iter().map(|effect| (EFFECT.to_owned(), effect.name().to_owned())));

        let request = &case.request;
        let said = [
            ("request_type", Some(spelling(request.kind))),
            ("priority", request.priority.map(spelling)),
            ("risk", request.risk_level.map(spelling)),
            ("next_required_actor", request.next_required_actor.map(spelling)),
            ("correction_reason", case.correction.as_ref().map(|correction| spelling(correction.reason))),
        ];
        for (name, word) in said {
            let Some(word) = word else { continue };
            if !words.iter().any(|(known, _)| known == name) {
                words.insert((name.to_owned(), word));
            }
        }
        for group in &self.catalog.project.tag_classes {
            let of_group =
                case.tags.iter().filter(|tag| tag.strip_prefix(&**group).is_some_and(|t| t.starts_with('-')));
            words.extend(of_group.map(|tag| (class(group), tag.clone())));
        }
        words
    }
}

/// How a class of tags is called, e.g. `owasp-*`.
fn class(group: &Slug) -> String {
    format!("{group}-*")
}

/// Every vocabulary of the project with all its words.
fn vocabularies(catalog: &Catalog) -> Vec<Vocabulary> {
    let mut all = vec![
        Vocabulary::of("request_type", RequestType::ALL.map(spelling)),
        Vocabulary::of("priority", Priority::ALL.map(spelling)),
        Vocabulary::of("risk", Risk::ALL.map(spelling)),
        Vocabulary::of("next_required_actor", NextActor::ALL.map(spelling)),
    ];
    for (name, rubric) in &catalog.rubrics {
        let Some(pipeline) = catalog.pipelines.get(name) else { continue };
        for criterion in rubric.rubric.criteria() {
            let (Some(key), Some(words)) = (criterion.want(), criterion.vocabulary(&pipeline.output_schema)) else {
                continue;
            };
            let at = all.iter().position(|vocabulary| vocabulary.name == key).unwrap_or_else(|| {
                all.push(Vocabulary::of(key, []));
                all.len() - 1
            });
            for word in words {
                if !all[at].words.iter().any(|known| known.word == word) {
                    all[at].words.push(Word { word: word.to_owned(), cases: 0 });
                }
            }
        }
    }
    all.push(Vocabulary::of("correction_reason", CorrectionReason::ALL.map(spelling)));
    all.push(Vocabulary::of(EFFECT, Effect::ALL.map(spelling)));
    all.extend(catalog.project.tag_classes.iter().map(|group| Vocabulary::of(class(group), [])));
    all
}

#[cfg(test)]
#[path = "coverage_tests.rs"]
mod tests;
