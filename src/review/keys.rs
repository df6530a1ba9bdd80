//! The keys of a review: what each is called, what it does, and what a press of it sets off.

use super::session::{Session, Wish};

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Char(char),
    Enter,
    Backspace,
    Escape,
    PageDown,
    PageUp,
    /// Ctrl-C.
    Interrupt,
}

/// One key and what it is for.
pub struct KeyHelp {
    pub key: char,
    /// What stands beside it at the foot of the screen.
    pub word: &'static str,
    /// What it does, as a sentence.
    pub about: &'static str,
    pub(super) act: fn(&mut Session) -> Wish,
}

/// Every key that does something while a change is shown, in the order in which they are told.
pub static KEYS: &[KeyHelp] = &[
    KeyHelp {
        key: 'a',
        word: "accept",
        about: "Accept this behaviour. Where a mark fell you are asked why that is right.",
        act: |session| session.accept(),
    },
    KeyHelp {
        key: 'r',
        word: "reject",
        about: "Reject it: what was accepted stays, and the agent has to be fixed.",
        act: |session| session.reject(),
    },
    KeyHelp {
        key: 'c',
        word: "correct",
        about: "Reject it and put it right in your editor: it becomes a case that guards against the mistake.",
        act: |session| session.correct(),
    },
    KeyHelp {
        key: 'f',
        word: "field",
        about: "Accept some of the numbered fields; everything else stays as it was accepted, the calls too.",
        act: |session| session.choose_fields(),
    },
    KeyHelp {
        key: 'i',
        word: "alike",
        about: "Decide all other cases that changed in exactly the same way as the one decided last.",
        act: |session| session.decide_alike(),
    },
    KeyHelp { key: 's', word: "skip", about: "Leave it for later and go on.", act: |session| session.skip() },
    KeyHelp {
        key: 't',
        word: "transcript",
        about: "What the agent did: messages, tool calls, what changed in the world.",
        act: |session| session.show_transcript(),
    },
    KeyHelp {
        key: 'e',
        word: "case",
        about: "What the case asks, and what it expects.",
        act: |session| session.show_request(),
    },
    KeyHelp {
        key: 'u',
        word: "undo",
        about: "Take the last decision back, and go to its case; as often as there are any.",
        act: |session| session.undo(),
    },
    KeyHelp {
        key: 'w',
        word: "write",
        about: "Show all decisions; after a yes they are written, all of them or none.",
        act: |session| session.show_summary(),
    },
    KeyHelp {
        key: 'q',
        word: "quit",
        about: "Leave. Nothing is written; the decisions are kept and offered the next time.",
        act: |session| session.quit(),
    },
    KeyHelp { key: '?', word: "help", about: "These lines.", act: |session| session.show_help() },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_stands_for_one_thing_and_pages_are_turned_by_others() {
        let keys: BTreeSet<char> = KEYS.iter().map(|help| help.key).collect();
        assert_eq!(keys.len(), KEYS.len());
        assert!(!keys.contains(&'b') && !keys.contains(&' '));
        assert!(KEYS.iter().all(|help| help.about.ends_with('.')));
    }
}
