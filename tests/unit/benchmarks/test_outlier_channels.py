import numpy as np
from benchmarks.accuracy.outlier_channels import outlier_channels


def test_channels_that_stand_out_are_brought_to_where_the_others_are() -> None:
    largest = np.ones(384, np.float32)
    largest[[5, 99, 300]] = [3, 30, 1.5]

    found = outlier_channels({"plain": np.ones(384, np.float32), "hidden_1": largest})

    assert found == {"plain": {}, "hidden_1": {5: 2, 99: 16}}


def test_of_many_channels_the_farthest_are_taken() -> None:
    largest = np.ones(1_536, np.float32)
    largest[:20] = np.arange(10, 30)

    found = outlier_channels({"layer_3_active": largest})

    assert list(found["layer_3_active"]) == list(range(8, 20))
