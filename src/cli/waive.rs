//! `evalgate waive`: excuses a case's fall in one area for some days.

use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::context::{Context, Project};
use super::days;
use super::exit::Exit;
use super::failure::Failure;
use super::list;
use super::output::{self, Answer};
use super::review::who;
use super::run::named;
use crate::diagnostic::{closest, printable_line};
use crate::domain::{Policy, Slug, WaivedArea, Waiver};
use crate::gate::over_quarantine;
use crate::plan::WAIVERS;
use crate::run::{kind_of, orphans, waived};
use crate::store::{Changes, Listing, StoreError};
use crate::suite::{SourceFile, add_waivers};

/// What to do where the program may not edit.
const BY_HAND: &str = "rubrics/waivers.yaml may be edited by hand; `evalgate waive --list` shows what it holds";

/// How often a waiver is looked at again because others waive at the same time; one of them gets on each time.
const TRIES: u32 = 100;

#[derive(Args)]
#[command(after_help = HELP)]
pub struct Waive {
    /// The case
    #[arg(value_name = "CASE", required_unless_present = "list")]
    case: Option<String>,
    /// In which area it may be below its snapshot; `coverage` for a case that was removed. May be repeated
    #[arg(long, value_name = "AREA", required_unless_present = "list", conflicts_with = "list")]
    area: Vec<String>,
    /// Why that is bearable for now
    #[arg(long, value_name = "TEXT", required_unless_present = "list", conflicts_with = "list")]
    reason: Option<String>,
    /// Last day: `14d`, `2w` or `YYYY-MM-DD`
    #[arg(long, value_name = "WHEN", required_unless_present = "list", conflicts_with = "list")]
    expires: Option<String>,
    /// Who sees to it that it ends [default: git's user.name, or the login name]
    #[arg(long, value_name = "NAME", conflicts_with = "list")]
    owner: Option<String>,
    /// Where the work on it is tracked: an address or a key
    #[arg(long, value_name = "ISSUE", conflicts_with = "list")]
    issue: Option<String>,
    /// Show what is waived, and for how long still
    #[arg(long, conflicts_with = "case")]
    list: bool,
    /// How the list is printed
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "list")]
    format: Answer,
}

const HELP: &str = "\
A waiver is an entry in rubrics/waivers.yaml, to be committed with the change that needs it. \
A waived case is still run and still shown; its fall in that area does not block. Never waived: \
permission_adherence, areas in which the policy tolerates no violation, and cases born from \
corrections. A waiver that has expired blocks. The project's policy says how long one may hold \
and how many cases of a pipeline may be waived (`quarantine`). Days are those of UTC.";

impl Waive {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        if self.list {
            return list::waivers(context)?.print(self.format);
        }
        if context.ci {
            return Err(Failure::usage("nothing is waived under CI")
                .with_hint("waive on your machine and commit rubrics/waivers.yaml; CI only reads it"));
        }
        let mut left = TRIES;
        let new = loop {
            match self.add(context) {
                Err(failure) if left > 0 && is_changed(&failure) => left -= 1,
                added => break added?,
            }
        };
        for waiver in &new {
            let Waiver { case, area, owner, expires, .. } = waiver;
            output::say(&printable_line(&format!("waived  {case} in {area} until {expires}, by {owner}")))?;
        }
        output::say(&format!("commit {WAIVERS}: the gate reads it from there"))?;
        Ok(Exit::Passed)
    }

    /// Adds what was asked for to the file, all of it or none. Fails with [`StoreError::Changed`] where the file is not
    /// what it was.
    fn add(&self, context: &Context) -> Result<Vec<Waiver>, Failure> {
        let root = context.root()?;
        let path = root.path().join(WAIVERS);
        let mut changes = Changes::of(root.path());
        // Before the project is read: what the two are looked at for is of one text, or nothing is written.
        let text = changes.text(&path).map(|text| text.map(str::to_owned));
        let project = context.project()?;
        let now = Timestamp::now();
        let new = self.waivers(now.to_zoned(TimeZone::UTC).date())?;
        let Project { checked, catalog } = &project;
        let policy = named(&catalog.policies, &catalog.project.policy, "policy")?;
        let accepted = accepted(context, &project)?;
        for waiver in &new {
            allowed(waiver, &project, policy, &accepted)?;
        }
        let file = text?.map(|text| {
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
            SourceFile { path: WAIVERS.to_owned(), text }
        });
        let text = add_waivers(file.as_ref(), &new).map_err(|why| refused(&why).with_hint(BY_HAND))?;
        let all: Vec<Waiver> = catalog.waivers.iter().chain(&new).cloned().collect();
        if let Some(too_many) = over_quarantine(&waived(checked, &all, &accepted, now), policy).first() {
            return Err(refused(too_many.trim_end_matches('.')).with_hint("mend a case that is waived, or this one"));
        }
        changes.put(&path, text)?;
        changes.commit()?;
        Ok(new)
    }

    /// What was asked for, as it would stand in the file.
    fn waivers(&self, today: Date) -> Result<Vec<Waiver>, Failure> {
        let case = self.case.as_deref().unwrap_or_default();
        let case = Slug::new(case).map_err(|error| Failure::usage(format!("case {case:?}: {error}")))?;
        let expires = last_day(self.expires.as_deref().unwrap_or_default(), today)?;
        let one_line = |what: &str, text: String| match text.contains(|c: char| c.is_control()) {
            true => Err(Failure::usage(format!("the {what} is one line of text"))),
            false => Ok(text.trim().to_owned()),
        };
        let reason = one_line("reason", self.reason.clone().unwrap_or_default())?;
        let owner = one_line("owner", self.owner.clone().unwrap_or_else(who))?;
        let issue = self.issue.clone().map(|issue| one_line("issue", issue)).transpose()?;
        let one = |name: &String| {
            let area = WaivedArea::try_from(name.clone())
                .map_err(|error| Failure::usage(error).suggest(name, &WaivedArea::names().collect::<Vec<_>>()))?;
            let (case, reason, owner, issue) = (case.clone(), reason.clone(), owner.clone(), issue.clone());
            Ok(Waiver { case, area, reason, owner, issue, date: today, expires })
        };
        self.area.iter().map(one).collect()
    }
}

