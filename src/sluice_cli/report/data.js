// The cohort as rows, what filters leave of it, and every figure that is computed of that. Times are ms.
const cohort = (() => {
  const data = JSON.parse(document.getElementById("cohort").textContent);
  const named = new Set(["status", "error", "state", "reason", "architecture"]);
  const nameOf = (number) => (number === null ? null : data.names[number]);

  const rows = (columns, nameIsNumber) => {
    const keys = Object.keys(columns);
    return columns[keys[0]].map((_, index) => {
      const row = { index };
      for (const key of keys) {
        const value = columns[key][index];
        row[key] = named.has(key) || (key === "name" && nameIsNumber) ? nameOf(value) : value;
      }
      return row;
    });
  };

  const samples = rows(data.samples, false);
  const jobs = rows(data.jobs, true);
  for (const sample of samples) sample.jobs = [];
  for (const job of jobs) {
    job.sample = samples[job.sample];
    for (const [key, values] of Object.entries(data.ofSomeJobs)) job[key] = values[job.index] ?? null;
    job.sample.jobs.push(job);
  }
  const jobNames = [...new Set(jobs.map((job) => job.name))];
  const prices = Object.fromEntries(data.prices.map((price) => [price.key, { ...price }]));

  const until = (from, to) => (from === null || to === null ? null : Math.max(0, to - from));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const known = (values) => values.filter((value) => value !== null);

  const waits = {
    queue: { title: "from ready to submitted", of: (job) => until(job.ready, job.submitted) },
    runnable: { title: "in Batch until it ran", of: (job) => until(job.runnable, job.started) },
    running: { title: "running", of: (job) => until(job.started, job.stopped) },
  };

  // The smallest value that at least this share of the values does not exceed; the values are sorted.
  const quantile = (sorted, share) =>
    sorted.length ? sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] : null;

  const errorsOf = (sample) => new Set(known([sample.error, ...sample.jobs.map((job) => job.error)]));

  const select = ({ text, status, error, job }) => {
    const wanted = text.trim().toLowerCase();
    const chosen = samples.filter((sample) =>
      (!wanted || sample.name.toLowerCase().includes(wanted)) &&
      (!status || sample.status === status) &&
      (!error || errorsOf(sample).has(error)) &&
      (!job || sample.jobs.some((each) => each.name === job)));
    const ofSamples = chosen.flatMap((sample) => sample.jobs);
    return { samples: chosen, jobs: job ? ofSamples.filter((each) => each.name === job) : ofSamples };
  };

  const retries = (chosen) => sum(chosen.map((job) => Math.max(0, (job.attempts ?? 1) - 1) + job.again));

  const billed = (ms) => Math.max(data.billedSecondsMin, Math.ceil(ms / 1000));

  // For how many seconds a job is billed, with its earlier attempts and its children; null if nobody knows.
  const billedSeconds = (job) => {
    if (job.array) return job.array.billedSeconds ?? (job.stopped === null ? 0 : null);
    const ran = waits.running.of(job);
    return sum((job.earlier ?? []).map(([from, to]) => billed(to - from))) + (ran === null ? 0 : billed(ran));
  };

  // What a job costs; null if it is not known what it could use, or how long it ran.
  const computeCost = (job) => {
    const seconds = billedSeconds(job);
    if (seconds === 0) return 0;
    if (seconds === null || job.vcpus === null || job.memoryMib === null) return null;
    const hours = seconds / 3600;
    const architecture = prices["vcpu" + job.architecture] ? job.architecture : "X86_64";
    const usd = (key) => (prices[key] ? prices[key].usd : 0);
    return {
      vcpu: { key: "vcpu" + architecture, amount: job.vcpus * hours, usd: job.vcpus * hours * usd("vcpu" + architecture) },
      gib: { key: "gib" + architecture, amount: (job.memoryMib / 1024) * hours, usd: (job.memoryMib / 1024) * hours * usd("gib" + architecture) },
    };
  };

  const serviceAmounts = (samplesSeen, jobsSeen) => {
    const tasks = new Set(jobsSeen.map((job) => `${job.sample.index} ${job.state} ${job.taken}`)).size;
    return {
      transitions: (samplesSeen + tasks) / 1000, // the start of each, and each task's state
      writes: (tasks * data.writesPerTask) / 1e6,
      handling: jobsSeen.length / 1e6,
    };
  };

  // Amount and USD by price, and how many jobs could not be priced.
  const costOf = (samplesSeen, jobsSeen) => {
    const lines = Object.fromEntries(Object.keys(prices).map((key) => [key, { amount: 0, usd: 0 }]));
    let unknown = 0;
    for (const job of jobsSeen) {
      const cost = computeCost(job);
      if (cost === null) unknown += 1;
      for (const part of cost ? Object.values(cost) : []) {
        lines[part.key].amount += part.amount;
        lines[part.key].usd += part.usd;
      }
    }
    for (const [key, amount] of Object.entries(serviceAmounts(samplesSeen, jobsSeen))) {
      lines[key] = { amount, usd: amount * prices[key].usd };
    }
    return { lines, unknown, total: sum(Object.values(lines).map((line) => line.usd)) };
  };

  // By named error: samples that ended with it, jobs that did, and how many of those cost their sample nothing.
  const errorTable = (chosen) => {
    const found = new Map();
    const entry = (error) => {
      if (!found.has(error)) found.set(error, { error, samples: 0, jobs: 0, recovered: 0 });
      return found.get(error);
    };
    for (const sample of chosen.samples) if (sample.error) entry(sample.error).samples += 1;
    for (const job of chosen.jobs) {
      if (!job.error) continue;
      entry(job.error).jobs += 1;
      if (job.sample.status === "SUCCEEDED") entry(job.error).recovered += 1;
    }
    return [...found.values()].sort((a, b) => b.samples - a.samples || b.jobs - a.jobs);
  };

  const hasFailed = (sample) => sample.status !== "SUCCEEDED" && sample.status !== "RUNNING";

  // The job to which a failed sample owes its end: of its last attempt, rather none that only fell with others.
  const blamed = (sample) => {
    const failed = sample.jobs.filter((job) => job.error && !job.superseded).reverse();
    const fellWithOthers = new Set(["Job.DependencyFailed", "Job.Terminated"]);
    return failed.find((job) => job.error === sample.error) ?? failed.find((job) => !fellWithOthers.has(job.error)) ?? failed[0] ?? null;
  };

  // Where AWS's console shows an execution, and a job's log; null on Local AWS.
  const executionUrl = (sample) =>
    data.console && `${data.console.executions}${data.console.executionArns}${data.cohort}.${sample.attempt}.${sample.name}`;
  const encoded = (text) => encodeURIComponent(encodeURIComponent(text)).replace(/%/g, "$");
  const logUrl = (job) => data.console && job?.log && `${data.console.logs}${encoded(job.log[0])}/log-events/${encoded(job.log[1])}`;

  const submitBins = (chosen, binMs) => {
    const counts = new Map();
    for (const job of chosen) {
      if (job.submitted === null) continue;
      const bin = Math.floor(job.submitted / binMs);
      counts.set(bin, (counts.get(bin) ?? 0) + 1);
    }
    return counts;
  };

  const endMs = Math.max(...jobs.map((job) => job.stopped ?? job.submitted ?? 0), ...samples.map((s) => s.stopped ?? 0), 1000);
  const running = samples.some((sample) => sample.stopped === null);

  return {
    data, samples, jobs, jobNames, prices, waits, endMs: running ? Math.max(endMs, data.seenMs) : endMs,
    blamed, executionUrl, logUrl, hasFailed, select, quantile, known, sum, retries, costOf, errorTable, submitBins, errorsOf,
  };
})();
