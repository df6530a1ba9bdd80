//! One case for the terminal: what was asked, what came back, how it was marked and why, what happened on the way.

use serde_json::Value;

use super::screen::{Screen, Style, Tone};
use crate::domain::{Call, Case, Change, Exchange, Level, Mark, Outcome, Step, Trit};
use crate::golden::{self, Comparison};
use crate::report::words;
use crate::score::{CriterionMark, Judged, TrialResult};

/// Lines of the customer's text that are shown.
const BODY_LINES: usize = 40;
/// Bytes of one reply or argument.
const VALUE: usize = 600;

/// The case as text.
pub fn render(result: &TrialResult, style: Style) -> String {
    let mut screen = Screen::new(style);
    head(&mut screen, result);
    request(&mut screen, &result.case);
    output(&mut screen, result);
    if let Comparison::Changed(_) = &result.scored.comparison {
        section(&mut screen, "against the accepted snapshot");
        let diff = golden::render(&result.scored.comparison, &result.case.title, style.color, style.width);
        screen.verbatim(&diff);
    }
    marks(&mut screen, result);
    transcript(&mut screen, result);
    screen.into_text()
}

fn section(screen: &mut Screen, title: &str) {
    screen.blank();
    screen.line(&[(Tone::Strong, title)]);
}

fn head(screen: &mut Screen, result: &TrialResult) {
    let case = &result.case;
    screen.line(&[(Tone::Strong, case.id.as_str()), (Tone::Plain, "  "), (Tone::Plain, &case.title)]);
    let place = format!("{}:{}", result.file, result.line);
    let kind = format!(
        "{} · {} · org {} · repeat {} · {} · {place}",
        result.pipeline,
        result.kind,
        case.request.org_id,
        result.trial.repeat,
        words::comparison(&result.scored.comparison)
    );
    screen.paragraph((Tone::Quiet, "  "), &kind);
}

/// What a case asks and what it expects, as text.
pub fn render_request(case: &Case, style: Style) -> String {
    let mut screen = Screen::new(style);
    screen.line(&[(Tone::Strong, case.id.as_str()), (Tone::Plain, "  "), (Tone::Plain, &case.title)]);
    request(&mut screen, case);
    section(&mut screen, "expected");
    let mut expected = String::new();
    case.expect.iter().for_each(|(key, value)| golden::emit_entry(&mut expected, key, value));
    for line in expected.lines() {
        let text = line.trim_start();
        screen.behind((Tone::Quiet, &format!("  │ {}", &line[..line.len() - text.len()])), text);
    }
    if let Some(notes) = &case.notes {
        section(&mut screen, "notes");
        quoted(&mut screen, notes);
    }
    screen.into_text()
}

fn request(screen: &mut Screen, case: &Case) {
    let request = &case.request;
    section(screen, "request");
    screen.paragraph((Tone::Plain, "  "), &request.title);
    let facts = [
        ("type", Some(words::spelling(request.kind))),
        ("priority", request.priority.map(words::spelling)),
        ("risk", request.risk_level.map(words::spelling)),
        ("baseline", request.baseline_snapshot_id.clone()),
        ("goal", request.business_goal.clone()),
        ("from", Some(format!("{}, {}", request.intake_payload.author, request.intake_payload.channel))),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            screen.paragraph((Tone::Quiet, &format!("  {name:<9}")), &value);
        }
    }
    screen.blank();
    quoted(screen, &request.intake_payload.body);
    for attachment in &request.intake_payload.attachments {
        screen.line(&[(Tone::Quiet, "  attachment "), (Tone::Plain, &attachment.name)]);
        quoted(screen, &attachment.text);
    }
    for approval in &case.approvals {
        let text =
            format!("{} by {} for {}: {}", approval.action, approval.approver, approval.scope, approval.status.name());
        screen.paragraph((Tone::Quiet, "  approval  "), &text);
    }
}

/// Foreign text behind a bar, so that nothing in it looks like a part of this page.
fn quoted(screen: &mut Screen, text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    for line in lines.iter().take(BODY_LINES) {
        screen.behind((Tone::Quiet, "  │ "), line);
    }
    if lines.len() > BODY_LINES {
        let more = format!("… {} more lines", lines.len() - BODY_LINES);
        screen.line(&[(Tone::Quiet, "  │ "), (Tone::Quiet, &more)]);
    }
}

fn output(screen: &mut Screen, result: &TrialResult) {
    section(screen, "output");
    match &result.trial.outcome {
        Outcome::Answered { output } => {
            let text = serde_json::to_string_pretty(output).unwrap_or_default();
            for line in text.lines() {
                let indent = line.len() - line.trim_start().len();
                screen.paragraph((Tone::Plain, &" ".repeat(indent + 2)), line.trim_start());
            }
        }
        Outcome::NoAnswer { reason } => screen.paragraph((Tone::Bad, "  none: "), reason),
        Outcome::Failed { error } => screen.paragraph((Tone::Bad, "  the target failed: "), error),
    }
}

fn tone(mark: &Mark) -> Tone {
    match mark.trit() {
        Some(Trit::Harmful) => Tone::Bad,
        Some(Trit::Incomplete) => Tone::Middling,
        Some(Trit::Useful) => Tone::Good,
        None => Tone::Quiet,
    }
}

