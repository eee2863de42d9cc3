//! Who signs in to the console, asked of a PostgreSQL database.

use async_trait::async_trait;

use super::PostgresStore;
use crate::store::sql::operators;
use crate::store::{NewOperator, Operator, OperatorChange, OperatorId, Operators, StoreError};

#[async_trait]
impl Operators for PostgresStore {
    async fn insert_operator(&self, new: NewOperator) -> Result<bool, StoreError> {
        self.write(move |db| operators::insert(db, &new)).await
    }

    async fn operator(&self, name_key: &str) -> Result<Option<Operator>, StoreError> {
        let name_key = name_key.to_owned();
        self.read(move |db| operators::by_name(db, &name_key)).await
    }

    async fn operators(&self) -> Result<Vec<Operator>, StoreError> {
        self.read(|db| operators::list(db)).await
    }

    async fn change_operator(
        &self,
        operator: OperatorId,
        change: OperatorChange,
    ) -> Result<bool, StoreError> {
        self.write(move |db| operators::change(db, operator, &change))
            .await
    }
}
