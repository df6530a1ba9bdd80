//! Exit codes: what a script may rely on.

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Passed,
    GateFailed,
    Usage,
    ProjectInvalid,
    NothingSelected,
    ReviewPending,
    Inconclusive,
    Internal,
    Interrupted,
}

/// Every code with its meaning, for `--help` and the README.
pub static EXITS: &[(Exit, u8, &str)] = &[
    (Exit::Passed, 0, "passed"),
    (Exit::GateFailed, 1, "gate failed"),
    (Exit::Usage, 2, "usage: unknown command, flag, run or case"),
    (Exit::ProjectInvalid, 3, "project invalid"),
    (Exit::NothingSelected, 4, "nothing selected"),
    (Exit::ReviewPending, 5, "review pending"),
    (Exit::Inconclusive, 6, "inconclusive or incomplete"),
    (Exit::Internal, 70, "internal error, or files could not be read or written"),
    (Exit::Interrupted, 130, "interrupted"),
];

impl Exit {
    pub fn code(self) -> u8 {
        EXITS.iter().find(|(exit, _, _)| *exit == self).map_or(70, |(_, code, _)| *code)
    }

    /// The exit of a verdict's code.
    pub fn of_verdict(code: u8) -> Self {
        EXITS.iter().find(|(_, known, _)| *known == code).map_or(Exit::Internal, |(exit, _, _)| *exit)
    }
}

/// The table as `--help` shows it.
pub fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for (_, code, meaning) in EXITS {
        text.push_str(&format!("{code:>5}  {meaning}\n"));
    }
    text
}
