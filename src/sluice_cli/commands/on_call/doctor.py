"""`sluice doctor`."""

from dataclasses import asdict

import typer
from rich.console import Console

from sluice_cli.aws.ports import Session, Target
from sluice_cli.doctor.checks import run_checks
from sluice_cli.doctor.finding import Finding, Level
from sluice_cli.terminal.options import DEFAULT_STACK, JsonOption, ProfileOption, RegionOption, StackOption
from sluice_cli.terminal.output import print_json, say, screen

_MARKS = {
    Level.OK: ("ok     ", "green"),
    Level.WARNING: ("warning", "yellow"),
    Level.WRONG: ("wrong  ", "bold red"),
}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(doctor)


def doctor(
    context: typer.Context,
    *,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Say what is wrong with the stack, and how to fix it.

    It checks credentials, the clock, the stack, pollers and what wakes them, the
    reconciler, submissions that Batch answers with errors, dead-letter queues,
    rules and schedules, functions, alarms, job queues, compute environments, job
    definitions and images. It also checks what holds tasks back now: open tasks,
    the SubmitJob rate, tables that throttle, jobs that wait for capacity, arrays
    on Fargate. It changes nothing. What it may not read is reported as a warning.
    The exit code is 1 if something is wrong.

    \b
    Examples:
      sluice doctor
      sluice doctor --stack sluice-test --region eu-west-1
      sluice doctor --json | jq '.findings[] | select(.level != "ok")'
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    findings: list[Finding] = []
    console = screen()
    for finding in run_checks(session.connect(Target(stack, profile, region)), stack, session.now_ms()):
        findings.append(finding)
        if not as_json:
            show(console, finding)
    bad = sum(each.level is Level.WRONG for each in findings)
    if as_json:
        print_json({"stack": stack, "wrong": bad, "findings": [_document(each) for each in findings]})
    else:
        say(console, f"\n{_summary(findings)}", "bold")
    if bad:
        raise typer.Exit(1)


def show(console: Console, finding: Finding) -> None:
    """Prints a finding and, below it, the way out."""
    mark, style = _MARKS[finding.level]
    console.print(f"[{style}]{mark}[/] [cyan]{finding.check}[/]:", end=" ")
    say(console, finding.says)
    if finding.way_out:
        say(console, f"        {finding.way_out}", "dim")


def _document(finding: Finding) -> dict[str, str]:
    values = asdict(finding)
    return {**{name: str(values[name]) for name in ("check", "level", "says")}, "wayOut": finding.way_out}


def _summary(findings: list[Finding]) -> str:
    counts = {level: sum(each.level is level for each in findings) for level in Level}
    if not counts[Level.WRONG] and not counts[Level.WARNING]:
        return f"All {len(findings)} checks are fine."
    return f"{counts[Level.WRONG]} wrong, {counts[Level.WARNING]} warnings, {counts[Level.OK]} fine."
