//! The words of the domain as types: what a case is, what happened in a trial, what a mark says.
//!
//! Owns vocabulary only. Knows nothing of files, YAML, checks or verdicts.

mod approval;
mod area;
mod case;
mod correction;
mod decision;
mod effect;
mod json;
mod label;
mod mark;
mod output_schema;
mod pipeline;
pub mod pointer;
mod policy;
mod project;
mod recording;
mod request;
mod rubric;
mod slug;
mod trial;
mod vocabulary;
mod waiver;
mod world;

pub use approval::{Approval, ApprovalStatus};
pub use area::Area;
pub use case::{Case, CaseKind, Fault, FaultKind, ReferenceCall, ReferenceEnd, Suite, Weight};
pub use correction::{Correction, CorrectionReason, ReviewVerdict};
pub use decision::{Decision, Ruling};
pub use effect::Effect;
pub use json::{Json, push_json, without_place};
pub use label::{Label, LabelSource};
pub use mark::{Mark, Trit};
pub use output_schema::OutputSchema;
pub use pipeline::{FieldClass, Limits, Pipeline, SnapshotFields};
pub use policy::{
    AreaGate, AreaPolicy, Assurance, CaseBreakPolicy, ClusterBy, CoveragePolicy, CoverageScope, IntervalPolicy,
    JudgePolicy, Margin, MissingPolicy, Mode, Multiplicity, MultiplicityPolicy, OnInconclusive, OnPending, Policy,
    Profile, QuarantinePolicy, RepeatsPolicy, RetriesPolicy, RunLimits, ShadowPolicy,
};
pub use project::{Defaults, Price, Project, TargetSpec};
pub use recording::{OutsideCall, RecordedExchange, Recording};
pub use request::{Attachment, Intake, Request};
pub use rubric::{AreaRubric, Combine, Criterion, Level, Rubric};
pub use slug::{Slug, SlugError};
pub use trial::{
    Call, Change, ChangeKind, Exchange, Message, Outcome, Refusal, RefusalKind, Role, Stage, Step, Trial, Usage,
};
pub use vocabulary::{NextActor, Priority, RequestStatus, RequestType, Risk};
pub use waiver::{Standing, WaivedArea, Waiver, WaiverFile};
pub use world::{Access, Breadth, Canary, Entry, Operation, Org, Permission, SHARED_ORG, Tool, User, World};
