//! Plots as SVG: small, and readable on light and dark pages.

use std::fmt::Write;

use crate::bench::{Bench, Run};
use crate::figure::{Summary, short};
use crate::server::Who;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 32.0;
const TOP: f64 = 90.0;
const BOTTOM: f64 = 55.0;

/// Colours after Okabe and Ito, told apart by people who see few, on light and on
/// dark; and a shape each.
const STYLES: [(&str, &str, &str); 4] = [
    ("#0072b2", "#56b4e9", "none"),
    ("#c1440e", "#ff9d5c", "7 4"),
    ("#00795a", "#2fd0a2", "2 4"),
    ("#8f4a86", "#e09ad0", "9 3 2 3"),
];

/// One axis.
pub(crate) struct Axis {
    pub(crate) label: &'static str,
    pub(crate) logarithmic: bool,
    /// What stands beside it, where; the outermost end it.
    pub(crate) ticks: Vec<(f64, String)>,
}

/// A line.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// A plot of some lines.
pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// At most four.
    pub(crate) series: Vec<Series>,
}

/// The plots that the bench has figures for, with the names of their files.
pub(crate) fn all(bench: &Bench) -> Vec<(&'static str, String)> {
    let plots = [
        ("fan_out_cost.svg", fan_out_cost(&bench.runs)),
        ("latency.svg", latency(&bench.runs)),
        ("memory.svg", memory(bench)),
    ];
    let drawn = plots.into_iter().filter(|(_, plot)| plot.has_lines());
    drawn.map(|(name, plot)| (name, plot.draw())).collect()
}

fn fan_out_cost(runs: &[Run]) -> Plot {
    let series = Who::ALL.map(|who| {
        let cost = |players| {
            let its = runs.iter().filter(|run| {
                let case = &run.case;
                let pushed = case.name == "pushed" && case.senders == 4;
                pushed && run.who == who && case.players == players
            });
            let sum = Summary::of(its.map(|run| run.cpu_us_per_delivery))?;
            Some((players as f64, sum.median))
        };
        Series {
            name: who.name().to_owned(),
            points: [10, 100, 1000].into_iter().filter_map(cost).collect(),
        }
    });
    let series = Vec::from(series);
    Plot {
        title: "Server CPU per delivered line, four senders pushing",
        x: Axis {
            label: "members of the channel",
            logarithmic: true,
            ticks: ticks(&[10.0, 100.0, 1000.0]),
        },
        y: Axis {
            label: "µs",
            logarithmic: true,
            ticks: powers(&series),
        },
        series,
    }
}

fn latency(runs: &[Run]) -> Plot {
    let line = |name: &str, who, is: &dyn Fn(&Run) -> bool| {
        let its: Vec<&Run> = runs
            .iter()
            .filter(|run| run.who == who && is(run))
            .collect();
        let quantiles = its.first().map(|run| run.latency_us.as_slice());
        let points = quantiles
            .unwrap_or_default()
            .iter()
            .filter_map(|(quantile, _)| {
                // The last is the single worst line, which says little.
                let x = 1.0 / (1.0 - quantile);
                let millis = its.iter().map(|run| run.latency_us(*quantile) / 1e3);
                let median = Summary::of(millis)?.median;
                (*quantile >= 0.5 && x.is_finite()).then_some((x, median))
            });
        Series {
            name: name.to_owned(),
            points: points.collect(),
        }
    };
    let fixed = |run: &Run| run.case.name == "fixed rate";
    let moderate = |run: &Run| run.case.name == "moderate" && run.case.players == 100;
    let series = vec![
        line("Longhall, 200 lines/s", Who::Longhall, &fixed),
        line("bare loop, 200 lines/s", Who::BareEach, &fixed),
        line("Longhall, 20 % of capacity", Who::Longhall, &moderate),
        line("bare loop, the same", Who::BareCoalesced, &moderate),
    ];
    let nines = [(2.0, "50 %"), (10.0, "90 %"), (100.0, "99 %")];
    let more = [(1000.0, "99.9 %"), (10_000.0, "99.99 %")];
    let nines = nines.into_iter().chain(more);
    Plot {
        title: "From sending a line to its arrival, 100 members",
        x: Axis {
            label: "of all deliveries, so many took no longer",
            logarithmic: true,
            ticks: nines.map(|(at, text)| (at, text.to_owned())).collect(),
        },
        y: Axis {
            label: "ms",
            logarithmic: true,
            ticks: powers(&series),
        },
        series,
    }
}

