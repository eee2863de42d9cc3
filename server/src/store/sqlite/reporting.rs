//! Reports, asked of a SQLite file.

use async_trait::async_trait;
use longhall_packet::{ClosedReport, Line, ListedReport, ReportNumber};
use longhall_world::reports::{Filed, NewReport, Untold};

use super::SqliteStore;
use crate::store::sql::reports;
use crate::store::{Reporting, StoreError, UserId};

#[async_trait]
impl Reporting for SqliteStore {
    async fn insert_report(&self, new: NewReport) -> Result<Filed, StoreError> {
        self.write(move |db| reports::insert(db, &new)).await
    }

    async fn reports(
        &self,
        reader: Option<UserId>,
        open: Option<bool>,
        before: Option<ReportNumber>,
        limit: usize,
    ) -> Result<Vec<ListedReport>, StoreError> {
        self.read(move |db| reports::list(db, reader, open, before, limit))
            .await
    }

    async fn report(
        &self,
        number: ReportNumber,
    ) -> Result<Option<(UserId, ListedReport)>, StoreError> {
        self.read(move |db| reports::one(db, number)).await
    }

    async fn report_lines(&self, number: ReportNumber) -> Result<Vec<Line>, StoreError> {
        self.read(move |db| reports::lines(db, number)).await
    }

    async fn close_report(
        &self,
        number: ReportNumber,
        closed: ClosedReport,
    ) -> Result<bool, StoreError> {
        self.write(move |db| reports::close(db, number, &closed))
            .await
    }

    async fn open_reports(&self, reader: Option<UserId>) -> Result<u32, StoreError> {
        self.read(move |db| reports::open(db, reader)).await
    }

    async fn untold_reports(
        &self,
        of: Option<UserId>,
        since_ms: i64,
        limit: usize,
    ) -> Result<Vec<Untold>, StoreError> {
        self.read(move |db| reports::untold(db, of, since_ms, limit))
            .await
    }

    async fn note_told(&self, number: ReportNumber) -> Result<bool, StoreError> {
        self.write(move |db| reports::note_told(db, number)).await
    }

    async fn reports_by(
        &self,
        reporter: UserId,
        after: ReportNumber,
        limit: usize,
    ) -> Result<Vec<ListedReport>, StoreError> {
        self.read(move |db| reports::by(db, reporter, after, limit))
            .await
    }

    async fn prune_reports(&self, closed_before_ms: i64) -> Result<u64, StoreError> {
        self.write(move |db| reports::prune(db, closed_before_ms))
            .await
    }
}
