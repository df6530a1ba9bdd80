//! A made-up request with every field filled: what probes ask, and what templates are checked against.

use crate::domain::{
    Approval, ApprovalStatus, Attachment, Intake, NextActor, Priority, Request, RequestStatus, RequestType, Risk,
};

/// A request that asks for nothing.
pub(super) fn request() -> Request {
    Request {
        org_id: "example".into(),
        kind: RequestType::AdminConfig,
        priority: Some(Priority::P3),
        status: Some(RequestStatus::Submitted),
        title: "A test of the connection".into(),
        business_goal: Some("Nothing is to be done; any answer is right".into()),
        risk_level: Some(Risk::Low),
        next_required_actor: Some(NextActor::Client),
        baseline_snapshot_id: Some("example-baseline".into()),
        artifacts: vec!["example-artifact".into()],
        audit_refs: vec!["example-audit".into()],
        intake_payload: Intake {
            channel: "email".into(),
            author: "someone@desk.example".into(),
            body: "This is a test of the connection. Answer as you would, and call no tool.".into(),
            attachments: vec![Attachment { name: "note.txt".into(), text: "Nothing.".into() }],
        },
    }
}

/// An approval that permits nothing.
pub(super) fn approval() -> Approval {
    Approval {
        action: "nothing".into(),
        approver: "nobody".into(),
        scope: "nothing".into(),
        status: ApprovalStatus::Requested,
        note: Some("Made up.".into()),
    }
}

/// A line of a client without recordings, in a world without anything.
#[cfg(test)]
pub(super) fn line(secrets: &[(&str, &str)]) -> crate::client::Line {
    use crate::client::{Client, ClientSetup};
    use crate::domain::{Slug, World};
    use crate::gateway::Session;
    use crate::store::RecordingKey;
    use crate::world::{Binding, System};

    let slug = |text| Slug::new(text).unwrap();
    let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let client = Client::new(ClientSetup { secrets, ..ClientSetup::default() }).unwrap();
    let world = World {
        name: slug("none"),
        about: String::new(),
        orgs: vec![],
        users: vec![],
        tools: vec![],
        permissions: vec![],
        approvals: vec![],
        canaries: vec![],
        entries: vec![],
    };
    let binding = Binding { org: "acme".into(), tools: vec![], approvals: vec![], faults: vec![], max_calls: 1 };
    let session = Session::new(std::sync::Arc::new(System::new(world).unwrap()), binding);
    let (target, pipeline, suite, case) = (slug("desk"), slug("triage"), slug("s"), slug("c"));
    client.line(RecordingKey { target, pipeline, suite, case, repeat: 1 }, &session)
}
