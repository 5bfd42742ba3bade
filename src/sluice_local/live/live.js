// Asks for /_sluice/live once a second and shows it; rests while nobody looks.
(() => {
  const by = (id) => document.getElementById(id);
  const EVERY_MS = 1000, KEPT = 900;
  const waitingStates = ["SUBMITTED", "PENDING", "RUNNABLE"], runningStates = ["STARTING", "RUNNING"];
  const number = new Intl.NumberFormat("en");
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const of = (counts, states) => sum(states.map((state) => counts[state] ?? 0));
  const history = [];

  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const tile = (value, title, kind) => {
    const made = element("div");
    made.append(element("b", typeof value === "number" ? number.format(value) : value, kind), element("span", title));
    return made;
  };

  const rows = (id, lines) => by(id).tBodies[0].replaceChildren(...lines.map((cells) => {
    const row = element("tr");
    row.append(...cells.map((cell) => element("td", typeof cell === "number" ? number.format(cell) : cell ?? "–")));
    return row;
  }));

  const tiles = ({ jobs, submits, ...now }) => {
    const busiest = Math.max(0, ...submits.acceptedPerSecond);
    by("tiles").replaceChildren(
      tile(now.tasksWaiting, "tasks waiting for a poller"),
      tile(of(jobs, waitingStates), "jobs waiting in Batch"),
      tile(of(jobs, runningStates), "jobs running"),
      tile(jobs.SUCCEEDED ?? 0, "jobs that succeeded"),
      tile(jobs.FAILED ?? 0, "jobs that failed", jobs.FAILED ? "bad" : "good"),
      tile(submits.count - submits.throttled, "jobs submitted"),
      tile(`${busiest} / ${submits.quotaPerSecond ?? "∞"}`, "in the busiest second of five minutes, and the quota"),
      tile(submits.throttled, "answers with HTTP 429 to SubmitJob", submits.throttled ? "bad" : "good"),
      tile(now.pollersRunning, "pollers running"),
      tile(now.pollsOpen, "open polls"),
    );
  };

  const rate = ({ submits }) => {
    const busy = submits.acceptedPerSecond.findIndex((count, index) => count + submits.throttledPerSecond[index] > 0);
    const seconds = submits.acceptedPerSecond.map((_, index) => index - submits.acceptedPerSecond.length);
    const bar = (name, y, color) => ({ type: "bar", name, x: seconds, y, width: 0.9, marker: { color }, hovertemplate: `%{y} ${name}<extra></extra>` });
    const quota = submits.quotaPerSecond === null ? [] : [{
      type: "scatter", mode: "lines", name: `quota: ${submits.quotaPerSecond} a second`, x: [seconds[0], 0],
      y: [submits.quotaPerSecond, submits.quotaPerSecond], line: { color: "$failed", width: 1.5, dash: "dash" }, hoverinfo: "skip",
    }];
    charts.draw("rate", {
      data: [bar("accepted", submits.acceptedPerSecond, "$align"), bar("answered with 429", submits.throttledPerSecond, "$failed"), ...quota],
      layout: {
        height: 260, barmode: "stack", legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
        xaxis: { title: { text: "seconds from now" }, range: [Math.min(-60, busy < 0 ? 0 : seconds[busy] - 3), 0] }, yaxis: { title: { text: "SubmitJob calls a second" }, rangemode: "tozero" },
      },
    });
  };

  const overTime = () => {
    const last = history[history.length - 1].atSecond;
    const x = history.map((now) => now.atSecond - last);
    const area = (name, color, value) => ({
      type: "scatter", mode: "lines", name, x, y: history.map(value), stackgroup: "jobs", fillcolor: color, line: { width: 0, color, shape: "hv" },
      hovertemplate: `%{y} ${name}<extra></extra>`,
    });
    charts.draw("over-time", {
      data: [
        area("running", "$align", (now) => of(now.jobs, runningStates)),
        area("waiting in Batch", "$waiting", (now) => of(now.jobs, waitingStates)),
        area("waiting for a poller", "$soft", (now) => now.tasksWaiting),
      ],
      layout: {
        height: 260, hovermode: "x unified", legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
        xaxis: { title: { text: "seconds from now" }, range: [Math.min(x[0], -60), 0] },
        yaxis: { title: { text: "jobs" }, rangemode: "tozero" },
      },
    });
  };

  // The cohort of a sample that failed, which attempt it was, and what became of a later one.
  const whose = ({ cohort, attempt, later }) =>
    cohort && cohort + (attempt > 1 || later ? `, attempt ${attempt}` : "") + (later ? `; later ${later}` : "");
  const wallOf = ({ wall }) => {
    by("wall").textContent = wall ? `Held back by ${wall.name}. ${wall.wayOut}` : "No quota holds the jobs back.";
  };

  const tablesOf = (now) => {
    const states = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];
    rows("machines", Object.entries(now.executions).map(([machine, counts]) => [machine, ...states.map((state) => counts[state] ?? 0)]));
    rows("errors", Object.entries(now.errors));
    rows("failures", now.failures.map((each) => [each.sample ?? each.name, whose(each), each.error, each.job, each.reason]));
    rows("cohorts", Object.entries(now.cohorts).map(([cohort, counts]) => [cohort, sum(Object.values(counts)), ...states.map((state) => counts[state] ?? 0)]));
    by("some-cohorts").hidden = Object.keys(now.cohorts).length === 0;
    by("no-cohorts").hidden = !by("some-cohorts").hidden;
    by("no-cohorts").textContent = "There are none yet: sluice launch SHEET starts one.";
    by("no-failures").hidden = now.failures.length > 0;
    by("no-failures").textContent = "Nothing did.";
    by("no-failures").className = "good";
    by("some-failures").hidden = now.failures.length === 0;
  };

  const show = () => {
    if (!history.length) return;
    const now = history[history.length - 1];
    wallOf(now);
    tiles(now);
    rate(now);
    overTime();
    tablesOf(now);
  };

  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("/_sluice/live");
      history.push(await answer.json());
      if (history.length > KEPT) history.shift();
      by("state").textContent = `Shown as of ${new Date(history[history.length - 1].atSecond * 1000).toLocaleTimeString("en-GB")}.`;
      by("state").className = "say";
      show();
    } catch {
      by("state").textContent = "Local AWS does not answer; these are the last figures.";
      by("state").className = "bad";
    }
  };

  let pending = null;
  const again = async () => {
    clearTimeout(pending);
    await look();
    clearTimeout(pending);
    pending = document.hidden ? null : setTimeout(again, EVERY_MS);
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) again(); });
  charts.onColours(show);
  again();
})();
