"""Progress bars on stderr, with rate and time left; silent where stderr is no terminal."""

from tqdm import tqdm

tqdm.monitor_interval = 0  # no thread of its own


class ProgressBar:
    """A bar of which every report gives the whole state: label, done and total."""

    def __init__(self, unit: str, scaled: bool = False) -> None:
        """`unit` is what is counted; `scaled` writes 55,000,000 of them as 55.0M."""
        self._bar = tqdm(unit=unit, unit_scale=scaled, disable=None, dynamic_ncols=True)

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, label: str, done: int, total: int | None) -> None:
        """Show the state; tqdm draws at most ten a second."""
        bar = self._bar
        bar.set_description_str(label, refresh=False)
        again = done < bar.n  # another source starts at zero
        if again:
            bar.reset()
        bar.total = total
        bar.update(done - bar.n)
        if again:
            bar.refresh()
