//! The generated project: one pipeline, ten criteria, as many cases as wanted in suites of a thousand.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

/// Cases of one suite.
const SUITE: usize = 1_000;

/// The files that do not depend on the number of cases.
const FILES: [(&str, &str); 7] = [
    ("evalgate.yaml", include_str!("project/evalgate.yaml")),
    ("rubrics/policies/pr.yaml", include_str!("project/policy.yaml")),
    ("rubrics/triage.yaml", include_str!("project/rubric.yaml")),
    ("suites/triage/output.schema.json", include_str!("project/output.schema.json")),
    ("suites/triage/pipeline.yaml", include_str!("project/pipeline.yaml")),
    ("suites/triage/prompt.md", include_str!("project/prompt.md")),
    ("suites/worlds/depot/world.yaml", include_str!("project/world.yaml")),
];

/// How suites are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    JsonLines,
    Yaml,
}

/// Writes a project of `cases` cases into `folder`, one suite in memory at a time.
pub fn generate(folder: &Path, cases: usize, shape: Shape) -> io::Result<()> {
    for (path, text) in FILES {
        let path = folder.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)?;
    }
    for first in (0..cases).step_by(SUITE) {
        let name = format!("part-{:04}", first / SUITE);
        let numbers = first..cases.min(first + SUITE);
        let head = json!({"suite": name, "kind": "golden_request", "world": "depot"});
        match shape {
            Shape::JsonLines => {
                let mut file = create(&folder.join(format!("suites/triage/{name}.jsonl")))?;
                writeln!(file, "{head}")?;
                numbers.map(case).try_for_each(|case| writeln!(file, "{case}"))?;
                file.flush()?;
            }
            Shape::Yaml => {
                let mut suite = head;
                suite["cases"] = numbers.map(case).collect();
                let text = serde_yaml::to_string(&suite).map_err(io::Error::other)?;
                fs::write(folder.join(format!("suites/triage/{name}.yaml")), text)?;
            }
        }
    }
    Ok(())
}

fn create(path: &Path) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(path)?))
}

/// The case with this number: what it asks varies, what it expects is what the target answers.
fn case(number: usize) -> Value {
    const SINCE: [&str; 5] = ["yesterday evening", "Tuesday", "the release", "about nine this morning", "the 3rd"];
    const SEEN: [&str; 3] =
        ["the file ends in the middle", "the job says done, but nothing arrived", "half is missing"];
    let (since, seen) = (SINCE[number % SINCE.len()], SEEN[number % SEEN.len()]);
    let order = 40_000 + number * 7 % 90_000;
    json!({
        "id": format!("transfer-stops-{number:06}"),
        "title": format!("The transfer stops at order {order}"),
        "tags": ["orders", "transfer"],
        "request": {
            "org_id": "halden",
            "type": "automation_fix",
            "priority": "P1",
            "status": "submitted",
            "title": format!("Transfer to the warehouse broken since {since}"),
            "business_goal": "Parts leave the house on the day they are ordered",
            "baseline_snapshot_id": "halden-2026-03",
            "intake_payload": {
                "channel": "email",
                "author": "orders@halden.example",
                "body": format!(
                    "Since {since} the transfer to the warehouse stops. The last order that went through is {order}. \
                     In the log we see that {seen}.\n\nWe print the lists by hand now, which takes two people all day. \
                     Please call when you know more.\n\nKari, order desk"
                ),
            },
        },
        "expect": {
            "category": ["bug", "data_issue"],
            "severity": {"best": "P1", "near": ["P0"]},
            "system_areas": {"all": ["Orders"], "any": ["Warehouse transfer", "Automation"]},
            "mentions": {"all": ["warehouse"], "none": ["Brook Gardens"]},
            "cites": {"must": ["flow:Transfer_Nightly"]},
            "unknowns": {"must_mark": ["orders"]},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Root, check};

    #[test]
    fn a_generated_project_is_sound_in_either_shape() {
        for shape in [Shape::JsonLines, Shape::Yaml] {
            let folder = tempfile::tempdir().unwrap();
            generate(folder.path(), SUITE + 5, shape).unwrap();
            let checked = check(Root::find(folder.path()).unwrap()).unwrap();
            assert_eq!(checked.diagnostics, []);
            assert_eq!((checked.suites.len(), checked.census.cases.len()), (2, SUITE + 5));
            let criteria: usize =
                checked.catalog.unwrap().rubrics.values().map(|rubrics| rubrics.rubric.criteria().len()).sum();
            assert_eq!(criteria, 10);
        }
    }
}
