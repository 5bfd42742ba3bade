"""The same work in virtual time, for cohorts that no one machine can emulate.

The project's own: the limiter and its arithmetic (`sluice.rate`), reading a task and naming its jobs
(`sluice.tasks.contract`, `sluice.tasks.submission`), deciding how a task ended (`sluice.tasks.completion`),
when a task is looked at again (`sluice.tasks.reconciliation`), how long a round is (`sluice.pollers.pool`).
Of Local AWS: quotas, their token buckets, the delays of `Retry`, how often `.sync` looks. Of the measured
contenders: their retries and waits.

Modelled: threads of the pollers (a SimPy process each), executions of the contenders (likewise, while they
run), the Activity's queue, Batch as infinitely wide (a job starts when it is accepted and runs for its
length), events that arrive after a fixed delay, fixed durations of all calls, and what AWS bills for.

Not modelled: jobs that fail, events that are lost or doubled, the quota of state transitions (1,500 a second;
it delays and fails nothing), limits of DynamoDB and Lambda, containers' start, other users of the account.
"""
