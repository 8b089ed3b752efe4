"""What a section of the page is made of: rows of values, one for each round, and whether they meet their target."""

import statistics
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of


@dataclass
class Row:
    """One comparison: values of ours and of theirs, in the order of the rounds; no theirs, and `note` says why."""

    what: str
    ours: list
    theirs: list = field(default_factory=list)
    at_most: float = None
    at_least: float = None
    note: str = ""
    # Ours is compared with theirs by how much more it is, not by how many times.
    subtract: bool = False

    def compare(self, ours, theirs):
        return ours - theirs if self.subtract else ours / theirs

    def ratios(self):
        return [self.compare(a, b) for a, b in zip(self.ours, self.theirs)]

    def ratio(self):
        return self.compare(statistics.median(self.ours), statistics.median(self.theirs))

    def met(self):
        """None where there is no target, or nothing to compare with."""
        if not self.theirs or (self.at_most is None and self.at_least is None):
            return None
        return self.ratio() <= self.at_most if self.at_most is not None else self.ratio() >= self.at_least


@dataclass
class Section:
    """A table of the page with what it says above it."""

    title: str
    method: str
    heads: tuple  # of the columns: what, ours, theirs, ratio
    rows: list
    versions: dict = field(default_factory=dict)

    def to_json(self):
        return asdict(self)

    @staticmethod
    def from_json(data):
        return Section(**{**data, "rows": [Row(**row) for row in data["rows"]]})

    def markdown(self):
        lines = [f"| {' | '.join(self.heads)} | target | met | |", "|---" * 7 + "|"]
        for row in self.rows:
            ratio = spread(row.ratio(), row.ratios()) if row.theirs else "-"
            theirs = median(row.theirs) if row.theirs else "-"
            met = {True: "yes", False: "**no**", None: "-"}[row.met()]
            target = f"at most {digits(row.at_most)}" if row.at_most is not None else "-"
            target = f"at least {digits(row.at_least)}" if row.at_least is not None else target
            ours = median(row.ours) if row.ours else "-"
            lines.append(f"| {row.what} | {ours} | {theirs} | {ratio} | {target} | {met} | {row.note} |")
        return "\n".join(lines)


def digits(value):
    """Three of them."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def spread(middle, values):
    first, _, third = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else 3 * values
    return f"{digits(middle)} ({digits(first)} to {digits(third)})"


def median(values):
    return spread(statistics.median(values), values)


def version(package):
    """None where it is not installed."""
    try:
        return version_of(package)
    except PackageNotFoundError:
        return None


def missing(package):
    """What a row says of a peer that is not here."""
    return f"{package} is not installed"
