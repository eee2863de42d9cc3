//! Nobody signs in to the console of a test of players.

use async_trait::async_trait;

use super::MemoryStore;
use crate::store::{NewOperator, Operator, OperatorChange, OperatorId, Operators, StoreError};

#[async_trait]
impl Operators for MemoryStore {
    async fn insert_operator(&self, _: NewOperator) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn operator(&self, _: &str) -> Result<Option<Operator>, StoreError> {
        Ok(None)
    }

    async fn operators(&self) -> Result<Vec<Operator>, StoreError> {
        Ok(Vec::new())
    }

    async fn change_operator(&self, _: OperatorId, _: OperatorChange) -> Result<bool, StoreError> {
        Ok(false)
    }
}
