"""The report's charts, as Plotly figures written out: https://plotly.com/javascript/reference/.

Colours are names that begin with `$`; the page puts its own in their place, for light and dark alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lowpass.imputation.accuracy import SampleAccuracy
from sluice_local.demo.jobs import ApiFigures, JobRow, Stage

Figure = dict[str, Any]

_ROW_PIXELS = 24
_HEIGHT_MIN, _HEIGHT_MAX = 220, 1100
_LABELLED_ROWS_MAX = 45
_JOB_TITLE = "%{customdata[0]} · %{customdata[1]}"


def timeline(jobs: Sequence[JobRow], samples: Sequence[str], *, started_at_ms: int) -> Figure:
    """Draw every job on its sample's row: when it waited in the queue, and when it ran.

    Args:
        jobs: all that were submitted.
        samples: the rows, the first one at the top.
        started_at_ms: zero of the time axis, milliseconds since the epoch.
    """
    row_of = {sample: row for row, sample in enumerate(samples)}
    waited = [job for job in jobs if job.started_at_ms is not None]
    ran = [job for job in waited if job.stopped_at_ms is not None]
    traces = [_waiting_trace(waited, row_of, started_at_ms)]
    for stage in Stage:
        of_stage = [job for job in ran if job.stage is stage and job.status != "FAILED"]
        traces.append(_running_trace(stage, of_stage, row_of, started_at_ms))
    failed = [job for job in ran if job.status == "FAILED"]
    if failed:
        traces.append(_running_trace("failed", failed, row_of, started_at_ms))
    return {"data": traces, "layout": _timeline_layout(samples)}


def _waiting_trace(jobs: Sequence[JobRow], row_of: Mapping[str, int], zero_ms: int) -> Figure:
    return {
        **_bars("waiting in the queue", jobs, row_of),
        "base": [_since(job.created_at_ms, zero_ms) for job in jobs],
        "x": [job.waited_seconds for job in jobs],
        "width": 0.3,
        "hovertemplate": f"{_JOB_TITLE}<br>waited %{{customdata[2]:.1f}} s<extra></extra>",
    }


def _running_trace(name: str, jobs: Sequence[JobRow], row_of: Mapping[str, int], zero_ms: int) -> Figure:
    return {
        **_bars(name, jobs, row_of),
        "base": [_since(job.started_at_ms, zero_ms) for job in jobs],
        "x": [job.ran_seconds for job in jobs],
        "width": 0.8,
        "hovertemplate": (
            f"{_JOB_TITLE}<br>ran %{{customdata[3]:.1f}} s after waiting %{{customdata[2]:.1f}} s"
            "<br>exit code %{customdata[4]}<extra></extra>"
        ),
    }


def _bars(name: str, jobs: Sequence[JobRow], row_of: Mapping[str, int]) -> Figure:
    colour = name.partition(" ")[0]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": [row_of[job.sample] for job in jobs],
        "customdata": [
            [job.sample, job.stage, job.waited_seconds, job.ran_seconds, job.exit_code] for job in jobs
        ],
        "marker": {"color": f"${colour}"},
    }


def _since(time_ms: int | None, zero_ms: int) -> float:
    assert time_ms is not None  # jobs without this time are in no trace
    return (time_ms - zero_ms) / 1000


def _timeline_layout(samples: Sequence[str]) -> Figure:
    rows: Figure = {"range": [len(samples) - 0.5, -0.5], "showgrid": False}
    if len(samples) <= _LABELLED_ROWS_MAX:
        rows |= {"tickvals": list(range(len(samples))), "ticktext": list(samples)}
    else:
        rows |= {"showticklabels": False, "title": {"text": f"{len(samples):,} samples, one row each"}}
    height = min(max(_ROW_PIXELS * len(samples) + 100, _HEIGHT_MIN), _HEIGHT_MAX)
    return {
        "height": height,
        "barmode": "overlay",
        "xaxis": {"title": {"text": "seconds since the workflows were started"}, "rangemode": "tozero"},
        "yaxis": rows,
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }


def submit_rate(submit: ApiFigures, *, quota_per_second: float, started_at_ms: int) -> Figure:
    """Draw the SubmitJob calls of each second, those answered with 429 above them, and the quota."""
    series = submit.series()
    seconds = [second - started_at_ms // 1000 for second, _, _ in series]
    traces = [
        _rate_trace("accepted", seconds, [accepted for _, accepted, _ in series]),
        _rate_trace("answered with 429", seconds, [throttled for _, _, throttled in series]),
    ]
    quota = {
        "type": "scatter",
        "mode": "lines",
        "name": f"quota: {quota_per_second:g} a second",
        "x": [0, max(seconds, default=0) + 1],
        "y": [quota_per_second] * 2,
        "line": {"color": "$failed", "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
    }
    return {"data": [*traces, quota], "layout": _rate_layout()}


def _rate_trace(name: str, seconds: Sequence[int], counts: Sequence[int]) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": seconds,
        "y": counts,
        "width": 0.9,
        "marker": {"color": "$align" if name == "accepted" else "$failed"},
        "hovertemplate": "second %{x}: %{y} " + name + "<extra></extra>",
    }


def _rate_layout() -> Figure:
    return {
        "height": 300,
        "barmode": "stack",
        "xaxis": {"title": {"text": "seconds since the workflows were started"}},
        "yaxis": {"title": {"text": "SubmitJob calls a second"}, "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }


def accuracy_by_frequency(samples: Iterable[SampleAccuracy], mean: SampleAccuracy) -> Figure:
    """Draw r2 by minor-allele frequency: the spread over the samples, and their mean."""
    names = [_bin_name(one.lower, one.upper) for one in mean.bins]
    points = [
        (name, one.r2)
        for sample in samples
        for name, one in zip(names, sample.bins, strict=True)
        if one.r2 is not None
    ]
    spread = {
        "type": "box",
        "name": "samples",
        "x": [name for name, _ in points],
        "y": [r2 for _, r2 in points],
        "line": {"color": "$impute", "width": 1},
        "fillcolor": "$band",
        "marker": {"size": 3},
        "boxpoints": "outliers",
        "hoverinfo": "y",
    }
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "mean",
        "x": names,
        "y": [one.r2 for one in mean.bins],
        "customdata": [one.sites for one in mean.bins],
        "line": {"color": "$align", "width": 2.5},
        "marker": {"size": 8},
        "hovertemplate": "mean r² %{y:.3f} at %{customdata:,} sites<extra></extra>",
    }
    return {"data": [spread, line], "layout": _accuracy_layout(names)}


def _bin_name(lower: float, upper: float) -> str:
    return f"{lower * 100:g} to {upper * 100:g} %"


def _accuracy_layout(names: Sequence[str]) -> Figure:
    return {
        "height": 360,
        "xaxis": {
            "title": {"text": "minor-allele frequency in the panel"},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": list(names),
        },
        "yaxis": {"title": {"text": "r² of dosage and true genotype"}, "range": [0, 1.02]},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }
