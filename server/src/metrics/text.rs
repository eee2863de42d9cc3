//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write;

use super::{Histogram, PerName};

/// The format's own name.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Figures as text. What a figure is called and what it means is given with it, so that
/// nothing is without. Names, labels and their values are words of the code alone: none
/// has to be escaped.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn finish(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        debug_assert!(!help.contains(['\n', '\\']), "{help}");
        self.put(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn put(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to memory does not fail.
        let _ = self.0.write_fmt(line);
    }

    /// A number that only grows while the server runs.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.put(format_args!("{name} {value}\n"));
    }

    /// As [`Text::counter`], of what is no whole number.
    pub(super) fn counter_of(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "counter", help);
        self.put(format_args!("{name} {value}\n"));
    }

    /// A counter for each value of a label.
    pub(super) fn counters(&mut self, name: &str, help: &str, label: &str, values: &PerName) {
        self.head(name, "counter", help);
        for (value, count) in values.iter() {
            self.put(format_args!("{name}{{{label}=\"{value}\"}} {count}\n"));
        }
    }

    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        self.put(format_args!("{name} {value}\n"));
    }

    /// 1 or 0.
    pub(super) fn flag(&mut self, name: &str, help: &str, value: bool) {
        self.gauge(name, help, f64::from(u8::from(value)));
    }

    /// A gauge for each value of a label.
    pub(super) fn gauges(&mut self, name: &str, help: &str, label: &str, values: &[(&str, f64)]) {
        self.head(name, "gauge", help);
        for (value, count) in values {
            self.put(format_args!("{name}{{{label}=\"{value}\"}} {count}\n"));
        }
    }

    /// How often something was how large.
    pub(super) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let counted = histogram.counted();
        for (bound, count) in &counted.within {
            self.put(format_args!("{name}_bucket{{le=\"{bound}\"}} {count}\n"));
        }
        let (sum, count) = (counted.sum, counted.count);
        self.put(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}\n"));
        self.put(format_args!("{name}_sum {sum}\n{name}_count {count}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_written_as_the_format_wants_it() {
        let mut text = Text::default();
        text.counter("a_total", "Some.", 3);
        text.gauge("b_seconds", "More.", 0.25);
        text.flag("c", "Whether.", true);
        text.gauges("d", "Each.", "of", &[("x", 1.0), ("y", 2.5)]);
        let names = PerName::of(["one"].into_iter());
        names.add("one", 7);
        text.counters("e_total", "By name.", "name", &names);
        let histogram = Histogram::of_times(&[500, 1_000_000]);
        histogram.observe(500);
        histogram.observe(2_000_000);
        text.histogram("f_seconds", "Times.", &histogram);
        let expected = "\
# HELP a_total Some.\n# TYPE a_total counter\na_total 3
# HELP b_seconds More.\n# TYPE b_seconds gauge\nb_seconds 0.25
# HELP c Whether.\n# TYPE c gauge\nc 1
# HELP d Each.\n# TYPE d gauge\nd{of=\"x\"} 1\nd{of=\"y\"} 2.5
# HELP e_total By name.\n# TYPE e_total counter\ne_total{name=\"one\"} 7
# HELP f_seconds Times.\n# TYPE f_seconds histogram\nf_seconds_bucket{le=\"0.0005\"} 1
f_seconds_bucket{le=\"1\"} 1\nf_seconds_bucket{le=\"+Inf\"} 2\nf_seconds_sum 2.0005
f_seconds_count 2
";
        assert_eq!(text.finish(), expected);
    }
}
