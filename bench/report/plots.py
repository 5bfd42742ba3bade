"""The reports' charts, as Plotly figures written out: https://plotly.com/javascript/reference/.

Colours are names that begin with `$`; the page puts its own in their place, for light and dark alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sluice_local.observing import ApiCalls
from sluice_pages.page import Figure

_COLOURS = ("$align", "$likelihoods", "$impute", "$failed", "$soft", "$waiting")
_SINCE = "seconds since the cohort was handed over"


def rate_panel(submitted: Sequence[Sequence[int]], quota_per_second: float) -> Figure:
    """Draw one contender's SubmitJob calls: (second, accepted, answered with 429), and the quota."""
    per_second = {second: (accepted, throttled) for second, accepted, throttled in submitted}
    throttled = sum(each for _, each in per_second.values())
    calls = ApiCalls(throttled + sum(each for each, _ in per_second.values()), throttled, per_second)
    return submit_rate(calls, quota_per_second=quota_per_second)


def submit_rate(submit: ApiCalls, *, quota_per_second: float) -> Figure:
    """Draw the SubmitJob calls of each second, those answered with 429 above them, and the quota."""
    series = submit.series()
    seconds = [second for second, _, _ in series]
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
        "xaxis": {"title": {"text": _SINCE}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "SubmitJob calls a second"}, "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }


def throttled_over_time(series: Mapping[str, Sequence[Sequence[int]]]) -> Figure:
    """Draw how many 429s each contender had got by each second, by (second, answers)."""
    traces = []
    for number, (name, counts) in enumerate(series.items()):
        sums = _running_sums(counts)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": [second for second, _ in sums],
                "y": [total for _, total in sums],
                "line": {"color": _colour(number), "width": 2, "shape": "hv"},
            }
        )
    layout = {**_layout("answers with HTTP 429 so far"), "xaxis": {"title": {"text": _SINCE}}}
    return {"data": traces, "layout": layout}


def _running_sums(counts: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    sums, total = [(0, 0)], 0
    for second, count in counts:
        total += count
        sums.append((second, total))
    return sums


def bars(values: Mapping[str, float | None], axis: str, *, line_at: float | None = None) -> Figure:
    """Draw one bar a contender, and a dashed line across if there is something to compare with."""
    bar = {
        "type": "bar",
        "x": list(values),
        "y": list(values.values()),
        "marker": {"color": [_colour(number) for number in range(len(values))]},
        "texttemplate": "%{y:.3~g}",
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{x}: %{y:.4~g}<extra></extra>",
    }
    layout = {**_layout(axis), "showlegend": False, "xaxis": {"type": "category"}}
    return {"data": [bar] if line_at is None else [bar, _across(values, line_at)], "layout": layout}


def _across(names: Iterable[str], at: float) -> dict[str, Any]:
    names = list(names)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": names,
        "y": [at] * len(names),
        "line": {"color": "$failed", "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
    }


def growth_line(samples: Sequence[int], values: Sequence[float | None], axis: str) -> Figure:
    """Draw one figure against the size of the cohort."""
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(samples),
        "y": list(values),
        "line": {"color": "$align", "width": 2.5},
        "marker": {"size": 8},
        "hovertemplate": "%{x} samples: %{y:.4~g}<extra></extra>",
    }
    layout = {**_layout(axis), "xaxis": {"title": {"text": "samples"}, "rangemode": "tozero"}}
    return {"data": [line], "layout": layout}


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _layout(axis: str) -> dict[str, Any]:
    return {
        "height": 320,
        "yaxis": {"title": {"text": axis}, "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    }
