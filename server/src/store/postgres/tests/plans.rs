//! How PostgreSQL goes about what it is asked.

use super::*;
use crate::store::Store;
use crate::store::postgres::append::BEFORE;

/// How a statement is done is decided once, often when there is little yet.
#[tokio::test]
async fn a_line_said_again_is_found_by_its_index_even_where_all_lines_are_on_one_page() {
    let store = store();
    let explain: &str = format!("EXPLAIN {BEFORE}").leak();
    let plan = store.write_lines(|db| {
        db.run(
            "INSERT INTO lines (id, sender_id, sent_at_ms, line_id, kind, text)
             SELECT n, 1, 0, n, 0, 'a line' FROM generate_series(1, 20) AS n;
             ANALYZE lines;",
        )?;
        let asked = vec![1_i64];
        let rows = db.rows(explain, &[&asked, &asked, &asked, &asked])?;
        Ok(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>())
    });
    let plan = plan.await.unwrap().join("\n");
    assert!(plan.contains("Index Scan using lines_by_line_id"), "{plan}");
    store.close().await;
}