fn marks(screen: &mut Screen, result: &TrialResult) {
    section(screen, "marks");
    for area in &result.scored.areas {
        let mark = area.mark.trit().map_or("--".to_owned(), |trit| trit.to_string());
        let was = area.held.filter(|held| held.was != held.now).map(|held| format!("  was {}", held.was));
        let name = area.area.name();
        screen.line(&[
            (tone(&area.mark), &format!("  {mark:>2} ")),
            (Tone::Strong, name),
            (Tone::Bad, was.as_deref().unwrap_or_default()),
        ]);
        for criterion in result.scored.criteria.iter().filter(|criterion| criterion.area == area.area) {
            criterion_line(screen, criterion);
        }
    }
}

fn criterion_line(screen: &mut Screen, criterion: &CriterionMark) {
    let mark = criterion.mark.trit().map_or("--".to_owned(), |trit| trit.to_string());
    let advisory = if criterion.level == Level::Advisory { " (advisory)" } else { "" };
    let lead = format!("     {mark:>2} {}{advisory}: ", criterion.criterion);
    screen.paragraph((tone(&criterion.mark), &lead), criterion.mark.why());
    if let Some(judged) = &criterion.judged {
        judge_lines(screen, judged);
    }
}

/// What stands behind a judge's mark.
fn judge_lines(screen: &mut Screen, judged: &Judged) {
    let lead = |name: &str| format!("          {name:<10}");
    screen.paragraph((Tone::Quiet, &lead("asked")), &judged.question);
    if !judged.identity.is_empty() {
        let first: String = judged.identity.chars().take(12).collect();
        screen.paragraph((Tone::Quiet, &lead("judge")), &format!("{} ({first})", judged.judge));
    }
    for vote in &judged.votes {
        screen.paragraph((Tone::Quiet, &lead(&format!("vote {}", vote.number))), &words::vote(vote));
    }
    for flag in &judged.flags {
        let text = format!("the {} holds {}", flag.part.name(), flag.suspicion.name());
        screen.paragraph((Tone::Middling, &lead("flagged")), &text);
    }
    for why in judged.demoted.iter().chain(&judged.barred) {
        screen.paragraph((Tone::Middling, &lead("advisory")), why);
    }
    if judged.not_compared {
        screen.paragraph((Tone::Middling, &lead("accepted")), "by another judge, so it was not compared");
    }
}

fn transcript(screen: &mut Screen, result: &TrialResult) {
    section(screen, "transcript");
    steps(screen, &result.trial.steps, &result.trial.changes);
    let usage = &result.trial.usage;
    let calls = words::count(result.trial.calls().count() as u64, "call");
    let spent = format!("{} · {calls} · {}", words::duration(usage.wall_ms), words::dollars(usage.cost_usd));
    screen.line(&[(Tone::Quiet, "  took    "), (Tone::Quiet, &spent)]);
}

/// What happened, and what is different in the world afterwards, as text.
pub fn render_steps(happened: &[Step], changes: &[Change], style: Style) -> String {
    let mut screen = Screen::new(style);
    steps(&mut screen, happened, changes);
    screen.into_text()
}

fn steps(screen: &mut Screen, happened: &[Step], changes: &[Change]) {
    for step in happened {
        match step {
            Step::Message(message) => {
                let who = format!("  {:<8}", message.role.name());
                screen.paragraph((Tone::Quiet, &who), &cut(&message.text));
            }
            Step::Call(call) => call_lines(screen, call),
            Step::Exchange(exchange) => exchange_line(screen, exchange),
        }
    }
    for change in changes {
        let text = format!("{} {} ({})", change.change.name(), change.id, change.effect);
        screen.paragraph((Tone::Middling, "  changed "), &text);
    }
}

fn call_lines(screen: &mut Screen, call: &Call) {
    let stages: Vec<&str> = call.stages.iter().map(|stage| stage.name()).collect();
    let tone = if call.refusal.is_some() { Tone::Bad } else { Tone::Plain };
    let head = format!("{} · {}", call.tool, stages.join(" → "));
    screen.paragraph((tone, &format!("  call {:<3}", call.number)), &head);
    screen.paragraph((Tone::Quiet, "          args  "), &value(&call.args));
    if let Some(refusal) = &call.refusal {
        screen.paragraph((Tone::Bad, "          stop  "), &format!("{}: {}", refusal.kind.name(), refusal.message));
    }
    if let Some(approval) = &call.approval {
        let text = format!("{} by {} for {}", approval.action, approval.approver, approval.scope);
        screen.paragraph((Tone::Quiet, "          by    "), &text);
    }
    if let Some(fault) = call.fault {
        screen.paragraph((Tone::Middling, "          fault "), fault.name());
    }
    if call.refusal.is_none() && !call.reply.is_null() {
        screen.paragraph((Tone::Quiet, "          reply "), &value(&call.reply));
    }
}

fn exchange_line(screen: &mut Screen, exchange: &Exchange) {
    let tone = if exchange.error.is_some() { Tone::Bad } else { Tone::Quiet };
    screen.paragraph((tone, "  sent    "), &words::exchange(exchange));
}

fn value(value: &Value) -> String {
    cut(&value.to_string())
}

fn cut(text: &str) -> String {
    let (shown, left_out) = crate::report::foreign::clip(text, VALUE);
    if left_out == 0 { shown.to_owned() } else { format!("{shown}… ({left_out} more bytes)") }
}