fn refused(why: &str) -> Failure {
    Failure::usage(format!("nothing was waived: {why}"))
}

/// Whether the file was changed by somebody else meanwhile.
fn is_changed(failure: &Failure) -> bool {
    matches!(failure.error.downcast_ref(), Some(StoreError::Changed(_)))
}

/// The last day that is meant by `14d`, `2w` or a date.
fn last_day(text: &str, today: Date) -> Result<Date, Failure> {
    let day = match days::counted(text, 999) {
        Some(days) => today.checked_add(days.days()).ok(),
        None => text.parse().ok(),
    };
    let day = day.ok_or_else(|| {
        Failure::usage(format!("--expires {text:?} is no day")).with_hint("write 14d, 2w or YYYY-MM-DD")
    })?;
    match day < today {
        true => Err(Failure::usage(format!("{day} is over: today is {today} (UTC)"))),
        false => Ok(day),
    }
}

/// Accepted snapshots of all targets.
fn accepted(context: &Context, project: &Project) -> Result<Listing, Failure> {
    let mut all = Listing::default();
    for target in project.catalog.project.targets.keys() {
        all.accepted.append(&mut context.golden(&project.checked.root, target).list()?.accepted);
    }
    Ok(all)
}

/// Whether there is something to waive, and the policy lets anybody.
fn allowed(waiver: &Waiver, project: &Project, policy: &Policy, accepted: &Listing) -> Result<(), Failure> {
    let (census, case) = (&project.checked.census, &waiver.case);
    let gone = orphans(&project.checked, accepted);
    match (census.cases.contains_key(case), waiver.area) {
        (true, WaivedArea::Coverage) => {
            return Err(refused(&format!("{case} is a case of the project, so no coverage was lost")));
        }
        (false, WaivedArea::Coverage) if !gone.contains(case) => {
            let known: Vec<&str> = gone.iter().map(Slug::as_str).collect();
            let why = refused(&format!("no case {case:?} with accepted behaviour was removed"));
            return Err(if known.is_empty() { why } else { why.suggest(case, &known) });
        }
        (false, WaivedArea::Area(_)) => {
            let known: Vec<&str> = census.cases.keys().map(Slug::as_str).collect();
            let hint = match closest(case, &known) {
                Some(near) => format!("did you mean {near:?}?"),
                None if gone.contains(case) => "it was removed: `--area coverage` waives that".to_owned(),
                None => "`evalgate list` shows every case".to_owned(),
            };
            return Err(refused(&format!("there is no case {case:?}")).with_hint(hint));
        }
        (true, WaivedArea::Area(_)) | (false, WaivedArea::Coverage) => {}
    }
    let kind = kind_of(&project.checked, accepted, case);
    match waiver.area.refusal(kind, policy).or_else(|| waiver.too_long(policy)) {
        Some(why) => Err(refused(&why)),
        None => Ok(()),
    }
}
