//! `rubrics/calibration/`: what judges showed against people, a file a judge, to be committed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::disk::{Naming, check_way, write_inside};
use crate::calibration::Record;
use crate::domain::Slug;

/// All calibrations of a project.
#[derive(Debug)]
pub struct Calibrations {
    /// `rubrics/`; nothing outside of it is read or written.
    rubrics: PathBuf,
}

impl Calibrations {
    /// Those below `rubrics`, the project's folder of that name. There need not be any.
    pub fn open(rubrics: &Path) -> Self {
        Self { rubrics: rubrics.to_owned() }
    }

    pub fn path(&self, judge: &Slug) -> PathBuf {
        self.rubrics.join("calibration").join(format!("{judge}.json"))
    }

    /// `None` of a judge that was never calibrated. Errors: it cannot be read, or its figures do not follow from its marks.
    pub fn read(&self, judge: &Slug) -> Result<Option<Record>, StoreError> {
        let path = self.path(judge);
        check_way(&self.rubrics, &path)?;
        let text = match fs::read_to_string(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.naming("read", &path)?,
        };
        let damaged = |why: String| StoreError::Damaged { path: path.clone(), why };
        let record = Record::parse(&text).map_err(|error| damaged(error.to_string()))?;
        match record.judge == *judge {
            true => Ok(Some(record)),
            false => Err(damaged(format!("it is a calibration of {}", record.judge))),
        }
    }

    /// Puts the calibration in the place of the one before.
    pub fn write(&self, record: &Record) -> Result<PathBuf, StoreError> {
        let path = self.path(&record.judge);
        let text = record.text().map_err(|cause| StoreError::Damaged { path: path.clone(), why: cause.to_string() })?;
        write_inside(&self.rubrics, &path, text.as_bytes())?;
        Ok(path)
    }
}
