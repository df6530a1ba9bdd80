//! What differs between two runs beside their marks, and what that means for the marks.

use super::result::{Marks, Moved, Role, repeats_told};
use super::side::Side;
use crate::event::Answers;

/// A part of a run that can be held against that of another.
struct Part {
    name: &'static str,
    role: Role,
    shown: fn(&Side) -> String,
    means: &'static str,
}

/// What is under test first, then what marks are made with, then the rest.
static PARTS: &[Part] = &[
    Part {
        name: "target",
        role: Role::UnderTest,
        shown: |side| format!("{} ({})", side.meta.target, side.meta.target_kind),
        means: "Another agent answered.",
    },
    Part {
        name: "settings",
        role: Role::UnderTest,
        shown: |side| digest(side, "target"),
        means: "The agent's settings or its own files differ, e.g. its rules.",
    },
    Part {
        name: "prompts",
        role: Role::UnderTest,
        shown: |side| digest(side, "pipelines"),
        means: "A pipeline differs: its prompt, output schema, tools or limits.",
    },
    Part { name: "model", role: Role::UnderTest, shown: models, means: "Another model says it answered." },
    Part {
        name: "suites",
        role: Role::Yardstick,
        shown: |side| digest(side, "suites"),
        means: "Cases were added, taken out or edited; only those that are the same in both are compared.",
    },
    Part {
        name: "worlds",
        role: Role::Yardstick,
        shown: |side| digest(side, "worlds"),
        means: "The simulated systems differ: the same request may have met other records, tools or permissions.",
    },
    Part {
        name: "rubrics",
        role: Role::Yardstick,
        shown: |side| digest(side, "rubrics"),
        means: "Answers were marked by other criteria.",
    },
    Part {
        name: "judge",
        role: Role::Yardstick,
        shown: |side| side.meta.digests.get("judge").map_or_else(|| "none".to_owned(), |_| digest(side, "judge")),
        means: "Another judge marked answers: its model, its settings or its prompt differ.",
    },
    Part {
        name: "evalgate",
        role: Role::Yardstick,
        shown: |side| side.meta.evalgate.clone(),
        means: "Another version of evalgate made the marks.",
    },
    Part {
        name: "policy",
        role: Role::Circumstance,
        shown: |side| format!("{} {}", side.meta.policy, digest(side, "policy")),
        means: "Another policy judged; it changes verdicts, and no mark.",
    },
    Part {
        name: "selection",
        role: Role::Circumstance,
        shown: selection,
        means: "Other cases were selected; only those in both are compared.",
    },
    Part {
        name: "answers",
        role: Role::Circumstance,
        shown: |side| answers(side.meta.answers).to_owned(),
        means: "Replayed answers are those of an earlier day, live and recorded ones are the run's own.",
    },
    Part {
        name: "repeats",
        role: Role::Circumstance,
        shown: |side| {
            let (least, most) = side.repeats();
            repeats_told(least, most)
        },
        means: "A case counts once, however often it was repeated; more repeats only make its mean steadier.",
    },
];

/// What only runs have: accepted behaviour was gathered over many.
const OF_RUNS: &[&str] = &["model", "evalgate", "selection", "answers", "repeats"];

/// Everything that differs, in the order of [`PARTS`].
pub fn between(then: &Side, now: &Side) -> Vec<Moved> {
    let accepted = then.accepted.is_some() || now.accepted.is_some();
    let parts = PARTS.iter().filter(|part| !(accepted && OF_RUNS.contains(&part.name)));
    let differs = parts.filter_map(|part| {
        let (before, after) = ((part.shown)(then), (part.shown)(now));
        let means = match part.name {
            "rubrics" if then.marks == Marks::Rescored => "Both runs are marked by today's criteria here.",
            "judge" if then.marks == Marks::Rescored => {
                "Today's judge marked both runs here, as far as it has answered."
            }
            "evalgate" if then.marks == Marks::Rescored => "Both runs are marked by this evalgate here.",
            _ => part.means,
        };
        let moved = Moved { part: part.name, role: part.role, then: before, now: after, means: means.to_owned() };
        (moved.then != moved.now).then_some(moved)
    });
    let mut moved: Vec<Moved> = differs.collect();
    if moved.iter().any(|moved| moved.part == "target") {
        // Two targets have two settings: that says nothing more.
        moved.retain(|moved| moved.part != "settings");
    }
    moved
}

/// Parts that a change of the marks may come from, though the agent is the same. Cases that were edited are left out
/// of the comparison, so suites are not among them; nor is what marking again settles.
pub fn confounders(moved: &[Moved], marks: Marks) -> Vec<&'static str> {
    let settled = |part: &str| part == "suites" || marks == Marks::Rescored && part != "worlds";
    moved.iter().filter(|moved| moved.role == Role::Yardstick && !settled(moved.part)).map(|moved| moved.part).collect()
}

/// The first characters, enough to tell two apart.
fn digest(side: &Side, part: &str) -> String {
    side.meta.digests.get(part).map_or_else(|| "unknown".to_owned(), |digest| digest.chars().take(12).collect())
}

fn models(side: &Side) -> String {
    let names: Vec<&str> = side.models().keys().map(String::as_str).collect();
    if names.is_empty() { "none told".to_owned() } else { names.join(", ") }
}

fn selection(side: &Side) -> String {
    let selection = &side.meta.selection;
    let mut shown = match (selection.cases, selection.of) {
        (cases, of) if cases == of => format!("all {of}"),
        (cases, of) => format!("{cases} of {of}"),
    };
    if let Some(filter) = &selection.filter {
        shown += &format!(": {filter}");
    }
    if let Some(run) = &selection.failing_of {
        shown += &format!(": failing of {run}");
    }
    shown
}

fn answers(answers: Answers) -> &'static str {
    match answers {
        Answers::Live => "live",
        Answers::Recorded => "live, recorded",
        Answers::Replayed => "replayed",
    }
}
