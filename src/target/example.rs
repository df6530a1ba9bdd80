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
