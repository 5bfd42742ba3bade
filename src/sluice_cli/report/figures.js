// The report's charts as Plotly figures: https://plotly.com/javascript/reference/
const figures = (() => {
  const { data, waits, known, quantile } = cohort;
  const palette = ["$align", "$likelihoods", "$impute", "$fourth", "$fifth", "$sixth"];
  const colourOf = (name) => palette[cohort.jobNames.indexOf(name) % palette.length];
  const legend = { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 };
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");

  // The unit in which a span reads best.
  const unitOf = (ms) =>
    ms < 600e3 ? { ms: 1e3, name: "seconds", short: "s" } :
    ms < 300 * 60e3 ? { ms: 60e3, name: "minutes", short: "min" } :
    { ms: 3600e3, name: "hours", short: "h" };
  const clock = unitOf(cohort.endMs);
  const since = { title: { text: `${clock.name} since the first start` }, rangemode: "tozero" };

  const oneDigit = new Intl.NumberFormat("en", { maximumFractionDigits: 1 }); // made once: toLocaleString makes one a call
  const span = (ms) => {
    if (ms === null) return "–";
    const unit = unitOf(ms);
    return `${oneDigit.format(ms / unit.ms)} ${unit.short}`;
  };

  // Red crosses, however short what failed was; those of what was run anew are fainter.
  const crosses = (name, marks, opacity) => ({
    type: "scatter", mode: "markers", name, x: marks.map((mark) => mark.at / clock.ms), y: marks.map((mark) => mark.row),
    text: marks.map((mark) => mark.text), hovertemplate: "%{text}<extra></extra>", opacity,
    marker: { symbol: "x", size: 8, color: "$failed", line: { width: 0 } }, line: { width: 1 }, meta: { fixed: true },
  });

  const marksOf = (chosen, rowOf) => {
    const ofJobs = chosen.jobs.filter((job) => job.error).map((job) =>
      ({ at: job.stopped ?? job.started ?? job.submitted ?? job.taken, row: rowOf.get(job.sample), text: told(job), superseded: job.superseded }));
    const ofSamples = chosen.samples.filter((sample) => cohort.hasFailed(sample) && !cohort.blamed(sample)).map((sample) =>
      ({ at: sample.stopped ?? sample.started, row: rowOf.get(sample), text: `${plain(sample.name)}<br>${plain(sample.error ?? sample.status)}: ${wrapped(sample.reason ?? "")}` }));
    return [...ofJobs, ...ofSamples];
  };

  // What was said may be long; a label that is wider than the window cannot be read.
  const wrapped = (text) => plain(text).replace(/(.{60}\S*)\s/g, "$1<br>");

  const told = (job) => (job.told ??= tell(job));
  const tell = (job) => {
    const again = (job.attempts ?? 1) > 1 ? `, ${job.attempts} attempts` : "";
    const children = job.array ? `, an array of ${job.array.size}` : "";
    const failed = job.error ? `<br>${plain(job.error)}: ${wrapped(job.reason ?? "")}` : "";
    return `${plain(job.sample.name)} · ${plain(job.name)}${children}${again}<br>ready to submitted ${span(waits.queue.of(job))}, ` +
      `in Batch ${span(waits.runnable.of(job))}, ran ${span(waits.running.of(job))}${failed}`;
  };

  // One path for all segments of a kind: thousands of jobs are a handful of lines to draw.
  const segments = (name, colour, jobs, { from, to, rowOf, thin, opacity = 1 }) => {
    const x = [], y = [], text = [];
    for (const job of jobs) {
      const begin = from(job), end = to(job);
      if (begin === null || end === null) continue;
      const row = rowOf.get(job.sample), words = told(job);
      x.push(begin / clock.ms, end / clock.ms, null);
      y.push(row, row, null);
      text.push(words, words, null);
    }
    return {
      type: "scatter", mode: "lines", name, x, y, text, hovertemplate: "%{text}<extra></extra>",
      line: { color: colour, width: 1, simplify: false }, connectgaps: false, meta: { thin }, opacity, legendgroup: name, showlegend: false,
    };
  };

  // What stands in the legend for a trace whose own lines may be thinner than a pixel.
  const legendOf = ({ name, line, opacity }) => ({
    type: "scatter", mode: "lines", name, x: [null], y: [null], line: { color: line.color, width: 5 }, legendgroup: name, opacity, meta: { fixed: true },
  });
  const EARLIER = "earlier attempts", FAINT = 0.4;

  // Runs that were repeated: of Batch's earlier attempts at a job, of earlier tries and of earlier attempts at the sample.
  const earlierRuns = (jobs, name, rowOf) => {
    const spans = jobs.filter((job) => job.name === name).flatMap((job) => [
      ...(job.earlier ?? []).map(([from, to]) => ({ job, from, to })),
      ...(job.superseded ? [{ job, from: job.started, to: job.stopped }] : []),
    ]).map(({ job, from, to }) => ({ sample: job.sample, told: told(job), from, to }));
    return segments(EARLIER, colourOf(name), spans, { from: (it) => it.from, to: (it) => it.to, rowOf, opacity: FAINT });
  };

  const timeline = (chosen, order) => {
    const rows = [...chosen.samples].sort(order);
    const rowOf = new Map(rows.map((sample, row) => [sample, row]));
    const ran = (job) => job.stopped ?? (job.started === null ? null : data.seenMs);
    const begun = (job) => job.started ?? (job.stopped === null && job.runnable !== null ? data.seenMs : job.stopped);
    const lasting = chosen.jobs.filter((job) => !job.superseded);
    const good = lasting.filter((job) => !job.error), marks = marksOf(chosen, rowOf);
    const traces = [
      segments("ready, not yet submitted", "$soft", chosen.jobs, { from: (job) => job.ready, to: (job) => job.submitted, rowOf, thin: true }),
      segments("in Batch, not yet running", "$waiting", chosen.jobs, { from: (job) => job.runnable, to: begun, rowOf, thin: true }),
      ...cohort.jobNames.map((name) => segments(name, colourOf(name), good.filter((job) => job.name === name), { from: (job) => job.started, to: ran, rowOf })),
      segments("failed", "$failed", lasting.filter((job) => job.error), { from: (job) => job.started ?? job.stopped, to: (job) => job.stopped, rowOf }),
      ...cohort.jobNames.map((name) => earlierRuns(chosen.jobs, name, rowOf)),
    ].filter((trace) => trace.x.length);
    const named = new Map(traces.filter((trace) => trace.name !== "failed").map((trace) => [trace.name, trace]).reverse());
    const failed = [crosses("failed", marks.filter((mark) => !mark.superseded), 1), crosses("failed, run anew", marks.filter((mark) => mark.superseded), 0.6)];
    const height = Math.min(Math.max(24 * rows.length + 120, 240), 1000);
    return {
      rows: rows.map((sample) => sample.name),
      data: [...traces, ...failed.filter((trace) => trace.x.length), ...[...named.values()].reverse().map(legendOf)],
      layout: {
        height, legend, xaxis: since, hovermode: "closest", dragmode: "zoom",
        margin: { l: 60, r: 48, t: 40, b: 50 }, // the buttons stand on the right, beside the legend
        yaxis: { range: [Math.max(rows.length, 1) - 0.5, -0.5], showgrid: false },
      },
    };
  };

  // How many jobs are where, at the middle of each of 400 equal spans of time.
  const overTime = (chosen) => {
    const bins = 400, width = cohort.endMs / bins;
    const count = (from, to) => {
      const changes = new Array(bins + 1).fill(0);
      for (const job of chosen.jobs) {
        const begin = from(job), end = to(job);
        if (begin === null) continue;
        const bin = (ms) => Math.min(bins, Math.max(0, Math.ceil(ms / width - 0.5)));
        changes[bin(begin)] += 1;
        if (end !== null) changes[bin(end)] -= 1;
      }
      let present = 0;
      return changes.slice(0, bins).map((change) => (present += change));
    };
    const x = Array.from({ length: bins }, (_, bin) => ((bin + 0.5) * width) / clock.ms);
    const area = (name, colour, y) => ({
      type: "scatter", mode: "lines", name, x, y, stackgroup: "jobs", line: { width: 0, shape: "hv", color: colour },
      fillcolor: colour, hovertemplate: `%{y} ${name}<extra></extra>`,
    });
    return {
      data: [
        area("running", "$align", count((job) => job.started, (job) => job.stopped)),
        area("in Batch, not yet running", "$waiting", count((job) => job.runnable, (job) => job.started ?? job.stopped)),
        area("ready, not yet submitted", "$soft", count((job) => job.ready, (job) => job.submitted ?? job.stopped)),
      ],
      layout: { height: 260, legend, xaxis: since, yaxis: { title: { text: "jobs" }, rangemode: "tozero" }, hovermode: "x unified" },
    };
  };

  // A line for each twentieth of the time.
  const overTimeTable = (chosen) => {
    const [running, inBatch, ready] = overTime(chosen).data;
    return running.x.filter((_, bin) => bin % 20 === 0).map((at, line) =>
      [`${oneDigit.format(at)} ${clock.short}`, running.y[line * 20], inBatch.y[line * 20], ready.y[line * 20]]);
  };

  const waitValues = (chosen, wait, name) =>
    known(chosen.jobs.filter((job) => job.name === name).map(waits[wait].of)).sort((a, b) => a - b);

  const waitBoxes = (chosen, wait) => {
    const longest = Math.max(...known(chosen.jobs.map(waits[wait].of)), 1);
    const unit = unitOf(longest);
    const boxes = cohort.jobNames.map((name) => ({
      type: "box", name, x: waitValues(chosen, wait, name).map((ms) => ms / unit.ms), orientation: "h",
      line: { color: colourOf(name), width: 1.5 }, marker: { size: 3, color: colourOf(name) }, boxpoints: "outliers", hoverinfo: "x",
    }));
    return {
      data: boxes,
      layout: {
        height: 110 + 44 * boxes.length, showlegend: false, margin: { l: 20, r: 20, t: 36, b: 46 },
        title: { text: waits[wait].title, font: { size: 14 }, x: 0.02 },
        xaxis: { title: { text: unit.name }, rangemode: "tozero" }, yaxis: { autorange: "reversed" },
      },
    };
  };

  const waitTable = (chosen) =>
    Object.keys(waits).flatMap((wait) => cohort.jobNames.map((name) => {
      const values = waitValues(chosen, wait, name);
      const at = (share) => span(quantile(values, share));
      return [`${name}: ${waits[wait].title}`, values.length, at(0), at(0.5), at(0.9), at(0.99), at(1)];
    }));

  const binSeconds = [1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600].find((each) => cohort.endMs / 1000 / each <= 400) ?? 7200;

  const across = (name, y, colour) => ({
    type: "scatter", mode: "lines", name, x: [0, cohort.endMs / clock.ms], y: [y, y],
    line: { color: colour, width: 1.5, dash: "dash" }, hoverinfo: "skip",
  });

  const rate = () => {
    const counts = [...cohort.submitBins(cohort.jobs, binSeconds * 1000)].sort(([a], [b]) => a - b);
    const width = (binSeconds * 1000) / clock.ms;
    const submitted = {
      type: "bar", name: "jobs submitted", x: counts.map(([bin]) => (bin + 0.5) * width), y: counts.map(([, count]) => count / binSeconds),
      width, marker: { color: "$align", line: { width: 0 } }, hovertemplate: "%{y:.1f} a second<extra></extra>",
    };
    const periodMs = data.throttled?.periodMs;
    const told429 = data.throttled?.total ? [{
      type: "bar", name: `answers with 429 (mean over ${span(periodMs)})`, width: periodMs / clock.ms, marker: { color: "$failed" },
      x: data.throttled.perPeriod.map(([ms]) => (ms + periodMs / 2) / clock.ms), y: data.throttled.perPeriod.map(([, count]) => count / (periodMs / 1000)),
      hovertemplate: "%{y:.2f} a second<extra></extra>",
    }] : [];
    const lines = [across(`quota: ${data.quotaPerSecond} a second`, data.quotaPerSecond, "$failed")];
    if (data.ratePerSecond) lines.push(across(`the stack's own rate: ${data.ratePerSecond}`, data.ratePerSecond, "$soft"));
    return {
      data: [submitted, ...told429, ...lines],
      layout: {
        height: 300, legend, barmode: "overlay", bargap: 0, xaxis: since,
        yaxis: { title: { text: binSeconds === 1 ? "in each second" : `a second, mean over ${binSeconds} s` }, rangemode: "tozero" },
      },
    };
  };

  const costs = (chosen) => ({
    data: [{
      type: "histogram", x: chosen.samples.map((sample) => cohort.costOf(1, sample.jobs).total), marker: { color: "$impute" }, nbinsx: 40,
      hovertemplate: "%{y} samples at USD %{x}<extra></extra>",
    }],
    layout: { height: 240, bargap: 0.04, xaxis: { title: { text: "USD a sample" }, rangemode: "tozero" }, yaxis: { title: { text: "samples" } } },
  });

  const binName = ([lower, upper]) => `${+(lower * 100).toFixed(1)} to ${+(upper * 100).toFixed(1)} %`;

  const measured = (chosen) => chosen.samples.map((sample) => data.accuracy[sample.name]).filter(Boolean);

  const accuracyRows = (chosen) => {
    const all = measured(chosen);
    return (all[0]?.bins ?? []).map((bin, index) => {
      const values = known(all.map((each) => each.bins[index]?.[2] ?? null)).sort((a, b) => a - b);
      return { name: binName(bin), values, mean: values.length ? cohort.sum(values) / values.length : null };
    });
  };

  const accuracy = (chosen) => {
    const rows = accuracyRows(chosen);
    const spread = {
      type: "box", name: "samples", x: rows.flatMap((row) => row.values.map(() => row.name)), y: rows.flatMap((row) => row.values),
      line: { color: "$impute", width: 1 }, fillcolor: "$band", marker: { size: 3 }, boxpoints: "outliers", hoverinfo: "y",
    };
    const mean = {
      type: "scatter", mode: "lines+markers", name: "mean", x: rows.map((row) => row.name), y: rows.map((row) => row.mean),
      line: { color: "$align", width: 2.5 }, marker: { size: 8 }, hovertemplate: "mean r² %{y:.3f}<extra></extra>",
    };
    return {
      data: [spread, mean],
      layout: {
        height: 340, legend, xaxis: { title: { text: "minor-allele frequency in the panel" }, type: "category" },
        yaxis: { title: { text: "r² of dosage and true genotype" }, range: [0, 1.02] },
      },
    };
  };

  const depth = (chosen) => {
    const all = chosen.samples.filter((sample) => data.accuracy[sample.name]?.depth != null);
    return {
      data: [{
        type: "scatter", mode: "markers", x: all.map((sample) => data.accuracy[sample.name].depth), y: all.map((sample) => data.accuracy[sample.name].common),
        text: all.map((sample) => plain(sample.name)), marker: { color: "$align", size: 6, opacity: 0.7 }, hovertemplate: "%{text}: depth %{x:.2f}, r² %{y:.3f}<extra></extra>",
      }],
      layout: { height: 300, xaxis: { title: { text: "mean depth at the panel's sites" }, rangemode: "tozero" }, yaxis: { title: { text: "r² at allele frequencies above 5 %" } } },
    };
  };

  return { timeline, overTime, overTimeTable, waitBoxes, waitTable, rate, costs, accuracy, accuracyRows, depth, measured, span, binSeconds };
})();
