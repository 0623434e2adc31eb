import numpy as np
import pytest

from augury.testing import ContractBroken, assert_streams, garch_bars, streaming_suite

BARS = garch_bars(150, seed=1)


def _broken_rules(feature):
    broken = []
    for check in streaming_suite(feature, BARS):
        try:
            check()
        except ContractBroken:
            broken.append(check.name)
    return broken


def test_a_correct_stream_passes(mean_feature):
    assert_streams(mean_feature, BARS)


def test_a_last_digit_of_difference_is_found_and_located(broken_mean, mean_stream):
    def update(self, opened_at, bar):
        row = mean_stream.update(self, opened_at, bar)
        row[0] = np.nextafter(row[0], np.inf)
        return row

    with pytest.raises(ContractBroken, match="'hand_made_mean' at bar 4"):
        assert_streams(broken_mean({"update": update}), BARS)


def test_a_snapshot_that_forgets_part_of_the_state_is_found(broken_mean, mean_stream):
    def restore(self, snapshot):
        mean_stream.restore(self, snapshot)
        self.closes = self.closes[1:]

    assert "snapshot_continues" in _broken_rules(broken_mean({"restore": restore}))


def test_a_snapshot_that_changes_the_stream_is_found(broken_mean, mean_stream):
    def snapshot(self):
        saved = mean_stream.snapshot(self)
        self.closes = [*self.closes, 1.0][-5:]
        return saved

    assert "snapshot_continues" in _broken_rules(broken_mean({"snapshot": snapshot}))


def test_restoring_whatever_comes_is_found(broken_mean, mean_stream):
    def restore(self, snapshot):
        body = snapshot[len(self.header) + 32 :]
        self.closes = np.frombuffer(body[: len(body) // 8 * 8], dtype="<f8").tolist()[:5]

    assert {"foreign_snapshot_refused", "damaged_snapshot_refused"} <= set(
        _broken_rules(broken_mean({"restore": restore}))
    )


def test_another_error_than_invalid_input_is_found(broken_mean, mean_stream):
    def restore(self, snapshot):
        if not snapshot.startswith(self.header):
            raise KeyError("header")
        mean_stream.restore(self, snapshot)

    assert "foreign_snapshot_refused" in _broken_rules(broken_mean({"restore": restore}))


def test_a_refusal_that_loses_the_state_is_found(broken_mean, mean_stream):
    def restore(self, snapshot):
        self.closes = []
        mean_stream.restore(self, snapshot)

    assert "damaged_snapshot_refused" in _broken_rules(broken_mean({"restore": restore}))


def test_keeping_the_bar_it_was_given_is_found(broken_mean, mean_stream):
    def update(self, opened_at, bar):
        self.bars = [*getattr(self, "bars", []), bar][-5:]
        if len(self.bars) == 5:
            mean_stream.update(self, opened_at, self.bars[0])
        self.closes = [float(kept[3]) for kept in self.bars]
        return mean_stream.update(self, opened_at, bar)

    assert "stream_equals_batch" in _broken_rules(broken_mean({"update": update}))


def test_changing_the_bar_it_was_given_is_found(broken_mean, mean_stream):
    def update(self, opened_at, bar):
        row = mean_stream.update(self, opened_at, bar)
        bar[0] = 0.0
        return row

    assert "bar_and_row_not_shared" in _broken_rules(broken_mean({"update": update}))


def test_handing_out_its_own_row_is_found(broken_mean, mean_stream):
    def update(self, opened_at, bar):
        row = mean_stream.update(self, opened_at, bar)
        own = getattr(self, "own", None)
        if own is None:
            self.own = own = row
        elif own[0] != -12345.0:
            own[:] = row
        return own

    assert "bar_and_row_not_shared" in _broken_rules(broken_mean({"update": update}))


def test_state_shared_between_streams_is_found(broken_mean, mean_stream):
    shared = []

    def update(self, opened_at, bar):
        if len(self.closes) > 3:
            shared.append(float(bar[3]))
            self.closes = shared[-5:]
        return mean_stream.update(self, opened_at, bar)

    assert "streams_share_nothing" in _broken_rules(broken_mean({"update": update}))


def test_a_tail_that_is_not_the_end_of_the_batch_is_found(mean_feature, broken_mean):
    def tail(opened_at, bars, count):
        return mean_feature.batch(opened_at[-count:], bars[:, -count:])

    assert _broken_rules(broken_mean(tail=tail)) == ["tail_equals_end_of_batch"]
