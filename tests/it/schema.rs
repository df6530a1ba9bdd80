//! `evalgate schema`: what editors complete from is what the program reads.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::project::Project;

fn yaml_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, into);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            into.push(path);
        }
    }
}

/// The schema that the first line of a file names, and its folder below the file.
fn modeline(text: &str) -> Option<&str> {
    text.lines().next()?.strip_prefix("# yaml-language-server: $schema=")
}

fn check(project: &Project) {
    project.run(&["schema"]).exits(0).says("schemas written to");
    let mut files = Vec::new();
    yaml_files(&project.path(""), &mut files);
    assert!(files.len() >= 6);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let line = modeline(&text).unwrap_or_else(|| panic!("{} does not name its schema", file.display()));
        let path = file.parent().unwrap().join(line);
        let schema = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{} of {}: {e}", line, file.display()));
        assert!(path.canonicalize().unwrap().starts_with(project.path("reports/schema").canonicalize().unwrap()));
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let document: Value = serde_yaml::from_str(&text).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
}

#[test]
fn every_shipped_file_fits_the_schema_it_names() {
    check(&Project::shipped());
}

#[test]
fn every_file_of_the_tiny_project_fits_the_schema_it_names() {
    check(&Project::copy("tiny"));
}

#[test]
fn a_mistyped_key_does_not_fit_the_schema() {
    let project = Project::copy("tiny");
    project.run(&["schema", "--out", "editor"]).exits(0);
    let schema: Value = serde_json::from_str(&project.read("editor/policy.schema.json")).unwrap();
    let mut document: Value = serde_yaml::from_str(&project.read("rubrics/policies/release.yaml")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&document));
    document["treshold"] = 0.9.into();
    assert!(!validator.is_valid(&document));
}

#[test]
fn outside_of_a_project_schemas_need_a_folder() {
    let project = Project::empty();
    project.run(&["schema"]).exits(2);
    project.run(&["schema", "--out", "here"]).exits(0);
    assert_eq!(project.files("here").len(), 9);
}

#[test]
fn every_verdict_fits_its_schema() {
    let project = Project::copy("tiny");
    project.run(&["schema", "--out", "editor"]).exits(0);
    let schema: Value = serde_json::from_str(&project.read("editor/verdict.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    project.run(&["run"]).exits(0);
    crate::exits::break_a_rule(&project);
    project.run(&["run"]).exits(1);
    project.run(&["run", "--repeat", "2", "--target", "parrot"]);
    for run in project.runs() {
        let mut verdict: Value =
            serde_json::from_str(&project.read(&format!("reports/runs/{run}/verdict.json"))).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&verdict).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        verdict["decision"] = "maybe".into();
        assert!(!validator.is_valid(&verdict));
    }
}
