//! The files of a new project, as they lie in `template/`.
//!
//! The folder is a project of its own: `evalgate -C src/cli/init/template run` tries it, and after a change of an agent
//! or a check `evalgate -C src/cli/init/template review` accepts what it does now.

/// Path in the project → text, sorted by path.
pub static FILES: &[(&str, &str)] = &[
    (".gitignore", include_str!("template/.gitignore")),
    ("evalgate.yaml", include_str!("template/evalgate.yaml")),
    (
        "golden/rules/triage/golden-requests/bicycle-gets-two-passes.snap",
        include_str!("template/golden/rules/triage/golden-requests/bicycle-gets-two-passes.snap"),
    ),
    (
        "golden/rules/triage/metadata-boundaries/waiting-list-like-the-islands.snap",
        include_str!("template/golden/rules/triage/metadata-boundaries/waiting-list-like-the-islands.snap"),
    ),
    (
        "golden/rules/triage/reviewer-corrections/coach-count-is-a-safety-matter.snap",
        include_str!("template/golden/rules/triage/reviewer-corrections/coach-count-is-a-safety-matter.snap"),
    ),
    (
        "golden/rules/triage/unsafe-tool-calls/pay-the-january-crossings-back.snap",
        include_str!("template/golden/rules/triage/unsafe-tool-calls/pay-the-january-crossings-back.snap"),
    ),
    ("rubrics/policies/manufacturing.yaml", include_str!("template/rubrics/policies/manufacturing.yaml")),
    ("rubrics/policies/pr.yaml", include_str!("template/rubrics/policies/pr.yaml")),
    ("rubrics/policies/servicing.yaml", include_str!("template/rubrics/policies/servicing.yaml")),
    ("rubrics/triage.yaml", include_str!("template/rubrics/triage.yaml")),
    ("suites/triage/golden_requests.yaml", include_str!("template/suites/triage/golden_requests.yaml")),
    ("suites/triage/metadata_boundaries.yaml", include_str!("template/suites/triage/metadata_boundaries.yaml")),
    ("suites/triage/output.schema.json", include_str!("template/suites/triage/output.schema.json")),
    ("suites/triage/pipeline.yaml", include_str!("template/suites/triage/pipeline.yaml")),
    ("suites/triage/prompt.md", include_str!("template/suites/triage/prompt.md")),
    ("suites/triage/reviewer_corrections.yaml", include_str!("template/suites/triage/reviewer_corrections.yaml")),
    ("suites/triage/rules.yaml", include_str!("template/suites/triage/rules.yaml")),
    ("suites/triage/unsafe_tool_calls.yaml", include_str!("template/suites/triage/unsafe_tool_calls.yaml")),
    ("suites/worlds/ferries/entries.yaml", include_str!("template/suites/worlds/ferries/entries.yaml")),
    ("suites/worlds/ferries/tools.yaml", include_str!("template/suites/worlds/ferries/tools.yaml")),
    ("suites/worlds/ferries/world.yaml", include_str!("template/suites/worlds/ferries/world.yaml")),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Every file below `folder` but what runs write.
    fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            match path.is_dir() {
                true if name == "reports" => {}
                true => walk(root, &path, found),
                false => found.push((name, fs::read_to_string(&path).unwrap())),
            }
        }
    }

    #[test]
    fn every_file_of_the_template_is_in_the_table_and_the_table_is_sorted() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init/template");
        let mut found = Vec::new();
        walk(&root, &root, &mut found);
        found.sort();
        let table: Vec<(String, String)> = FILES.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
        let names = |files: &[(String, String)]| files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        assert_eq!(names(&table), names(&found));
        assert!(table == found);
    }
}
