//! The guide for operators and the dashboard, held against what a server tells.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::scrape;
use crate::support::{Program, TestServer};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operating.md");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/grafana/longhall.json");

fn section() -> String {
    let guide = fs::read_to_string(GUIDE).unwrap();
    let (_, section) = guide.split_once("\n## Figures and health\n").unwrap();
    section.split("\n## ").next().unwrap().to_owned()
}

fn dashboard() -> Value {
    serde_json::from_str(&fs::read_to_string(DASHBOARD).unwrap()).unwrap()
}

/// The kinds of all figures that any server tells, by their names.
#[cfg(unix)]
async fn all_kinds() -> BTreeMap<String, String> {
    let server = TestServer::start().await;
    let mut kinds = scrape(server.admin).await.kinds;
    kinds.extend(crate::several::figures_of_several().await.kinds);
    server.stop().await;
    kinds
}

/// The figures that a query names.
fn named(query: &str) -> impl Iterator<Item = &str> {
    query
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("longhall_") || word.starts_with("process_"))
}

#[track_caller]
fn check_query(query: &str, kinds: &BTreeMap<String, String>) {
    assert!(named(query).next().is_some(), "{query}");
    for name in named(query) {
        let kind = kinds.get(name).map(String::as_str);
        let of_histogram = ["_bucket", "_sum", "_count"].iter().any(|ending| {
            let family = name.strip_suffix(ending);
            family
                .and_then(|family| kinds.get(family))
                .is_some_and(|kind| kind == "histogram")
        });
        assert!(
            kind.is_some_and(|kind| kind != "histogram") || of_histogram,
            "{name} in {query}"
        );
        if kind == Some("counter") || name.ends_with("_bucket") {
            let is_rate = query.contains("rate(") || query.contains("increase(");
            assert!(is_rate, "a counter alone says little: {query}");
        }
    }
}

/// Rows of the section's table whose first cell is a figure, or a panel.
fn rows(begin: &str) -> Vec<Vec<String>> {
    let section = section();
    let (_, table) = section.split_once(begin).unwrap();
    let rows = table
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let row = row.replace("\\|", "¦");
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('¦', "|")).collect()
    };
    rows.map(cells).collect()
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_guide_and_the_dashboard_name_the_figures_that_there_are() {
    let kinds = all_kinds().await;
    let told: BTreeMap<String, String> = rows("| Figure |")
        .into_iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone()))
        .collect();
    assert_eq!(told, kinds);

    let alerts = rows("| Alert |");
    assert!(alerts.len() > 8);
    for alert in alerts {
        check_query(alert[1].trim_matches('`'), &kinds);
    }

    let mut shown = BTreeSet::new();
    let panels = dashboard()["panels"].as_array().unwrap().clone();
    let panels = panels.iter().filter(|panel| panel["type"] != "row");
    for panel in panels.clone() {
        let title = panel["title"].as_str().unwrap();
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for target in targets {
            let query = target["expr"].as_str().unwrap();
            check_query(query, &kinds);
            shown.extend(named(query).map(str::to_owned));
        }
        assert!(
            panel["fieldConfig"]["defaults"]["unit"].is_string(),
            "{title} has no unit"
        );
        assert!(panel["description"].is_string(), "{title} is not explained");
    }
    assert!(shown.len() > 25, "{} figures are shown", shown.len());
    let titles: Vec<_> = panels
        .map(|panel| panel["title"].as_str().unwrap().to_owned())
        .collect();
    let listed: Vec<_> = rows("| Panel |")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(listed, titles);
}

#[test]
fn the_panels_of_the_dashboard_do_not_lie_on_each_other() {
    let dashboard = dashboard();
    let (mut taken, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()));
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{panel}");
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(taken.insert((x, y)), "{} lies on another", panel["title"]);
            }
        }
    }
    assert_eq!(dashboard["uid"], "longhall");
}

#[tokio::test]
async fn prometheus_finds_the_figures_where_the_guide_says() {
    let section = section();
    let (_, sample) = section.split_once("```yaml\n").unwrap();
    let (sample, _) = sample.split_once("```").unwrap();
    let (_, targets) = sample.split_once("targets: [").unwrap();
    let target = targets.split(']').next().unwrap().trim_matches('"');
    assert!(sample.starts_with("scrape_configs:\n"), "{sample}");
    // Prometheus asks for /metrics unless it is told otherwise.
    assert!(!sample.contains("metrics_path") && !sample.contains("scheme"));
    let listens = format!("--admin-listen {target}");
    assert!(section.contains(&listens), "{listens}");
    let help = Program::command().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("--admin-listen"), "{help}");
}
