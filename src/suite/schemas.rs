//! JSON Schemas of what people write, generated from the types that read it.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::pipelines::RawPipeline;
use super::suites::RawSuite;
use super::worlds::RawWorldFile;
use crate::domain::{Policy, Project, Rubric, WaiverFile};

/// JSON Schemas (draft-07, for editors) of every format people write: file name → schema.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("project.schema.json", titled::<Project>("evalgate.yaml")),
        ("suite.schema.json", titled::<RawSuite>("A suite: suites/<pipeline>/*.yaml")),
        ("pipeline.schema.json", titled::<RawPipeline>("suites/<pipeline>/pipeline.yaml")),
        ("world.schema.json", titled::<RawWorldFile>("Part of a world: suites/worlds/<world>/*.yaml")),
        ("rubric.schema.json", titled::<Rubric>("rubrics/<pipeline>.yaml")),
        ("policy.schema.json", titled::<Policy>("rubrics/policies/<name>.yaml")),
        ("waivers.schema.json", titled::<WaiverFile>("rubrics/waivers.yaml")),
    ]
}

/// The days that people write.
const DAYS: &[&str] = &[
    "/definitions/Entry/properties/updated",
    "/definitions/Correction/properties/date",
    "/definitions/Waiver/properties/date",
    "/definitions/Waiver/properties/expires",
];

fn titled<T: JsonSchema>(title: &str) -> Value {
    let mut schema = schema_of::<T>();
    schema["title"] = json!(title);
    schema
}

/// The draft-07 schema of a type.
pub fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value();
    // To the schema generator they are text.
    for day in DAYS {
        if let Some(property) = schema.pointer_mut(day) {
            property["format"] = json!("date");
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Correction, Entry, Waiver};

    #[test]
    fn every_format_has_a_draft_07_schema_that_describes_itself() {
        for (name, schema) in schemas() {
            assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#", "{name}");
            jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(schema["description"].is_string(), "{name} says nothing about itself");
            assert_eq!(schema["additionalProperties"], false, "{name} lets unknown keys through");
        }
    }

    #[test]
    fn days_are_marked_as_days() {
        for schema in [schema_of::<Vec<Entry>>(), schema_of::<Vec<Correction>>(), schema_of::<Vec<Waiver>>()] {
            assert!(schema.to_string().contains(r#""format":"date""#), "{schema}");
        }
    }
}