fn memory(bench: &Bench) -> Plot {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for one in &bench.memory {
        let x = one.connections as f64;
        if points.iter().all(|(other, _)| *other != x) {
            let same = bench
                .memory
                .iter()
                .filter(|same| same.connections == one.connections);
            let mib = same.map(|same| same.kib_per_connection() * x / 1024.0);
            if let Some(sum) = Summary::of(mib) {
                points.push((x, sum.median));
            }
        }
    }
    let most = points.iter().map(|point| point.0).fold(0.0, f64::max);
    let guide = |kib: f64| Series {
        name: format!("{kib} KiB each"),
        points: vec![(0.0, 0.0), (most, most * kib / 1024.0)],
    };
    let has_figures = !points.is_empty();
    points.insert(0, (0.0, 0.0));
    let mut series = vec![Series {
        name: "Longhall".to_owned(),
        points,
    }];
    if has_figures {
        series.extend([guide(8.0), guide(4.0)]);
    } else {
        series.clear();
    }
    let top = series.iter().flat_map(|series| &series.points);
    let top = top.map(|point| point.1).fold(1.0, f64::max);
    Plot {
        title: "Server memory of logged-in connections that say nothing",
        x: Axis {
            label: "connections",
            logarithmic: false,
            ticks: steps(most),
        },
        y: Axis {
            label: "MiB",
            logarithmic: false,
            ticks: steps(top),
        },
        series,
    }
}

fn ticks(at: &[f64]) -> Vec<(f64, String)> {
    at.iter().map(|&at| (at, plain(at))).collect()
}

/// A number as it stands beside an axis.
fn plain(value: f64) -> String {
    let text = short(value);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// From 0 in round steps to `most` or a little more.
fn steps(most: f64) -> Vec<(f64, String)> {
    let size = 10_f64.powf(most.max(1.0).log10().floor());
    let step = [0.2, 0.25, 0.5, 1.0, 2.0]
        .map(|part| part * size)
        .into_iter()
        .find(|step| most / step <= 6.0)
        .unwrap_or(size);
    let count = (most / step).ceil() as usize;
    ticks(&(0..=count).map(|n| n as f64 * step).collect::<Vec<_>>())
}

/// Powers of ten around all points.
fn powers(series: &[Series]) -> Vec<(f64, String)> {
    let values = series.iter().flat_map(|series| &series.points);
    let logs = values
        .map(|point| point.1.log10())
        .filter(|log| log.is_finite());
    let (least, most) = logs.fold((f64::MAX, f64::MIN), |(least, most), log| {
        (least.min(log), most.max(log))
    });
    if least > most {
        return ticks(&[1.0, 10.0]);
    }
    let first = least.floor() as i32;
    let last = (most.ceil() as i32).max(first + 1);
    ticks(
        &(first..=last)
            .map(|power| 10_f64.powi(power))
            .collect::<Vec<_>>(),
    )
}

impl Axis {
    /// Where a value is, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let scale = |value: f64| {
            if self.logarithmic {
                value.log10()
            } else {
                value
            }
        };
        let (Some(first), Some(last)) = (self.ticks.first(), self.ticks.last()) else {
            return 0.0;
        };
        let (first, last) = (scale(first.0), scale(last.0));
        ((scale(value) - first) / (last - first)).clamp(0.0, 1.0)
    }
}

impl Plot {
    fn has_lines(&self) -> bool {
        self.series.iter().any(|series| series.points.len() > 1)
    }

    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (
            LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - self.y.place(y) * (HEIGHT - TOP - BOTTOM),
        )
    }

    /// The whole file.
    pub(crate) fn draw(&self) -> String {
        let mut svg = String::new();
        self.write(&mut svg)
            .expect("writing to a String cannot fail");
        svg
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="13">"#
        )?;
        writeln!(svg, "<title>{}</title>", escape(self.title))?;
        svg.push_str("<style>@media (prefers-color-scheme: dark) {\n");
        svg.push_str(".page { fill: #0d1117 } .ink { fill: #e6edf3 } .grid { stroke: #30363d }\n");
        for (number, (_, dark, _)) in STYLES.iter().enumerate() {
            writeln!(
                svg,
                ".s{number} {{ stroke: {dark} }} .d{number} {{ fill: {dark} }}"
            )?;
        }
        svg.push_str("}</style>\n");
        writeln!(
            svg,
            r##"<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff"/>"##
        )?;
        text(svg, (LEFT, 26.0), "start", 16, self.title)?;
        self.write_axes(svg)?;
        for (number, series) in self.series.iter().enumerate().take(STYLES.len()) {
            self.write_series(svg, number, series)?;
        }
        svg.push_str("</svg>\n");
        Ok(())
    }

    fn write_axes(&self, svg: &mut String) -> std::fmt::Result {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for (value, label) in &self.x.ticks {
            let (x, _) = self.at(*value, 1.0);
            grid(svg, (x, TOP), (x, bottom))?;
            text(svg, (x, bottom + 18.0), "middle", 13, label)?;
        }
        for (value, label) in &self.y.ticks {
            let (_, y) = self.at(1.0, *value);
            grid(svg, (LEFT, y), (right, y))?;
            text(svg, (LEFT - 8.0, y + 4.0), "end", 13, label)?;
        }
        let middle = f64::midpoint(LEFT, right);
        text(svg, (middle, HEIGHT - 14.0), "middle", 13, self.x.label)?;
        text(svg, (LEFT - 8.0, TOP - 14.0), "end", 13, self.y.label)
    }

    fn write_series(&self, svg: &mut String, number: usize, series: &Series) -> std::fmt::Result {
        let (colour, _, dashes) = STYLES[number];
        let points = series.points.iter().map(|&(x, y)| self.at(x, y));
        let points: Vec<(f64, f64)> = points.collect();
        if points.is_empty() {
            return Ok(());
        }
        let line = |svg: &mut String, points: &[(f64, f64)]| {
            let points: Vec<String> = points
                .iter()
                .map(|(x, y)| format!("{x:.1},{y:.1}"))
                .collect();
            writeln!(
                svg,
                r#"<polyline class="s{number}" points="{}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>"#,
                points.join(" ")
            )
        };
        let dot = |svg: &mut String, (x, y): (f64, f64)| {
            writeln!(
                svg,
                r#"<circle class="d{number}" cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{colour}"/>"#
            )
        };
        line(svg, &points)?;
        for &point in &points {
            dot(svg, point)?;
        }
        // The legend: two in a row, under the title.
        let x = LEFT + (number % 2) as f64 * 300.0;
        let y = 46.0 + (number / 2) as f64 * 18.0;
        line(svg, &[(x, y), (x + 34.0, y)])?;
        dot(svg, (x + 17.0, y))?;
        text(svg, (x + 42.0, y + 4.5), "start", 13, &series.name)
    }
}

