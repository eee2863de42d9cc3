//! Reports, as the model has them.

use async_trait::async_trait;
use longhall_packet::{ClosedReport, Line, ListedReport, ReportNumber};
use longhall_world::reports::{Filed, NewReport, Untold};

use super::MemoryStore;
use crate::store::{Reporting, StoreError, UserId};

#[async_trait]
impl Reporting for MemoryStore {
    async fn insert_report(&self, new: NewReport) -> Result<Filed, StoreError> {
        self.with(|world| world.insert_report(new))
    }

    async fn reports(
        &self,
        reader: Option<UserId>,
        open: Option<bool>,
        before: Option<ReportNumber>,
        limit: usize,
    ) -> Result<Vec<ListedReport>, StoreError> {
        self.with(|world| world.reports(reader.unwrap_or(UserId(0)), open, before, limit))
    }

    async fn report(
        &self,
        number: ReportNumber,
    ) -> Result<Option<(UserId, ListedReport)>, StoreError> {
        self.with(|world| world.report(number))
    }

    async fn report_lines(&self, number: ReportNumber) -> Result<Vec<Line>, StoreError> {
        self.with(|world| world.report_lines(number))
    }

    async fn close_report(
        &self,
        number: ReportNumber,
        closed: ClosedReport,
    ) -> Result<bool, StoreError> {
        self.with(|world| world.close_report(number, closed))
    }

    async fn open_reports(&self, reader: Option<UserId>) -> Result<u32, StoreError> {
        self.with(|world| world.open_reports(reader.unwrap_or(UserId(0))))
    }

    async fn untold_reports(
        &self,
        of: Option<UserId>,
        since_ms: i64,
        limit: usize,
    ) -> Result<Vec<Untold>, StoreError> {
        self.with(|world| world.untold_reports(of, since_ms, limit))
    }

    async fn note_told(&self, number: ReportNumber) -> Result<bool, StoreError> {
        self.with(|world| world.note_told(number))
    }

    async fn reports_by(
        &self,
        reporter: UserId,
        after: ReportNumber,
        limit: usize,
    ) -> Result<Vec<ListedReport>, StoreError> {
        self.with(|world| world.reports_by(reporter, after, limit))
    }

    async fn prune_reports(&self, closed_before_ms: i64) -> Result<u64, StoreError> {
        self.with(|world| world.prune_reports(closed_before_ms))
    }
}
