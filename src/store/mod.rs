//! What is kept: run folders, which are the truth about runs, the golden folder of accepted behaviour, and the history.
//!
//! Owns file layout, atomic writes and locks. Decides nothing: what to write comes from the pure half, and what to
//! accept from a person.

mod calibrations;
mod changes;
mod disk;
mod event_log;
mod export;
mod golden_folder;
mod judgements;
mod history;
mod labels;
mod journal;
mod ledger;
mod recordings;
mod report_file;
mod results;
mod review;
mod run_folder;
mod runs;
mod settle;
mod shadows;
#[cfg(test)]
mod testing;
mod trial_index;

pub use crate::golden::{Seen, SnapshotKey};
pub use calibrations::Calibrations;
pub use changes::Changes;
pub use disk::{StoreError, write, write_inside};
pub use event_log::{EventWriter, Replay, Written};
pub use export::{Exported, TableFormat, export};
pub use golden_folder::{GoldenFolder, Listing};
pub use history::{Address, Came, CaughtUp, History, HistoryError, Incoming, Index, Pushed};
pub use journal::{GOLDEN, finish_changes};
pub use judgements::{AnswerStore, Judgement, JudgementLog};
pub use labels::Labels;
pub use ledger::{Ledger, ledger_lines};
pub use recordings::{RecordingKey, Recordings, ascii_json};
pub use report_file::ReportWriter;
pub use results::{RESULTS, ResultLine, Results, ResultsWriter, StoredResults};
pub use review::{DraftFile, load, show};
pub use run_folder::RunFolder;
pub use runs::{RunEntry, Runs, Skipped, new_run_id};
pub use settle::{REVIEWS, Settled};
pub use shadows::{Shadows, StoredAgent, StoredMeta, StoredShadow};
pub use trial_index::TrialIndex;