fn grid(svg: &mut String, from: (f64, f64), to: (f64, f64)) -> std::fmt::Result {
    writeln!(
        svg,
        r##"<line class="grid" x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}" stroke="#d0d7de"/>"##,
        from.0, from.1, to.0, to.1
    )
}

fn text(
    svg: &mut String,
    (x, y): (f64, f64),
    anchor: &str,
    size: u32,
    text: &str,
) -> std::fmt::Result {
    writeln!(
        svg,
        r##"<text class="ink" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="#1f2328">{}</text>"##,
        escape(text)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(series: Vec<Series>) -> Plot {
        Plot {
            title: "cost & effect",
            x: Axis {
                label: "members",
                logarithmic: true,
                ticks: ticks(&[10.0, 100.0, 1000.0]),
            },
            y: Axis {
                label: "µs",
                logarithmic: true,
                ticks: powers(&series),
            },
            series,
        }
    }

    fn series(name: &str, points: &[(f64, f64)]) -> Series {
        Series {
            name: name.to_owned(),
            points: points.to_vec(),
        }
    }

    #[test]
    fn axes_end_in_round_numbers_around_all_points() {
        let powers = powers(&[series("a", &[(1.0, 0.05), (2.0, 4.8)])]);
        let labels: Vec<&str> = powers.iter().map(|(_, label)| &label[..]).collect();
        assert_eq!(labels, ["0.01", "0.1", "1", "10"]);
        let steps = steps(117.0);
        let ends: Vec<f64> = steps.iter().map(|(at, _)| *at).collect();
        assert_eq!(ends, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0]);
    }

    #[test]
    fn points_lie_where_their_axes_say() {
        let plot = plot(vec![series("a", &[(10.0, 0.1), (1000.0, 10.0)])]);
        assert_eq!(plot.at(10.0, 0.1), (LEFT, HEIGHT - BOTTOM));
        assert_eq!(plot.at(1000.0, 10.0), (WIDTH - RIGHT, TOP));
        let (x, y) = plot.at(100.0, 1.0);
        assert!((x - f64::midpoint(LEFT, WIDTH - RIGHT)).abs() < 1e-9, "{x}");
        assert!(
            (y - f64::midpoint(TOP, HEIGHT - BOTTOM)).abs() < 1e-9,
            "{y}"
        );
    }

    #[test]
    fn a_plot_names_its_lines_and_escapes_what_it_says() {
        let svg = plot(vec![
            series("ours", &[(10.0, 0.4), (100.0, 0.3)]),
            series("a < b", &[(10.0, 4.0), (100.0, 4.1)]),
        ])
        .draw();
        for part in [
            ">ours<",
            "a &lt; b",
            "cost &amp; effect",
            "prefers-color-scheme: dark",
        ] {
            assert!(svg.contains(part), "{part}");
        }
        assert_eq!(svg.matches("<polyline").count(), 4);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn what_was_not_measured_is_not_drawn() {
        assert!(!plot(Vec::new()).has_lines());
        assert!(!plot(vec![series("one point", &[(10.0, 1.0)])]).has_lines());
        assert!(plot(vec![series("two", &[(10.0, 1.0), (20.0, 1.0)])]).has_lines());
    }
}
