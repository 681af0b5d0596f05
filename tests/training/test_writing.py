import pytest

from training.writing import write_whole


def test_what_stood_there_is_replaced(tmp_path):
    place = tmp_path / "cohort.csv"
    for text in ("old", "new"):
        write_whole(place, text)
        assert place.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [place]


def test_what_breaks_off_leaves_what_stood_there(tmp_path):
    place = tmp_path / "cohort.csv"
    write_whole(place, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(place, "new \ud800")  # half a character, found when it is written
    assert place.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_device_is_written_to(tmp_path):
    write_whole(type(tmp_path)("/dev/null"), "text")
    assert not type(tmp_path)("/dev/null").is_file()


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "cohort.csv", "text")
