//! What players report to moderators, and what is kept of it.

use async_trait::async_trait;
use longhall_packet::{ClosedReport, Line, ListedReport, ReportNumber};
use longhall_world::reports::{Filed, NewReport, Untold};

use super::{StoreError, UserId};

/// Reports, with the lines kept beside them.
#[async_trait]
pub trait Reporting: Send + Sync + 'static {
    /// Adds a report with its lines, unless one of the same reporter on the same line or
    /// player is open, or too many are.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn insert_report(&self, new: NewReport) -> Result<Filed, StoreError>;

    /// Reports with smaller numbers, the newest first: only open or only closed ones, and
    /// none about `reader`.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn reports(
        &self,
        reader: Option<UserId>,
        open: Option<bool>,
        before: Option<ReportNumber>,
        limit: usize,
    ) -> Result<Vec<ListedReport>, StoreError>;

    /// A report, and whom it is about.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn report(
        &self,
        number: ReportNumber,
    ) -> Result<Option<(UserId, ListedReport)>, StoreError>;

    /// The lines that were kept with a report, in the order of their numbers.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn report_lines(&self, number: ReportNumber) -> Result<Vec<Line>, StoreError>;

    /// Closes a report. False when there is none that is open.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn close_report(
        &self,
        number: ReportNumber,
        closed: ClosedReport,
    ) -> Result<bool, StoreError>;

    /// How many reports are open, without those about `reader`.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn open_reports(&self, reader: Option<UserId>) -> Result<u32, StoreError>;

    /// Reports that were closed at or after a time, in milliseconds since 1970, and whose
    /// reporters have not been told: of one reporter, or of all.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn untold_reports(
        &self,
        of: Option<UserId>,
        since_ms: i64,
        limit: usize,
    ) -> Result<Vec<Untold>, StoreError>;

    /// Notes that the reporter is told of a closed report. False when that was so already:
    /// then somebody else tells it.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn note_told(&self, number: ReportNumber) -> Result<bool, StoreError>;

    /// Reports that an account made, behind a number, in the order of numbers.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn reports_by(
        &self,
        reporter: UserId,
        after: ReportNumber,
        limit: usize,
    ) -> Result<Vec<ListedReport>, StoreError>;

    /// Forgets some of the reports that were closed before a time, in milliseconds since
    /// 1970, with their lines. Returns how many: to be called until there are none.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing is changed then.
    async fn prune_reports(&self, closed_before_ms: i64) -> Result<u64, StoreError>;
}
