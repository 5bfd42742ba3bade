# Jobs that need no other, each submitted in a slot of the rate that Sluice's stacks share.
# The plan holds the length of each: {"seconds": {"s0000": {"align": 1.5, …}, …}}.

# as docs/deploying.md has it
if workflow.is_main_process:
    import subprocess

    import boto3

    reserve = subprocess.Popen(
        ["sluice", "reserve", "--on-request"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


    def await_slot(**_):
        reserve.stdin.write(b"\n")
        reserve.stdin.flush()
        if not reserve.stdout.readline():
            raise RuntimeError("sluice reserve has ended; it said why")


    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register("before-sign.batch.SubmitJob", await_slot)


rule all:
    input:
        expand("{sample}/align", sample=config["seconds"]),


rule align:
    output:
        "{sample}/align",
    params:
        seconds=lambda wildcards: config["seconds"][wildcards.sample]["align"],
    shell:
        "sleep {params.seconds} && touch {output}"
