"""Tests of the pure part: python3 -m unittest discover Benchmarks/Collecting"""

from unittest import TestCase

from measures import Figures, Sample, Target, figures, percentile, report, table, targets, verdict


def row(p50=10.0, cpu=1.0, resident_kib=1000):
    return Figures(5, p50, 20.0, cpu, 2.0, 61, resident_kib, 300)


class MeasuresTest(TestCase):
    def test_percentiles_are_values_that_were_measured(self):
        self.assertEqual(percentile([3, 1, 2], 0.5), 2)
        self.assertEqual(percentile([4, 1, 3, 2], 0.5), 2)
        self.assertEqual(percentile(range(1, 101), 0.99), 99)
        self.assertEqual(percentile(range(1, 102), 0.99), 100)
        self.assertEqual(percentile([7], 0.99), 7)

    def test_figures_are_of_all_samples(self):
        samples = [Sample(latency, 2 * latency, 1) for latency in (1, 2, 9)]
        found = figures(samples, 4, 5, 6)
        self.assertEqual((found.scrapes, found.p50, found.p99, found.cpu, found.libvirtd_cpu), (3, 2, 9, 8, 1))
        self.assertEqual((found.calls, found.resident_kib, found.bytes), (4, 5, 6))

    def test_a_target_is_an_upper_or_a_lower_bound(self):
        self.assertTrue(Target("", 0.75, 0.75).is_met)
        self.assertFalse(Target("", 0.76, 0.75).is_met)
        self.assertTrue(Target("", 2, 2, True).is_met)
        self.assertFalse(Target("", 1.9, 2, True).is_met)

    def test_targets_are_ratios_within_one_run(self):
        few = {"exporter": row(6, 1, 900), "bare call": row(8), "Debian's exporter": row(4, 4, 1000)}
        many = {"exporter": row(30), "bare call": row(48)}
        reached = targets(few, many, 60, 240, {"exporter": 30, "Debian's exporter": 10})
        self.assertEqual([target.value for target in reached], [0.75, 0.25, 0.9, 1.25, 3])
        self.assertEqual([target.is_met for target in reached], [True, False, True, False, True])
        self.assertIn("MISSED", verdict(reached[1]))
        self.assertIn("the bare call's: 1.50", verdict(reached[3]))

    def test_the_table_has_a_line_for_each_contender_and_its_ratio(self):
        lines = table({"bare call": row(8), "collectd": Figures(None, None, None, 1, 1, 1, 1, 1), "exporter": row(4)})
        self.assertEqual(len(lines), 4)
        self.assertIn(" 0.50", lines[3])
        self.assertIn(" - ", lines[2])

    def test_the_report_says_whether_targets_are_met(self):
        found = report({60: {"exporter": row()}}, {"exporter": 1}, [Target("a", 1, 2)])
        self.assertEqual(found["guests"]["60"]["exporter"]["p50"], 10.0)
        self.assertTrue(found["targets"][0]["is_met"])
