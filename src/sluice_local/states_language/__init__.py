"""The Amazon States Language: what of a definition Step Functions refuses when a state machine is made; pure.

Sources: https://states-language.net/spec.html,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html,
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html (query languages) and
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
(the codes). Where these differ, what AWS is known to take is taken.
"""
