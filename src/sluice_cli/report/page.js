// Puts the report together, and again whenever a filter, an order, a price or the colours change.
(() => {
  const { element, number, usd, fill, lazy, tile } = tables;
  const { data, sum } = cohort;
  const by = (id) => document.getElementById(id);
  const MOST_ROWS = 50;
  const orders = {
    start: (a, b) => a.started - b.started || a.index - b.index,
    end: (a, b) => (a.stopped ?? Infinity) - (b.stopped ?? Infinity),
    longest: (a, b) => took(b) - took(a),
    name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  };
  const took = (sample) => (sample.stopped ?? data.seenMs) - sample.started;
  let chosen = cohort.select({ text: "", status: "", error: "", job: "" });
  let page = 0;

  const options = (id, values) => by(id).append(...values.map((value) => element("option", value, { value })));
  options("status", [...new Set(cohort.samples.map((sample) => sample.status))].sort());
  options("error", [...new Set(cohort.samples.flatMap((sample) => [...cohort.errorsOf(sample)]))].sort());
  options("job", cohort.jobNames);

  const tiles = () => {
    const { samples, jobs } = chosen;
    const with_ = (status) => samples.filter((sample) => sample.status === status).length;
    const succeeded = with_("SUCCEEDED"), running = with_("RUNNING"), failed = samples.length - succeeded - running;
    const busiest = Math.max(0, ...cohort.submitBins(cohort.jobs, 1000).values());
    const again = cohort.retries(jobs), cost = cohort.costOf(samples.length, jobs);
    const ended = samples.filter((sample) => sample.stopped !== null);
    const waited = cohort.known(jobs.map(cohort.waits.queue.of)).sort((a, b) => a - b);
    const whole = running || !ended.length ? null : Math.max(...ended.map((s) => s.stopped)) - Math.min(...samples.map((s) => s.started));
    const throttled = data.throttled, isCounted = throttled?.isWhole, none = throttled ? "not yet counted" : "not counted";
    by("tiles").replaceChildren(
      tile(number(succeeded), "samples succeeded", failed ? "" : "good", number(samples.length)),
      tile(number(failed), "samples failed", failed ? "bad" : "good"),
      ...(running ? [tile(number(running), "samples still running")] : []),
      tile(number(jobs.length), "Batch jobs"),
      tile(number(again), "tries beyond the first", again ? "" : "good"),
      tile(isCounted ? number(throttled.total) : none, "answers with HTTP 429, whole stack", throttled?.total ? "bad" : isCounted ? "good" : ""),
      tile(number(busiest), "submitted in the busiest second, and the quota", busiest > data.quotaPerSecond ? "bad" : "", number(data.quotaPerSecond)),
      tile(figures.span(cohort.quantile(waited, 0.5)), "from ready to submitted, median"),
      tile(figures.span(whole), "from the first start to the last end"),
      tile(samples.length ? usd(cost.total / samples.length) : "–", "a sample, at the prices below"),
    );
  };

  // Lines grow with the zoom; names of samples stand beside their rows where there is room for them.
  const fitted = (figure, range) => {
    const [low, high] = [Math.min(...range), Math.max(...range)];
    const shown = figure.rows.map((name, row) => [row, name]).filter(([row]) => row >= low && row <= high);
    const width = Math.min(14, Math.max(0.7, (0.75 * (figure.layout.height - 90)) / Math.max(1, high - low)));
    const labelled = shown.length <= 60;
    return {
      widths: figure.data.map(({ meta, line }) => (meta.fixed ? line.width : meta.thin ? Math.max(0.5, width * 0.35) : width)),
      axis: {
        showticklabels: labelled, title: { text: labelled ? "" : `${number(shown.length)} samples, one row each` },
        tickvals: labelled ? shown.map(([row]) => row) : [], ticktext: labelled ? shown.map(([, name]) => name) : [],
      },
    };
  };

  const timeline = () => {
    const figure = figures.timeline(chosen, orders[by("order").value]), whole = [...figure.layout.yaxis.range];
    const first = fitted(figure, whole);
    figure.data.forEach((trace, index) => { trace.line.width = first.widths[index]; });
    Object.assign(figure.layout.yaxis, first.axis);
    charts.draw("timeline", figure, { displayModeBar: "hover", modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]] });
    const plot = charts.plot("timeline");
    plot.removeAllListeners("plotly_relayout");
    plot.on("plotly_relayout", (change) => {
      // double-click lets Plotly choose the range, which would turn the rows upside down
      if (change["yaxis.autorange"]) Plotly.relayout(plot, { "yaxis.range": [...whole] });
      else if ("yaxis.range[0]" in change || "yaxis.range" in change) {
        const { widths, axis } = fitted(figure, plot.layout.yaxis.range);
        const changes = Object.entries(axis).map(([key, value]) => [`yaxis.${key}`, value]);
        Plotly.update(plot, { "line.width": widths }, Object.fromEntries(changes));
      }
    });
  };

  const links = (sample, job) => {
    const made = element("span"), log = cohort.logUrl(job);
    made.append(element("a", "execution", { href: cohort.executionUrl(sample) }));
    if (log) made.append(", ", element("a", "log", { href: log }));
    return made;
  };

  const errors = () => {
    const found = cohort.errorTable(chosen);
    by("errors-none").hidden = found.length > 0;
    by("errors-table").hidden = found.length === 0;
    fill(by("errors-table"), ["error", "samples that ended with it", "jobs that ended with it", "of samples that still succeeded", ""],
      found.map((each) => {
        const show = element("button", "show", { type: "button", "aria-label": `show samples with ${each.error}` });
        show.addEventListener("click", () => { by("error").value = each.error; changed(); by("filters").scrollIntoView(); });
        return [each.error, each.samples, each.jobs, each.recovered, show];
      }));
    const failed = chosen.samples.filter(cohort.hasFailed).slice(0, MOST_ROWS);
    by("failed-samples").hidden = failed.length === 0;
    const heads = ["sample", "error", "job", "exit code", ...(data.console ? ["in the AWS console"] : []), "reason"];
    fill(by("failed-table"), heads, failed.map((sample) => {
      const job = cohort.blamed(sample);
      const code = job?.exitCode ?? null;
      return [sample.name, sample.error ?? sample.status, job?.name ?? "–", code === null ? "–" : String(code),
        ...(data.console ? [links(sample, job)] : []), job?.reason ?? sample.reason ?? "–"];
    }));
  };

  // Where a price is from; the pages of AWS's are links with short names.
  const sourceOf = (price) => {
    const cell = element("span");
    cell.append(...price.source.split(/(https:\S+)/).filter(Boolean).map((part) =>
      part.startsWith("https:") ? element("a", "AWS's prices", { href: part }) : part));
    return cell;
  };

  const cost = () => {
    const found = cohort.costOf(chosen.samples.length, chosen.jobs), many = Math.max(1, chosen.samples.length);
    const line = (price) => {
      const { amount, usd: dollars } = found.lines[price.key];
      const input = element("input", null, { type: "number", min: "0", step: "any", value: cohort.prices[price.key].usd, "aria-label": `USD for one ${price.unit} of ${price.what}` });
      input.addEventListener("change", () => { cohort.prices[price.key].usd = Math.max(0, Number(input.value) || 0); cost(); tiles(); samplesTable(); });
      return [price.what, price.unit, input, amount.toLocaleString("en", { maximumSignificantDigits: 4 }), usd(dollars), usd(dollars / many), sourceOf(price)];
    };
    fill(by("cost-table"), ["what", "unit", "USD a unit", "units", "USD", "USD a sample", "source"],
      [...data.prices.map(line), ["in all", "", "", "", usd(found.total), usd(found.total / many), ""]]);
    by("cost-unknown").textContent = found.unknown ? `${number(found.unknown)} jobs are left out: their vCPUs and memory, or the run times of their children, are not known.` : "";
    charts.draw("costs", figures.costs(chosen));
  };

  const accuracy = () => {
    if (!by("accuracy")) return;
    charts.draw("accuracy", figures.accuracy(chosen));
    if (by("depth")) charts.draw("depth", figures.depth(chosen));
  };

  const sampleCells = (sample) => {
    const of = (wait) => figures.span(sum(cohort.known(sample.jobs.map(cohort.waits[wait].of))));
    return [sample.name, sample.status, figures.span(sample.started), figures.span(took(sample)), of("queue"), of("runnable"), of("running"),
      cohort.retries(sample.jobs) + sample.attempt - 1, usd(cohort.costOf(1, sample.jobs).total), sample.error ?? "–"];
  };

  const samplesTable = () => {
    const rows = [...chosen.samples].sort(orders[by("order").value]);
    const pages = Math.max(1, Math.ceil(rows.length / MOST_ROWS));
    page = Math.min(Math.max(0, page), pages - 1);
    const heads = ["sample", "state", "started after", "took", "ready to submitted", "in Batch until it ran", "ran", "tries beyond the first", "cost", "error"];
    fill(by("samples-table"), heads, rows.slice(page * MOST_ROWS, (page + 1) * MOST_ROWS).map(sampleCells));
    by("page").textContent = `page ${page + 1} of ${number(pages)}`;
    by("earlier").disabled = page === 0;
    by("later").disabled = page === pages - 1;
  };

  const waitsTable = lazy(by("waits-figures"), (table) =>
    fill(table, ["job and wait", "jobs", "shortest", "median", "90 %", "99 %", "longest"], figures.waitTable(chosen)));

  const overTimeTable = lazy(by("over-time-figures"), (table) =>
    fill(table, ["after", "running", "in Batch, not yet running", "ready, not yet submitted"], figures.overTimeTable(chosen)));

  lazy(by("rate-figures"), (table) => {
    const counts = [...cohort.submitBins(cohort.jobs, 60e3)].sort(([a], [b]) => a - b);
    const of429 = new Map();
    for (const [ms, count] of data.throttled?.perPeriod ?? []) of429.set(Math.floor(ms / 60e3), (of429.get(Math.floor(ms / 60e3)) ?? 0) + count);
    const none = !data.throttled ? "not counted" : data.throttled.isWhole ? 0 : "not yet counted";
    fill(table, ["minute", "jobs submitted", "answers with 429"],
      counts.map(([minute, count]) => [String(minute + 1), count, of429.get(minute) ?? none]));
  })();

  const accuracyTable = by("accuracy-figures") && lazy(by("accuracy-figures"), (table) =>
    fill(table, ["minor-allele frequency", "mean r²", "lowest", "median", "highest"], figures.accuracyRows(chosen).map((row) =>
      [row.name, number(row.mean, 3), ...[0, 0.5, 1].map((share) => number(cohort.quantile(row.values, share), 3))])));

  const redraw = () => {
    tiles();
    timeline();
    charts.draw("over-time", figures.overTime(chosen));
    for (const wait of Object.keys(cohort.waits)) charts.draw(`wait-${wait}`, figures.waitBoxes(chosen, wait));
    charts.draw("rate", figures.rate());
    errors();
    cost();
    accuracy();
    samplesTable();
    for (const show of [overTimeTable, waitsTable, accuracyTable]) if (show) show();
    by("chosen").textContent = `${number(chosen.samples.length)} of ${number(cohort.samples.length)} samples, ${number(chosen.jobs.length)} jobs`;
  };

  const changed = () => {
    const values = Object.fromEntries(["text", "status", "error", "job"].map((id) => [id, by(id).value]));
    chosen = cohort.select(values);
    page = 0;
    redraw();
  };

  let waiting = null;
  by("text").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(changed, 200); });
  for (const id of ["status", "error", "job"]) by(id).addEventListener("change", changed);
  by("order").addEventListener("change", () => { timeline(); samplesTable(); });
  by("filters").addEventListener("reset", () => setTimeout(changed));
  by("filters").addEventListener("submit", (event) => event.preventDefault());
  by("earlier").addEventListener("click", () => { page -= 1; samplesTable(); });
  by("later").addEventListener("click", () => { page += 1; samplesTable(); });
  charts.onColours(redraw);
  document.documentElement.dataset.drawn = String(Math.round(performance.now())); // ms; the browser test reads it
})();
