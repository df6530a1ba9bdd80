//! The gateway over MCP: on the wire, from the official Python SDK, and as `evalgate gateway`.

mod agent;
mod gateway;
mod line;
mod sdk;
mod wire;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use evalgate::domain::{Approval, ApprovalStatus, Step};
use evalgate::gateway::Session;
use evalgate::gateway::mcp::Redact;
use evalgate::load::{Root, read_catalog};
use evalgate::plan::Catalog;
use evalgate::world::Binding;
use serde_json::{Value, json};

/// The project that this repository is, without its cases.
fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        let root = Root::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        read_catalog(root).unwrap().catalog.unwrap()
    });
    &CATALOG
}

/// A trial of triage in the shipped world.
fn session() -> Session {
    session_with(20)
}

fn session_with(max_calls: u32) -> Session {
    let (_, system) = catalog().systems.iter().find(|(name, _)| name.as_str() == "northwind").unwrap();
    let (_, pipeline) = catalog().pipelines.iter().find(|(name, _)| name.as_str() == "triage").unwrap();
    let approvals = vec![Approval {
        action: "update_record".into(),
        approver: "p.nakamura".into(),
        scope: "account:NW-A-1001".into(),
        status: ApprovalStatus::Granted,
        note: None,
    }];
    let binding =
        Binding { org: "northwind".into(), tools: pipeline.tools.clone(), approvals, faults: vec![], max_calls };
    Session::new(Arc::clone(system), binding)
}

/// Redacts nothing.
fn as_it_is() -> Redact {
    Arc::new(|call| call)
}

/// Calls of every kind: let through, approved, refused for each reason, to things that are not there.
fn calls() -> Vec<(&'static str, Value)> {
    vec![
        ("search_metadata", json!({"query": "price book sync", "limit": 3})),
        ("get_entry", json!({"id": "flow:PB_Sync"})),
        ("get_entry", json!({"id": "flow:Nowhere"})),
        ("draft_note", json!({"subject": "Prices", "body": "Größe «ß» \u{202e}\u{0} 1e400 \"</script>\""})),
        ("update_config", json!({"id": "flow:PB_Sync", "fields": {"status": "Inactive"}})),
        ("update_record", json!({"id": "account:NW-A-1001", "fields": {"Rating": "Hot"}})),
        ("get_entry", json!({"id": "integration:CM_WMS_Stock"})),
        ("list_records", json!({"kind": "Contact", "limit": 50})),
        ("search_metadata", json!({"query": 7, "limit": 1e3, "more": [null, -0.0, 18446744073709551615u64]})),
        ("get_entry", json!({})),
        ("drop_tables", json!({"all": true})),
        ("", json!({})),
    ]
}

/// What the transcript holds, as stored.
fn stored(steps: &[Step]) -> Vec<Value> {
    steps.iter().map(|step| serde_json::to_value(step).unwrap()).collect()
}
