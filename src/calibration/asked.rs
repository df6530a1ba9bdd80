//! What a judge is asked in each area, as a digest: a licence holds for these questions and no others.

use std::collections::BTreeMap;

use crate::domain::{Area, Slug};
use crate::score::CompiledRubric;

/// The questions of one area by pipeline and criterion, as JSON, and whether any of their criteria is to block.
type Questions<'r> = (BTreeMap<(&'r Slug, &'r Slug), String>, bool);

/// By area: blake3, hex, over the questions that the rubrics (by pipeline) ask the judge there, and whether any of their
/// criteria is to block.
pub fn asked<'r>(
    judge: &Slug,
    rubrics: impl IntoIterator<Item = (&'r Slug, &'r CompiledRubric)>,
) -> BTreeMap<Area, (String, bool)> {
    let mut by_area: BTreeMap<Area, Questions> = BTreeMap::new();
    for (pipeline, rubric) in rubrics {
        for criterion in rubric.criteria() {
            let Some(inquiry) = criterion.inquiry().filter(|inquiry| inquiry.judge == *judge) else { continue };
            let what = (&inquiry.question, &inquiry.options, &inquiry.sees, inquiry.votes);
            let (questions, blocking) = by_area.entry(criterion.area).or_default();
            // Texts, names and numbers alone: nothing that JSON could not hold.
            questions.insert((pipeline, &criterion.id), serde_json::to_string(&what).unwrap_or_default());
            *blocking |= criterion.is_to_block();
        }
    }
    let digest = |(area, (questions, blocking)): (Area, Questions)| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"evalgate rubric of a judge 1\n");
        for ((pipeline, criterion), question) in questions {
            hasher.update(format!("{pipeline} {criterion} {question}\n").as_bytes());
        }
        (area, (hasher.finalize().to_hex().to_string(), blocking))
    };
    by_area.into_iter().map(digest).collect()
}
